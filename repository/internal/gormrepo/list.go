package gormrepo

import (
	"context"
	"fmt"

	"gorm.io/gorm"

	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/repository"
)

// ListKeys implements repository.Repository. A list is read in one of two ways: the
// keys that its narrowest filter finds by an index are sorted, or keys are read in
// the order of the list, by another index, until the page is full.
func (r keyStore) ListKeys(ctx context.Context, filter repository.KeyFilter, page repository.Page) (repository.KeyPage, error) {
	position, err := page.Position()
	if err != nil {
		return repository.KeyPage{}, err
	}
	if err := known(filter); err != nil {
		return repository.KeyPage{Rows: []repository.KeyUsage{}}, nil //nolint:nilerr // no key has an unknown status
	}
	var rows []repository.KeyUsage
	err = r.read(ctx, r.backend.Read, func(db *gorm.DB) error {
		userID, found, err := r.resolveUser(db, filter.UserID, filter.Username, filter.Email)
		rows = []repository.KeyUsage{}
		if err != nil || !found {
			return err
		}
		ofUser := filter
		ofUser.UserID = userID
		list := keyList{r.database, db, ofUser, page, position, newKeyOrder(page, position)}
		rows, err = list.read()
		return err
	})
	if err != nil {
		return repository.KeyPage{}, wrap("listing usage", err)
	}
	if len(rows) <= page.Limit {
		return repository.KeyPage{Rows: rows}, nil
	}
	rows = rows[:page.Limit]
	return repository.KeyPage{Rows: rows, Next: page.NextCursor(rows[page.Limit-1])}, nil
}

// known is an error for a status that no key has.
func known(filter repository.KeyFilter) error {
	for _, status := range filter.States() {
		if _, ok := toStored(status); !ok {
			return fmt.Errorf("%q is no status", status)
		}
	}
	return nil
}

// keyList is one page of keys that is being read.
type keyList struct {
	*database
	db       *gorm.DB
	filter   repository.KeyFilter
	page     repository.Page
	position repository.Position
	order    keyOrder
}

// read returns one row more than the page holds, if there are so many.
func (l *keyList) read() ([]repository.KeyUsage, error) {
	if l.filter.KeyID != "" {
		return l.rowsAmong(l.db.Table("ginauth_usage").Select("key_id").Where("key_id = ?", l.filter.KeyID))
	}
	if len(l.order.statuses(l.filter)) == 0 {
		return []repository.KeyUsage{}, nil
	}
	for _, n := range l.budget.steps(l.page.Limit+1, l.isFiltered()) {
		rows, full, err := l.readAtMost(n)
		if err != nil || full {
			return rows, err
		}
	}
	return nil, repository.ErrTooBroad
}

// readAtMost reads n keys: those that the narrowest filter finds, if they are as few,
// else the first ones in the order of the list. It reports whether the page is full, or
// the list at its end.
func (l *keyList) readAtMost(n int) (rows []repository.KeyUsage, full bool, err error) {
	narrowest, err := narrow(l.database, l.db, l.sources(), n)
	if err != nil {
		return nil, false, err
	}
	if narrowest.rows <= n {
		rows, err = l.rowsAmong(narrowest.ids(l.db))
		return rows, true, err
	}
	ids := l.order.first(l.db, l.filter, n).Select("key_id")
	if rows, err = l.rowsAmong(ids); err != nil || len(rows) > l.page.Limit {
		return rows, true, err
	}
	read, err := count(l.database, l.db, ids)
	return rows, read < n, err
}

// isFiltered reports whether keys that are read in the order of the list may not be
// in it.
func (l *keyList) isFiltered() bool {
	return len(l.sources()) > 0 || len(l.filter.States()) > 0
}

// ofOwner are the columns of a key's user that are read with the key.
const ofOwner = "u.username, u.disabled_date, u.access_until, u.version AS user_version"

// rowsAmong returns the rows of the list that are among the given keys. It sorts ids
// before it reads whole rows.
func (l *keyList) rowsAmong(ids *gorm.DB) ([]repository.KeyUsage, error) {
	ofKey, err := columns(l.db, "k", &models.APIKey{})
	if err != nil {
		return nil, err
	}
	ofUsage, err := columns(l.db, "g", &models.Usage{})
	if err != nil {
		return nil, err
	}
	found := withRecords(l.db.Table("(?) AS d", ids)).Select("d.key_id, " + l.order.value + " AS sort_value").Where("COALESCE(g.key_id, '') <> ''")
	found = l.order.beyond(filtered(found, l.filter), l.order.value, "d.key_id")
	found = found.Order(l.order.by("sort_value", "d.key_id")).Limit(l.page.Limit + 1)
	query := withRecords(l.db.Table("(?) AS d", found)).Select(ofKey + ", " + ofUsage + ", u.email, " + ofOwner + ", d.sort_value")
	return ask[repository.KeyUsage](l.database, l.db, query, "key_id", l.order.by("q.sort_value", "q.key_id"))
}

// withRecords joins what is stored of the keys of d.
func withRecords(query *gorm.DB) *gorm.DB {
	return query.Joins("LEFT JOIN ginauth_usage AS g ON g.key_id = d.key_id").
		Joins("LEFT JOIN ginauth_keys AS k ON k.id = d.key_id").
		Joins("LEFT JOIN ginauth_users AS u ON u.id = k.user_id")
}
