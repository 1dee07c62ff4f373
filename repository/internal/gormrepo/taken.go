package gormrepo

import (
	"context"
	"errors"
	"fmt"

	"gorm.io/gorm"

	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/repository"
)

// attemptsToStore bounds how often a change is made again because a value that
// was taken is free by the time that one looks which it was.
const attemptsToStore = 5

// errTaken says in a transaction that a unique value is taken. The value
// is looked up afterwards: servers name it only in their messages, which are in
// their own language.
var errTaken = errors.New("a value that must be unique is taken")

// uniqueValue is one that no other row of a table has. Field is its name in a
// ConflictError; the row with the id except may have it.
type uniqueValue struct {
	field, table, column string
	value                any
	except               string
}

// uniqueOfKey are a key's unique values. Its id was ever taken if usage has it.
func uniqueOfKey(key models.APIKey) []uniqueValue {
	return []uniqueValue{
		{field: "id", table: "ginauth_usage", column: "key_id", value: key.ID},
		{field: "id", table: "ginauth_keys", column: "id", value: key.ID},
		{field: "hash", table: "ginauth_keys", column: "hash", value: key.Hash},
	}
}

// uniqueOfUser are a user's unique values.
func uniqueOfUser(user models.User) []uniqueValue {
	return []uniqueValue{
		{field: "id", table: "ginauth_users", column: "id", value: user.ID},
		{field: "username", table: "ginauth_users", column: "canonical_username", value: user.CanonicalUsername},
		emailOfUser(user, ""),
	}
}

func emailOfUser(user models.User, except string) uniqueValue {
	return uniqueValue{field: "email", table: "ginauth_users", column: "canonical_email", value: user.CanonicalEmail, except: except}
}

// store makes a change that stores unique values, and tells by a ConflictError
// which of them is taken. If none is by the time that it looks, it begins anew.
func (r *database) store(ctx context.Context, values []uniqueValue, change func() error) error {
	for attempt := 1; ; attempt++ {
		err := change()
		if !errors.Is(err, errTaken) {
			return err
		}
		field, failed := r.takenField(ctx, values)
		switch {
		case failed != nil:
			return fmt.Errorf("finding out which value is taken: %w", failed)
		case field != "":
			return fmt.Errorf("storing: %w", &repository.ConflictError{Field: field})
		case attempt == attemptsToStore:
			return err
		}
	}
}

// takenField returns the field of the first value that a row has, "" if none is
// taken. It looks where changes are made, outside of a transaction.
func (r *database) takenField(ctx context.Context, values []uniqueValue) (field string, err error) {
	for _, v := range values {
		var rows []struct{}
		err := r.read(ctx, r.backend.Write, func(db *gorm.DB) (err error) {
			query := db.Table(v.table).Select(v.column).Where(v.column+" = ?", v.value)
			if v.except != "" {
				query = query.Where("id <> ?", v.except)
			}
			rows, err = ask[struct{}](r, db, query, v.column, "")
			return err
		})
		if err != nil || len(rows) > 0 {
			return v.field, err
		}
	}
	return "", nil
}

// wrapInsert is wrap for what may meet a taken value. The driver's error is left
// out then, since it holds the value.
func (r *database) wrapInsert(doing string, err error) error {
	if !r.backend.IsUniqueViolation(err) {
		return wrap(doing, err)
	}
	return fmt.Errorf("%s: %w", doing, errTaken)
}
