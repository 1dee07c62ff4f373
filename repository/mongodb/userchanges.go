package mongodb

import (
	"context"
	"errors"
	"fmt"

	"go.mongodb.org/mongo-driver/v2/mongo"

	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/repository"
)

// UpdateUser implements repository.Repository.
func (r userStore) UpdateUser(ctx context.Context, by repository.Attribution, u models.User, update repository.UserUpdate) (models.User, error) {
	ctx = withoutDeadline(ctx)
	change := newPending(by)
	changed, err := r.changeUser(ctx, by, u.ID, func(stored user) (user, error) {
		kept, err := stored.without(update, by.At)
		if err != nil {
			return stored, err
		}
		if stored.Version != u.Version {
			return stored, fmt.Errorf("changing a user: %w", repository.ErrOutdated)
		}
		next := kept.changedTo(u, change)
		if update.RevokeKeys {
			next = next.revokingKeys(by)
		}
		return next, nil
	})
	if err != nil {
		return models.User{}, err
	}
	return changed.model(), nil
}

// DeleteUser implements repository.Repository. The document loses what is known
// of the user at once, and goes when their keys know.
func (r userStore) DeleteUser(ctx context.Context, by repository.Attribution, id string, options repository.DeleteUserOptions) error {
	ctx = withoutDeadline(ctx)
	change := newPending(by)
	_, err := r.changeUser(ctx, by, id, func(stored user) (user, error) {
		next := stored.deleted(change)
		if !options.DetachKeys || stored.DisabledDate != 0 {
			next = next.revokingKeys(by)
		}
		return next, nil
	})
	return err
}

// changeUser makes one change to a user and returns them as they are then.
func (r userStore) changeUser(ctx context.Context, by repository.Attribution, id string, alter func(user) (user, error)) (next user, err error) {
	err = r.serialized(ctx, by, func() error {
		if next, err = r.alterUser(ctx, id, alter); err != nil {
			return err
		}
		return r.finish(ctx, func(ctx context.Context) error { return r.flushPendingUser(ctx, next) })
	})
	return next, err
}

// alterUser brings a change of a user into force: it reads them, lets alter say
// what they are to be, and stores that if they are still as they were read;
// else it begins again.
func (r userStore) alterUser(ctx context.Context, id string, alter func(user) (user, error)) (user, error) {
	for {
		stored, err := r.flushedUser(ctx, id)
		if err != nil {
			return user{}, wrap(ctx, "finding a user", err)
		}
		next, err := alter(stored)
		if err != nil {
			return user{}, err
		}
		if changed, err := r.replaceUser(ctx, stored, next); err != nil || changed {
			return next, err
		}
	}
}

// flushedUser reads a user when all that happened to them is logged, their
// creation included, which is logged with their first key.
func (r reconciler) flushedUser(ctx context.Context, id string) (user, error) {
	for {
		var found user
		err := r.users.FindOne(ctx, byID(id)).Decode(&found)
		if err != nil {
			return user{}, err
		}
		if found.Pending == nil {
			return found, r.flushFirstKey(ctx, found)
		}
		if err := r.flushPendingUser(ctx, found); err != nil {
			return user{}, err
		}
	}
}

func (r reconciler) flushFirstKey(ctx context.Context, u user) error {
	rec, _, err := r.owners.readKey(ctx, byID(u.FirstKey))
	if err == nil && rec.awaitsUser() {
		return r.flushPending(ctx, rec)
	}
	if errors.Is(err, mongo.ErrNoDocuments) {
		return nil
	}
	return err
}

// replaceUser makes the change of a user if they are still as they were read.
// If the server refuses that, it looks whether their new address is taken, since
// servers do not agree on how to say so. Should the other be gone by then, it
// tries again.
func (r userStore) replaceUser(ctx context.Context, stored, next user) (changed bool, err error) {
	for attempt := 1; ; attempt++ {
		if err := ctx.Err(); err != nil {
			return false, wrap(ctx, "changing a user", err)
		}
		changed, err := r.replaceOne(ctx, stored, next)
		if err == nil || !wasRefused(err) {
			return changed, wrapWrite(ctx, "changing a user", err)
		}
		taken, failed := isThere(ctx, r.users, and(field("canonical_email", next.CanonicalEmail), byID(field("$ne", next.ID))))
		if failed != nil {
			return false, wrap(ctx, "changing a user", failed)
		}
		if taken {
			return false, fmt.Errorf("changing a user: %w", &repository.ConflictError{Field: "email"})
		}
		if !mongo.IsDuplicateKeyError(err) || attempt == mostAttempts || pause(ctx, attempt) != nil {
			return false, wrap(ctx, "changing a user", err)
		}
	}
}

// replaceOne updates a user's document, and replaces that of a deleted user: of
// those nothing may stay, whatever it is.
func (r userStore) replaceOne(ctx context.Context, stored, next user) (changed bool, err error) {
	longer, cancel := outliving(ctx)
	defer cancel()
	unchanged := and(byID(stored.ID), field("version", field("$not", field("$gt", stored.Version)))) // earlier schemas have none
	var result *mongo.UpdateResult
	if next.Deleted {
		result, err = r.users.ReplaceOne(longer, unchanged, next)
	} else {
		result, err = r.users.UpdateOne(longer, and(unchanged, stored.sameTokens()), stored.update(next))
	}
	if err != nil {
		return false, err
	}
	return result.MatchedCount > 0, nil
}
