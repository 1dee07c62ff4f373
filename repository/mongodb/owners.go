package mongodb

import (
	"context"
	"errors"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// findKey reads a key and then its owner, in that order: what the owner says is
// in force, and a first key that is stored before its user is told by the user.
// A key that lags behind its owner is brought up to them before it is shown to
// anybody, so that no other change of the key passes over the owner's.
func (r owners) findKey(ctx context.Context, filter bson.D) (record, user, error) {
	for missed := false; ; {
		rec, owner, err := r.readKey(ctx, filter)
		if err != nil {
			return record{}, user{}, err
		}
		switch {
		case !rec.isThere(owner):
			return record{}, user{}, mongo.ErrNoDocuments
		case rec.awaitsBatch():
			err = r.admitBatch(ctx, rec)
		case rec.lagsBehind(owner):
			err = r.reconcile(ctx, rec, owner)
		case rec.isOrphan(owner) && !missed:
			missed = true // the owner went after the key was read, and the key was told before
		default:
			return rec, owner, nil
		}
		if err != nil {
			return record{}, user{}, err
		}
	}
}

// readKey reads a record and then the user of its key, the zero user if there
// is none.
func (r owners) readKey(ctx context.Context, filter bson.D) (record, user, error) {
	var rec record
	err := r.keys.FindOne(ctx, filter, options.FindOne().SetProjection(withoutFlushes())).Decode(&rec)
	if err != nil {
		return record{}, user{}, err
	}
	owner, err := r.owner(ctx, rec)
	if err != nil && !errors.Is(err, mongo.ErrNoDocuments) {
		return record{}, user{}, err
	}
	return rec, owner, nil
}

// owner reads the user of a record's key; the zero user if it has none.
func (r owners) owner(ctx context.Context, rec record) (user, error) {
	if rec.Key == nil || rec.Key.UserID == "" {
		return user{}, nil
	}
	var owner user
	err := r.users.FindOne(ctx, byID(rec.Key.UserID)).Decode(&owner)
	return owner, err
}

// lagsBehind reports whether a key is not yet what its owner has made of it.
// Their dates are read with them; that they differ matters to lists only.
func (r record) lagsBehind(owner user) bool {
	return r.isUndecided() || r.awaitsBatch() || owner.Deleted || r.Key.UserVersion < owner.Revocation.Version
}

// isOrphan reports whether a key names an owner who is not there.
func (r record) isOrphan(owner user) bool { return r.Key.UserID != "" && owner.ID == "" }

func (r owners) reconcile(ctx context.Context, rec record, owner user) error {
	if rec.isUndecided() {
		return r.decide(ctx, rec, owner)
	}
	return r.propagate(ctx, owner, byID(rec.ID))
}

// decide decides whether a key that is stored comes into force, by its owner as
// they are read after it: then they were the same when it was stored. The
// first decision holds for all, since either outcome takes the question away.
func (r owners) decide(ctx context.Context, rec record, owner user) error {
	undecided := and(marked(rec.ID, rec.Pending), field("pending.if_version", exists(true)))
	admitted := owner.admits(*rec.Pending.IfVersion)
	if admitted {
		room, err := r.hasRoom(ctx, rec, owner)
		if err != nil {
			return err
		}
		admitted = room
	}
	if !admitted {
		_, err := r.keys.DeleteOne(ctx, undecided)
		return err
	}
	if rec.Key.UserVersion < owner.Version { // it was stored after they had told their keys
		if err := r.propagate(ctx, owner, byID(rec.ID)); err != nil {
			return err
		}
	}
	_, err := r.keys.UpdateOne(ctx, undecided, field("$unset", field("pending.if_version", "")))
	return err
}

// propagate brings those of a user's keys that meet the condition to the user's
// version. A key never follows a version twice: what came after, a
// reactivation or a new key, stands however late this is repeated.
func (r owners) propagate(ctx context.Context, owner user, condition bson.D) error {
	keys := and(condition, field("key.user_id", owner.ID))
	if owner.Deleted {
		return r.detach(ctx, owner, keys)
	}
	followed := bson.D{
		{Key: "key.user_version", Value: owner.Version},
		{Key: "key.disabled_date", Value: owner.DisabledDate}, {Key: "key.access_until", Value: owner.AccessUntil},
	}
	if err := r.revokeAll(ctx, and(keys, olderThan(owner.Revocation.Version)), owner.Revocation, followed); err != nil {
		return err
	}
	behind := and(keys, olderThan(owner.Version))
	if _, err := r.keys.UpdateMany(ctx, behind, field("$set", followed)); err != nil {
		return err
	}
	return r.moveInLists(ctx, keys)
}

// moveInLists brings the places of keys in lists up to date. A key that changes
// meanwhile takes its place itself.
func (r owners) moveInLists(ctx context.Context, keys bson.D) error {
	cursor, err := r.keys.Find(ctx, and(keys, field("key.version", field("$gt", int64(0)))), options.Find().SetProjection(withoutFlushes()))
	if err != nil {
		return err
	}
	var found []record
	if err := cursor.All(ctx, &found); err != nil {
		return err
	}
	moves := []mongo.WriteModel{}
	for _, rec := range found {
		if place := rec.Key.listed(); place != rec.List {
			unchanged := bson.D{
				{Key: "_id", Value: rec.ID}, {Key: "key.expiration_date", Value: rec.Key.ExpirationDate}, {Key: "key.user_version", Value: rec.Key.UserVersion},
			}
			moves = append(moves, mongo.NewUpdateManyModel().SetFilter(unchanged).SetUpdate(field("$set", field("list", place))))
		}
	}
	if len(moves) == 0 {
		return nil
	}
	_, err = r.keys.BulkWrite(ctx, moves, options.BulkWrite().SetOrdered(false))
	return err
}

// olderThan is met by keys of a lower version of their user, or of none.
func olderThan(version int64) bson.D {
	return field("key.user_version", field("$not", field("$gte", version)))
}

// revokeAll revokes those of the keys that are not, if there was a revocation,
// and makes the settings with it.
func (r owners) revokeAll(ctx context.Context, keys bson.D, revocation revocation, settings bson.D) error {
	if revocation.Version == 0 {
		return nil
	}
	settings = and(settings, field("key.revocation_date", revocation.Date))
	_, err := r.keys.UpdateMany(ctx, and(keys, field("key.revocation_date", int64(0))), asNextVersion(settings))
	return err
}

func asNextVersion(settings bson.D) bson.D {
	return bson.D{{Key: "$set", Value: settings}, {Key: "$inc", Value: field("key.version", int64(1))}}
}

// detach takes the owner, who is deleted, from the keys. A key that is still
// undecided has nobody to admit it then.
func (r owners) detach(ctx context.Context, owner user, keys bson.D) error {
	free := bson.D{
		{Key: "key.user_id", Value: ""}, {Key: "key.user_version", Value: int64(0)},
		{Key: "key.disabled_date", Value: int64(0)}, {Key: "key.access_until", Value: int64(0)},
	}
	ids, err := idsIn(ctx, r.keys, keys)
	if err != nil {
		return err
	}
	if err := r.revokeAll(ctx, keys, owner.Revocation, free); err != nil {
		return err
	}
	if _, err := r.keys.UpdateMany(ctx, keys, asNextVersion(free)); err != nil || len(ids) == 0 {
		return err
	}
	return r.moveInLists(ctx, byID(field("$in", ids)))
}

// idsIn returns the ids of documents.
func idsIn(ctx context.Context, collection checked, filter bson.D) (bson.A, error) {
	cursor, err := collection.Find(ctx, filter, options.Find().SetProjection(field("_id", 1)))
	if err != nil {
		return nil, err
	}
	var found []record
	err = cursor.All(ctx, &found)
	ids := bson.A{}
	for _, rec := range found {
		ids = append(ids, rec.ID)
	}
	return ids, err
}
