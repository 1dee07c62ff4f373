package users

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/ginauth/ginauth/internal/audit"
	"github.com/ginauth/ginauth/internal/ids"
	"github.com/ginauth/ginauth/internal/store"
	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/problem"
	"github.com/ginauth/ginauth/repository"
	"github.com/ginauth/ginauth/security"
)

// maxChanges bounds how often a change of a user is tried while others change
// the same user.
const maxChanges = 10

// directory finds and changes users.
type directory struct {
	repo  repository.Repository
	clock func() time.Time
}

// now is the time in UTC and whole milliseconds, as it is stored.
func (d directory) now() time.Time { return d.clock().UTC().Truncate(time.Millisecond) }

// act says who makes a change, and when.
func (d directory) attribution(ctx context.Context) repository.Attribution {
	return audit.ActorFrom(ctx).Attribution(d.now())
}

// byID reads a user.
func (d directory) byID(ctx context.Context, id string) (models.User, error) {
	ctx, cancel := store.Context(ctx)
	defer cancel()
	user, err := d.repo.UserByID(ctx, id)
	return user, userProblem(err)
}

// byLogin finds the user whom a login names: by address if it has an @, which no
// username has, else by username.
func (d directory) byLogin(ctx context.Context, login string) (models.User, error) {
	name, err := canonicalLogin(login)
	if err != nil {
		return models.User{}, userNotFound()
	}
	find := d.repo.UserByUsername
	if strings.Contains(name, "@") {
		find = d.repo.UserByEmail
	}
	ctx, cancel := store.Context(ctx)
	defer cancel()
	user, err := find(ctx, name)
	return user, userProblem(err)
}

func canonicalLogin(login string) (string, error) {
	if strings.Contains(login, "@") {
		return security.CanonicalEmail(login)
	}
	return security.CanonicalUsername(login)
}

// resolve returns the id of the user who is meant.
func (d directory) resolve(ctx context.Context, ref Ref) (id string, err error) {
	if fields := ref.check(); len(fields) > 0 {
		return "", problem.InvalidFields(fields...)
	}
	if ref.ID != "" {
		return ids.Canonical(ref.ID), nil
	}
	user, err := d.byLogin(ctx, ref.Username+ref.Email)
	return user.ID, err
}

// change is how a user is changed; what it refuses is not stored.
type change func(user *models.User, now time.Time) (repository.UserUpdate, error)

// update reads a user, has them changed and stores that, again if another change
// came first. An error of the change is final.
func (d directory) update(ctx context.Context, by repository.Attribution, id string, change change) (models.User, error) {
	ctx, cancel := store.Context(ctx)
	defer cancel()
	for range maxChanges {
		user, err := d.repo.UserByID(ctx, id)
		if err != nil {
			return models.User{}, userProblem(err)
		}
		update, err := change(&user, by.At)
		if err != nil {
			return models.User{}, userProblem(err)
		}
		user, err = d.repo.UpdateUser(ctx, by, user, update)
		if !errors.Is(err, repository.ErrOutdated) {
			return user, userProblem(err)
		}
	}
	return models.User{}, userProblem(repository.ErrOutdated)
}

// updateRef changes the user who is meant. A user who was authenticated is left
// alone if their password was changed since, or if they were disabled.
func (d directory) updateRef(ctx context.Context, ref Ref, change change) (id string, changed models.User, err error) {
	id, err = d.resolve(ctx, ref)
	if err != nil {
		return id, models.User{}, err
	}
	changed, err = d.update(ctx, d.attribution(ctx), id, func(user *models.User, now time.Time) (repository.UserUpdate, error) {
		if ref.isOutdated(*user) {
			return repository.UserUpdate{}, repository.ErrOutdated
		}
		return change(user, now)
	})
	return id, changed, err
}

// userProblem turns an error of the repository into a problem.
func userProblem(err error) error { return store.Problem(err, userNotFound()) }

func userNotFound() *problem.Error {
	return problem.NotFound("user_not_found", "There is no such user.")
}

func isNotFound(err error) bool {
	return errors.Is(err, repository.ErrNotFound) || problem.Is(err, "user_not_found")
}
