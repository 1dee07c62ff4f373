package users

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/ginauth/ginauth/internal/audit"
	"github.com/ginauth/ginauth/internal/store"
	"github.com/ginauth/ginauth/keys"
	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/problem"
	"github.com/ginauth/ginauth/repository"
)

// Account is a user as they see themselves.
type Account struct {
	models.User
	// PendingEmail is the address that waits for its confirmation; empty if there
	// is none.
	PendingEmail string
}

// Get returns the user who is meant. It fails with the problem user_not_found.
func (s *Service) Get(ctx context.Context, ref Ref) (account Account, err error) {
	defer func() { s.records.Shown(ctx, "user.show", account.ID, nil, 1, err) }()
	id, err := s.resolve(ctx, ref)
	if err != nil {
		return account, err
	}
	user, err := s.byID(ctx, id)
	if err != nil {
		return account, err
	}
	return s.account(ctx, user)
}

// Owner returns the user of a key that a guard has let through. It fails with the
// problems user_not_found and user_disabled, and is recorded nowhere.
func (s *Service) Owner(ctx context.Context, userID string) (models.User, error) {
	user, err := s.byID(ctx, userID)
	if err == nil && user.IsDisabled() {
		return models.User{}, problem.Forbidden("user_disabled", "The user is disabled.")
	}
	return user, err
}

func (d directory) account(ctx context.Context, user models.User) (Account, error) {
	ctx, cancel := store.Context(ctx)
	defer cancel()
	tokens, err := d.repo.TokensByUser(ctx, user.ID)
	return Account{user, pendingEmail(user, tokens, d.now())}, userProblem(err)
}

// List returns one page of users, the newest first unless the page says
// otherwise, keys.DefaultLimit of them.
func (s *Service) List(ctx context.Context, filter repository.UserFilter, page repository.Page) (list repository.UserPage, err error) {
	defer func() { s.records.Shown(ctx, "user.list", "", filterNames(filter), len(list.Rows), err) }()
	page.Sort, page.Limit = repository.SortID, cmp.Or(page.Limit, keys.DefaultLimit)
	if page.Limit < 1 || page.Limit > repository.MaxLimit {
		return list, problem.InvalidFields(problem.NewField("limit", "parameter_invalid", "This must be a number from 1 to 1000."))
	}
	ctx, cancel := store.Context(ctx)
	defer cancel()
	list, err = s.repo.ListUsers(ctx, filter, page)
	if errors.Is(err, repository.ErrTooBroad) {
		return list, problem.Invalid("filter_too_broad", fmt.Sprintf("More than %d rows would have to be read. Send a longer prefix, or the whole name or address.", repository.RowBudget)).WithCause(err)
	}
	return list, userProblem(err)
}

// All returns all users whom the filter lets through, in the order of their ids.
// It reads a page at a time and ends at the first error.
func (s *Service) All(ctx context.Context, filter repository.UserFilter) iter.Seq2[models.User, error] {
	return func(yield func(models.User, error) bool) {
		page := repository.Page{Ascending: true, Limit: repository.MaxLimit}
		for {
			list, err := s.List(ctx, filter, page)
			if err != nil {
				yield(models.User{}, err)
				return
			}
			for _, user := range list.Rows {
				if !yield(user, nil) {
					return
				}
			}
			if page.Cursor = list.Next; page.Cursor == "" {
				return
			}
		}
	}
}

// filterNames names what a filter asks for, in the words of the calls.
func filterNames(f repository.UserFilter) []string {
	return audit.Names(map[string]bool{
		"id": f.ID != "", "username": f.Username != "", "email": f.Email != "", "disabled": f.Disabled != nil, "confirmed": f.Confirmed != nil,
		"username_prefix": f.UsernamePrefix != "", "email_prefix": f.EmailPrefix != "",
	})
}

// Disable refuses a user and all their keys until they are enabled. Disabling
// again changes nothing: the first date stays.
func (s *Service) Disable(ctx context.Context, ref Ref) (models.User, error) {
	return s.set(ctx, "user.disable", ref, func(user *models.User, now time.Time) {
		if !user.IsDisabled() {
			user.DisabledDate = now
		}
	})
}

// Enable lets a user in again, and their keys as far as they are neither revoked
// nor expired.
func (s *Service) Enable(ctx context.Context, ref Ref) (models.User, error) {
	return s.set(ctx, "user.enable", ref, func(user *models.User, _ time.Time) { user.DisabledDate = time.Time{} })
}

// SetAccessUntil ends what a user's keys open: none of them, old or new, is valid
// from the date on, whatever its own. The zero time lifts the end.
func (s *Service) SetAccessUntil(ctx context.Context, ref Ref, date time.Time) (models.User, error) {
	if !date.IsZero() && (!keys.IsWritable(date) || date.Year() < 1970) { // the store knows no others
		err := problem.InvalidFields(append(ref.check(), problem.NewField("access_until", "access_until_invalid", keys.DateForms+", from 1970 on, or null."))...)
		s.records.Call(ctx, "user.update", "", err)
		return models.User{}, err
	}
	return s.set(ctx, "user.update", ref, func(user *models.User, _ time.Time) {
		user.AccessUntil = date.UTC().Truncate(time.Millisecond)
	})
}

// set changes the user who is meant, and records it.
func (s *Service) set(ctx context.Context, action string, ref Ref, change func(user *models.User, now time.Time)) (user models.User, err error) {
	id := ""
	defer func() { s.records.Call(ctx, action, id, err) }()
	id, user, err = s.updateRef(ctx, ref, func(user *models.User, now time.Time) (repository.UserUpdate, error) {
		change(user, now)
		return repository.UserUpdate{}, nil
	})
	return user, err
}

// DeleteParams says what becomes of a deleted user's keys.
type DeleteParams struct {
	// DetachKeys leaves them in force without an owner, unless the user is
	// disabled. Else they are revoked.
	DetachKeys bool
}

// Delete removes a user for good: name, address, password and tokens are erased.
// The usage of their keys stays under the ids.
func (s *Service) Delete(ctx context.Context, ref Ref, p DeleteParams) (err error) {
	id := ""
	defer func() { s.records.Call(ctx, "user.delete", id, err) }()
	if id, err = s.resolve(ctx, ref); err != nil {
		return err
	}
	if err := s.remove(ctx, id, p); err != nil {
		return userProblem(err)
	}
	s.mails.drop(id)
	return nil
}

func (d directory) remove(ctx context.Context, id string, p DeleteParams) error {
	ctx, cancel := store.Context(ctx)
	defer cancel()
	return d.repo.DeleteUser(ctx, d.attribution(ctx), id, repository.DeleteUserOptions{DetachKeys: p.DetachKeys})
}
