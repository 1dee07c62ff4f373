package memory

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/repository"
)

// CreateUser implements repository.Users.
func (s userStore) CreateUser(ctx context.Context, by repository.Attribution, user models.User, key models.APIKey) error {
	return s.change(ctx, by, func() error {
		if err := s.requireFreeUser(user); err != nil {
			return err
		}
		if err := s.requireFreeKey(key); err != nil {
			return err
		}
		user.Version = 1
		s.putUser(user)
		s.insertKey(by, key)
		return nil
	}, object{models.ObjectUser, user.ID}, object{models.ObjectKey, key.ID})
}

// requireFreeUser checks the values of a new user that must be unique.
func (s userStore) requireFreeUser(user models.User) error {
	if _, taken := s.users[user.ID]; taken {
		return &repository.ConflictError{Field: "id"}
	}
	if s.isTaken(func(u models.User) bool { return u.CanonicalUsername == user.CanonicalUsername }) {
		return &repository.ConflictError{Field: "username"}
	}
	return s.requireFreeEmail(user)
}

func (s userStore) requireFreeEmail(user models.User) error {
	if s.isTaken(func(u models.User) bool { return u.CanonicalEmail == user.CanonicalEmail && u.ID != user.ID }) {
		return &repository.ConflictError{Field: "email"}
	}
	return nil
}

func (s userStore) isTaken(is func(models.User) bool) bool {
	_, taken := s.first(is)
	return taken
}

// first returns a user for whom is holds.
func (s userStore) first(is func(models.User) bool) (models.User, bool) {
	for _, user := range s.users {
		if is(user) {
			return user, true
		}
	}
	return models.User{}, false
}

func (s userStore) putUser(user models.User) {
	for _, date := range []*time.Time{
		&user.CreationDate, &user.ChangeDate, &user.DisabledDate, &user.ConfirmationDate, &user.MailFailureDate, &user.AccessUntil,
	} {
		*date = stored(*date)
	}
	s.users[user.ID] = user
}

// UserByID implements repository.Users.
func (s userStore) UserByID(ctx context.Context, id string) (models.User, error) {
	return s.find(ctx, func(u models.User) bool { return u.ID == id })
}

// UserByUsername implements repository.Users.
func (s userStore) UserByUsername(ctx context.Context, canonical string) (models.User, error) {
	return s.find(ctx, func(u models.User) bool { return u.CanonicalUsername == canonical })
}

// UserByEmail implements repository.Users.
func (s userStore) UserByEmail(ctx context.Context, canonical string) (models.User, error) {
	return s.find(ctx, func(u models.User) bool { return u.CanonicalEmail == canonical })
}

func (s userStore) find(ctx context.Context, is func(models.User) bool) (user models.User, err error) {
	err = s.read(ctx, func() error {
		var ok bool
		if user, ok = s.first(is); !ok {
			return errNoUser
		}
		return nil
	})
	return user, err
}

var errNoUser = fmt.Errorf("finding a user: %w", repository.ErrNotFound)

// UpdateUser implements repository.Users.
func (s userStore) UpdateUser(ctx context.Context, by repository.Attribution, user models.User, update repository.UserUpdate) (updated models.User, err error) {
	err = s.change(ctx, by, func() error {
		before, ok := s.users[user.ID]
		switch {
		case !ok:
			return errNoUser
		case update.UseToken != nil && !s.mayUse(user.ID, update.UseToken, by.At):
			return repository.ErrTokenUsed
		case before.Version != user.Version:
			return repository.ErrOutdated
		}
		if err := s.requireFreeEmail(user); err != nil {
			return err
		}
		s.removeTokens(user.ID, func(t models.Token) bool {
			return slices.Contains(update.VoidTokens, t.Purpose) || update.UseToken != nil && slices.Equal(t.Hash, update.UseToken)
		})
		if update.RevokeKeys {
			s.revokeKeys(user.ID, by.At)
		}
		s.putUser(merged(before, user))
		updated = s.users[user.ID]
		return nil
	}, object{models.ObjectUser, user.ID})
	return updated, err
}

// merged returns the next version of a user, with the fields that can change.
func merged(before, user models.User) models.User {
	if user.CanonicalEmail != before.CanonicalEmail {
		before.MailFailureDate = time.Time{}
	}
	before.Email, before.CanonicalEmail, before.PasswordHash = user.Email, user.CanonicalEmail, user.PasswordHash
	before.ChangeDate, before.DisabledDate = user.ChangeDate, user.DisabledDate
	before.ConfirmationDate, before.AccessUntil = user.ConfirmationDate, user.AccessUntil
	before.Version++
	return before
}

func (s userStore) revokeKeys(userID string, at time.Time) {
	for _, key := range s.keys {
		if key.UserID == userID && !key.IsRevoked() {
			key.RevocationDate = stored(at)
			s.replaceKey(key)
		}
	}
}

// RehashPassword implements repository.Users.
func (s userStore) RehashPassword(ctx context.Context, userID, old, hash string) error {
	return s.write(ctx, func() error {
		user, ok := s.users[userID]
		switch {
		case !ok:
			return errNoUser
		case user.PasswordHash != old:
			return repository.ErrOutdated
		}
		user.PasswordHash = hash
		s.users[userID] = user
		return nil
	})
}

// NoteMailFailure implements repository.Users.
func (s userStore) NoteMailFailure(ctx context.Context, userID string, date time.Time) error {
	return s.write(ctx, func() error {
		if user, ok := s.users[userID]; ok && user.MailFailureDate.IsZero() != date.IsZero() {
			user.MailFailureDate = date
			s.putUser(user)
		}
		return nil
	})
}

// DeleteUser implements repository.Users.
func (s userStore) DeleteUser(ctx context.Context, by repository.Attribution, id string, options repository.DeleteUserOptions) error {
	return s.change(ctx, by, func() error {
		user, ok := s.users[id]
		if !ok {
			return errNoUser
		}
		if !options.DetachKeys || user.IsDisabled() {
			s.revokeKeys(id, by.At)
		}
		for _, key := range s.keys {
			if key.UserID == id {
				key.UserID = ""
				s.replaceKey(key)
			}
		}
		delete(s.users, id)
		delete(s.tokens, id)
		return nil
	}, object{models.ObjectUser, id})
}
