package mongodb

import (
	"context"
	"fmt"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/ginauth/ginauth/repository"
)

// A key that is stored and undecided counts for the keys that come after it. So
// of several that are stored at the same time, the last one counts all others,
// and a user never has more keys than they may. It costs that of several for
// the last place none may come into force; those are tried again.

// hasRoom reports whether a user may have an undecided key beside the others.
func (r owners) hasRoom(ctx context.Context, rec record, owner user) (bool, error) {
	if rec.Pending.MaxKeys == 0 {
		return true, nil
	}
	others := and(owner.validKeys(), byID(field("$ne", rec.ID)))
	n, err := r.keys.CountDocuments(ctx, others, options.Count().SetLimit(int64(rec.Pending.MaxKeys)))
	return n < int64(rec.Pending.MaxKeys), err
}

// requireRoom returns ErrTooManyKeys if as many keys of the user as they may
// have are in force.
func (r owners) requireRoom(ctx context.Context, owner user, maxKeys int) error {
	if maxKeys == 0 {
		return nil
	}
	inForce := and(owner.validKeys(), field("pending.if_version", exists(false)))
	n, err := r.keys.CountDocuments(ctx, inForce, options.Count().SetLimit(int64(maxKeys)))
	if err == nil && n >= int64(maxKeys) {
		return fmt.Errorf("creating a key: %w", repository.ErrTooManyKeys)
	}
	return wrap(ctx, "creating a key", err)
}

// validKeys is met by the user's keys that are not revoked, by the user neither.
func (u user) validKeys() bson.D {
	keys := bson.D{{Key: "key.user_id", Value: u.ID}, {Key: "key.revocation_date", Value: int64(0)}}
	if u.Revocation.Version == 0 {
		return keys
	}
	return and(keys, field("key.user_version", field("$gte", u.Revocation.Version)))
}
