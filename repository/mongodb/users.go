package mongodb

import (
	"context"
	"errors"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"

	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/repository"
)

// CreateUser implements repository.Repository. The key is stored first, and is
// there for nobody; storing the user is the one step that brings both into
// force. A process that dies in between leaves an id and a hash taken, both random
// and unknown to all; the same call, repeated, takes them over.
func (r userStore) CreateUser(ctx context.Context, by repository.Attribution, user models.User, key models.APIKey) error {
	ctx = withoutDeadline(ctx)
	user.Version, key.Version = 1, 1
	owner := userFrom(user)
	owner.FirstKey = key.ID
	rec := newFirstKey(key, owner, newPending(by))
	return r.serialized(ctx, by, func() error {
		if err := r.reserveKey(ctx, rec); err != nil {
			return err
		}
		if err := r.insertUser(ctx, owner); err != nil {
			return r.withdraw(ctx, rec, err)
		}
		return r.log(ctx, rec)
	})
}

// reserveKey stores a first key whose user is still to come, or takes over what
// an earlier attempt left.
func (r userStore) reserveKey(ctx context.Context, rec record) error {
	err := r.insertRecord(ctx, rec)
	if !errors.Is(err, repository.ErrConflict) {
		return err
	}
	if _, missing := r.owners.owner(ctx, rec); !errors.Is(missing, mongo.ErrNoDocuments) {
		return errors.Join(err, wrap(ctx, "finding a user", missing))
	}
	own := bson.D{
		{Key: "_id", Value: rec.ID}, {Key: "hash", Value: rec.Hash},
		{Key: "key.user_id", Value: rec.Key.UserID}, {Key: "pending.user_entry", Value: field("$gt", "")},
	}
	result, failed := r.keys.UpdateOne(ctx, own, field("$set", bson.D{{Key: "key", Value: rec.Key}, {Key: "list", Value: rec.List}, {Key: "pending", Value: rec.Pending}}))
	if failed != nil {
		return wrap(ctx, "creating a key", failed)
	}
	if result.MatchedCount == 0 {
		return err
	}
	return nil
}

func (r userStore) insertUser(ctx context.Context, u user) error {
	return insert(ctx, "creating a user", r.users, u, []uniqueValue{
		{"username", field("canonical_username", u.CanonicalUsername)},
		{"email", field("canonical_email", u.CanonicalEmail)},
		{"id", byID(u.ID)},
	})
}

// withdraw removes a first key whose user was refused since a value is taken:
// that is final, for any other attempt at the same creation too, unless it is
// such an attempt that took the value. After any other failure the user may
// still come, and the key, which until then is there for nobody, has to stay.
func (r userStore) withdraw(ctx context.Context, rec record, refused error) error {
	if !errors.Is(refused, repository.ErrConflict) {
		return refused
	}
	longer, cancel := outliving(ctx)
	defer cancel()
	if _, _, err := r.owners.findKey(longer, byID(rec.ID)); !errors.Is(err, mongo.ErrNoDocuments) {
		return refused // it is there, or that cannot be told
	}
	_, _ = r.keys.DeleteOne(longer, marked(rec.ID, rec.Pending))
	return refused
}

// UserByID implements repository.Repository.
func (r userStore) UserByID(ctx context.Context, id string) (models.User, error) {
	return r.findUser(ctx, byID(id))
}

// UserByUsername implements repository.Repository.
func (r userStore) UserByUsername(ctx context.Context, canonical string) (models.User, error) {
	return r.findUser(ctx, field("canonical_username", canonical))
}

// UserByEmail implements repository.Repository.
func (r userStore) UserByEmail(ctx context.Context, canonical string) (models.User, error) {
	return r.findUser(ctx, field("canonical_email", canonical))
}

func (r userStore) findUser(ctx context.Context, filter bson.D) (models.User, error) {
	ctx = withoutDeadline(ctx)
	var found user
	err := r.users.FindOne(ctx, and(filter, notDeleted())).Decode(&found)
	if err != nil {
		return models.User{}, wrap(ctx, "finding a user", err)
	}
	return found.model(), nil
}

func notDeleted() bson.D { return field("deleted", exists(false)) }
