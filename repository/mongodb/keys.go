package mongodb

import (
	"context"
	"errors"
	"fmt"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"

	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/repository"
)

// CreateKey implements repository.Repository. A user's key is stored first and
// decided upon then, so that the user cannot change unnoticed in between.
func (r keyStore) CreateKey(ctx context.Context, by repository.Attribution, key models.APIKey, options repository.CreateKeyOptions) error {
	ctx = withoutDeadline(ctx)
	key.Version = 1
	return r.serialized(ctx, by, func() error {
		for attempt := 1; ; attempt++ {
			rec := newRecord(key, newPending(by))
			if err := r.prepare(ctx, &rec, key.UserVersion, max(0, options.MaxKeys)); err != nil {
				return err
			}
			if err := r.insertRecord(ctx, rec); err != nil {
				return err
			}
			if issued, err := r.issue(ctx, rec); err != nil || issued {
				return err
			}
			if err := pause(ctx, attempt); err != nil {
				return wrap(ctx, "creating a key", err)
			}
		}
	})
}

// prepare lets a new key follow its user, if it has one who may have it.
func (r keyStore) prepare(ctx context.Context, rec *record, version int64, maxKeys int) error {
	if rec.Key.UserID == "" {
		return nil
	}
	owner, err := r.admitting(ctx, rec.Key.UserID, version)
	if err != nil {
		return err
	}
	if err := r.owners.requireRoom(ctx, owner, maxKeys); err != nil {
		return err
	}
	rec.follow(owner)
	rec.Pending.IfVersion, rec.Pending.MaxKeys = &version, maxKeys
	return nil
}

// admitting returns a user to whom a key may be issued that was asked for when
// they had the given version.
func (r keyStore) admitting(ctx context.Context, id string, version int64) (user, error) {
	var owner user
	if err := r.users.FindOne(ctx, and(byID(id), notDeleted())).Decode(&owner); err != nil {
		return user{}, wrap(ctx, "finding the key's user", err)
	}
	if !owner.admits(version) {
		return user{}, fmt.Errorf("creating a key for a user: %w", repository.ErrOutdated)
	}
	return owner, nil
}

// insertRecord stores a record, whose id was never taken.
func (r reconciler) insertRecord(ctx context.Context, rec record) error {
	return insert(ctx, "creating a key", r.keys, rec, []uniqueValue{
		{"id", byID(rec.ID)}, {"hash", field("hash", rec.Hash)},
	})
}

// issue brings a stored key into force if its user still admits it, and logs it.
// It is not issued, without an error, if others that are undecided or were
// withdrawn since took its place.
func (r keyStore) issue(ctx context.Context, rec record) (issued bool, err error) {
	if !rec.isUndecided() {
		return true, r.log(ctx, rec)
	}
	var refusal error
	err = r.finish(ctx, func(ctx context.Context) error {
		_, _, err := r.owners.findKey(ctx, byID(rec.ID))
		issued = err == nil
		if !errors.Is(err, mongo.ErrNoDocuments) {
			return err
		}
		_, refusal = r.admitting(ctx, rec.Key.UserID, *rec.Pending.IfVersion)
		return nil
	})
	if err != nil || refusal != nil || !issued {
		return false, errors.Join(err, refusal)
	}
	rec.Pending.IfVersion, rec.Pending.MaxKeys = nil, 0
	return true, r.log(ctx, rec)
}

// log finishes a change of a key that is in force.
func (r reconciler) log(ctx context.Context, rec record) error {
	return r.finish(ctx, func(ctx context.Context) error { return r.flushPending(ctx, rec) })
}

// finish takes the steps that are left of a change that is in force. If that
// fails, the next change or the next reader of the log takes them, and the
// caller is told to repeat.
func (r reconciler) finish(ctx context.Context, flush func(context.Context) error) error {
	longer, cancel := outliving(ctx)
	defer cancel()
	if err := flush(longer); err != nil {
		return fmt.Errorf("%w: %w", repository.ErrOutcomeUnknown, wrap(ctx, "finishing a change", err))
	}
	return nil
}

// errNoOwner says that nobody can tell whether a key's user was disabled or
// deleted, which only damage to the database brings about.
var errNoOwner = errors.New("finding a key: its user is missing; restore ginauth_users and ginauth_keys from the same backup, or delete the key")

// KeyByHash implements repository.Repository.
func (r keyStore) KeyByHash(ctx context.Context, hash []byte) (models.APIKey, error) {
	ctx = withoutDeadline(ctx)
	rec, owner, err := r.owners.findKey(ctx, field("hash", toBinary(hash)))
	if err != nil {
		return models.APIKey{}, wrap(ctx, "finding a key", err)
	}
	if rec.isOrphan(owner) {
		return models.APIKey{}, errNoOwner
	}
	return rec.model(owner), nil
}

// RenewKey implements repository.Repository.
func (r keyStore) RenewKey(ctx context.Context, by repository.Attribution, id string, renewal repository.Renewal) (models.APIKey, bool, error) {
	ctx = withoutDeadline(ctx)
	var wasRevoked bool
	key, err := r.edit(ctx, by, id, func(k *key) error {
		wasRevoked = k.RevocationDate != 0
		if k.ExpirationFixed && renewal.ByOwner {
			return repository.ErrExpirationFixed
		}
		if wasRevoked && !renewal.Reactivate {
			return repository.ErrRevoked
		}
		k.ExpirationDate, k.ExpirationFixed, k.RevocationDate = millis(renewal.Expiration), renewal.Fixed, 0
		return nil
	})
	if err != nil {
		return models.APIKey{}, false, err
	}
	return key, wasRevoked, nil
}

// errUnchanged ends a change that turned out to be none.
var errUnchanged = errors.New("unchanged")

// RevokeKey implements repository.Repository.
func (r keyStore) RevokeKey(ctx context.Context, by repository.Attribution, id string) (models.APIKey, error) {
	ctx = withoutDeadline(ctx)
	key, err := r.edit(ctx, by, id, func(k *key) error {
		if k.RevocationDate != 0 {
			return errUnchanged
		}
		k.RevocationDate = millis(by.At)
		return nil
	})
	if err != nil && !errors.Is(err, errUnchanged) {
		return models.APIKey{}, err
	}
	return key, nil
}

// DeleteKey implements repository.Repository.
func (r keyStore) DeleteKey(ctx context.Context, by repository.Attribution, id string) error {
	ctx = withoutDeadline(ctx)
	change := newPending(by)
	return r.serialized(ctx, by, func() error {
		rec, _, err := r.replace(ctx, id, func(*key) (bson.D, error) {
			return bson.D{
				{Key: "$unset", Value: field("key", "")},
				{Key: "$set", Value: bson.D{{Key: "hash", Value: id}, {Key: "list", Value: deletedFromLists()}, {Key: "pending", Value: change}}},
			}, nil
		})
		if err != nil {
			return err
		}
		rec.Pending = change
		return r.log(ctx, rec)
	})
}

// edit makes one change to a key and returns the key as it is then; as it was
// beside an error of alter.
func (r keyStore) edit(ctx context.Context, by repository.Attribution, id string, alter func(*key) error) (models.APIKey, error) {
	var edited models.APIKey
	change := newPending(by)
	err := r.serialized(ctx, by, func() error {
		rec, owner, err := r.replace(ctx, id, func(k *key) (bson.D, error) {
			if err := alter(k); err != nil {
				return nil, err
			}
			k.Version++
			return k.update(change), nil
		})
		edited = rec.model(owner)
		if err != nil {
			return err
		}
		rec.Pending = change
		return r.log(ctx, rec)
	})
	return edited, err
}

// update writes what a change of a key may change, and not what the key follows
// its owner in.
func (k *key) update(change *pending) bson.D {
	return field("$set", bson.D{
		{Key: "key.expiration_date", Value: k.ExpirationDate}, {Key: "key.revocation_date", Value: k.RevocationDate},
		{Key: "key.expiration_fixed", Value: k.ExpirationFixed}, {Key: "key.version", Value: k.Version}, {Key: "list", Value: k.listed()},
		{Key: "pending", Value: change},
	})
}

// replace reads a key, lets alter change the copy and say the update, and
// makes that if the key is still as it was read; else it begins again. It
// returns the record with the copy.
func (r keyStore) replace(ctx context.Context, id string, alter func(*key) (bson.D, error)) (record, user, error) {
	for {
		rec, owner, err := r.owners.findKey(ctx, byID(id))
		if err == nil && rec.Pending != nil {
			err = r.flushPending(ctx, rec)
		}
		if err != nil {
			return record{}, user{}, wrap(ctx, "finding a key", err)
		}
		unchanged := bson.D{{Key: "_id", Value: id}, {Key: "key.version", Value: rec.Key.Version}, {Key: "pending", Value: exists(false)}}
		update, err := alter(rec.Key)
		if err != nil {
			return rec, owner, err
		}
		if changed, err := r.changeKey(ctx, unchanged, update); err != nil || changed {
			return rec, owner, err
		}
	}
}

// changeKey makes an update of a key if the key meets the condition.
func (r keyStore) changeKey(ctx context.Context, condition, update bson.D) (changed bool, err error) {
	if err := ctx.Err(); err != nil {
		return false, wrap(ctx, "changing a key", err)
	}
	longer, cancel := outliving(ctx)
	defer cancel()
	result, err := r.keys.UpdateOne(longer, condition, update)
	if err != nil {
		return false, wrapWrite(ctx, "changing a key", err)
	}
	return result.MatchedCount > 0, nil
}
