package mongodb

import (
	"context"
	"errors"
	"fmt"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/repository"
)

// serialized runs a change of this process after those before it. fn wraps its own
// errors.
func (r reconciler) serialized(ctx context.Context, by repository.Attribution, fn func() error) error {
	if by.At.IsZero() {
		return errors.New("the attribution has no time")
	}
	select {
	case r.serial <- struct{}{}:
		defer func() { <-r.serial }()
	case <-ctx.Done():
		return wrap(ctx, "waiting for other changes", ctx.Err())
	}
	if err := ctx.Err(); err != nil {
		return wrap(ctx, "beginning a change", err)
	}
	if r.mayHavePending {
		if err := r.flushAllPending(ctx); err != nil {
			return wrap(ctx, "finishing the change log", err)
		}
	}
	err := fn()
	r.mayHavePending = errors.Is(err, repository.ErrOutcomeUnknown)
	return err
}

// flushAllPending finishes the changes whose entries are not yet in the log, of any
// process: one that died, or one that is about to finish them itself.
func (r reconciler) flushAllPending(ctx context.Context) error {
	var keys []record
	if err := pendingIn(ctx, r.keys, &keys); err != nil {
		return err
	}
	for _, rec := range keys {
		if err := r.flushPending(ctx, rec); err != nil {
			return err
		}
	}
	var users []user
	if err := pendingIn(ctx, r.users, &users); err != nil {
		return err
	}
	for _, u := range users {
		if err := r.flushPendingUser(ctx, u); err != nil {
			return err
		}
	}
	return nil
}

func pendingIn(ctx context.Context, collection checked, documents any) error {
	cursor, err := collection.Find(ctx, field("pending.id", field("$gt", "")), options.Find().SetSort(byID(1)).SetProjection(withoutFlushes()))
	if err != nil {
		return err
	}
	return cursor.All(ctx, documents)
}

// flushPending appends the entries of a record's pending change, unless the change
// has no effect because of its user. Any number of processes may do so at once.
func (r reconciler) flushPending(ctx context.Context, rec record) error {
	if rec.awaitsUser() || rec.awaitsBatch() || rec.isUndecided() {
		_, _, err := r.owners.findKey(ctx, byID(rec.ID))
		if errors.Is(err, mongo.ErrNoDocuments) {
			return nil
		}
		if err != nil {
			return err
		}
	}
	for _, entry := range rec.entries() {
		if err := r.entries.appendEntry(ctx, entry); err != nil {
			return err
		}
	}
	return removeMarker(ctx, r.keys, rec.ID, rec.Pending)
}

// flushPendingUser propagates a user's pending change to the keys and appends its
// entry. Any number of processes may do so, however late: finished steps stay.
func (r reconciler) flushPendingUser(ctx context.Context, u user) error {
	if err := r.owners.propagate(ctx, u, bson.D{}); err != nil {
		return err
	}
	if err := r.entries.appendEntry(ctx, u.entry()); err != nil {
		return err
	}
	if u.Deleted {
		_, err := r.users.DeleteOne(ctx, marked(u.ID, u.Pending))
		return err
	}
	return removeMarker(ctx, r.users, u.ID, u.Pending)
}

func removeMarker(ctx context.Context, collection checked, id string, change *pending) error {
	_, err := collection.UpdateOne(ctx, marked(id, change), field("$unset", field("pending", "")))
	return err
}

// marked is met by a document that carries the change.
func marked(id string, change *pending) bson.D {
	return bson.D{{Key: "_id", Value: id}, {Key: "pending.id", Value: change.ID}}
}

// entries returns what a record's change appends to the log, without numbers.
func (r record) entries() []change {
	entry := change{ID: r.Pending.ID, Object: string(models.ObjectKey), ObjectID: r.ID, Actor: r.Pending.Actor, Date: r.Pending.Date}
	if !r.awaitsUser() {
		return []change{entry}
	}
	first := entry
	first.ID, first.Object, first.ObjectID = r.Pending.UserEntry, string(models.ObjectUser), r.Key.UserID
	return []change{first, entry}
}

// appendEntry gives an entry the number after the last, once: the number and
// the entry's id are both unique. Since a number is taken by the very insert
// that fills it, and only once the one before is there, the log has no gap at
// any time, whoever dies.
func (r entries) appendEntry(ctx context.Context, entry change) error {
	for attempt := 1; ; attempt++ {
		number, err := r.nextNumber(ctx)
		if err != nil {
			return err
		}
		entry.Number = number
		_, err = r.changes.InsertOne(ctx, entry)
		if err == nil {
			return r.raiseFloor(ctx, number)
		}
		if !mongo.IsDuplicateKeyError(err) {
			return err
		}
		if logged, err := isThere(ctx, r.changes, field("id", entry.ID)); err != nil || logged {
			return err
		}
		if err := pause(ctx, attempt); err != nil {
			return err
		}
	}
}

func isThere(ctx context.Context, collection checked, filter bson.D) (bool, error) {
	err := collection.FindOne(ctx, filter, options.FindOne().SetProjection(field("_id", 1))).Err()
	if errors.Is(err, mongo.ErrNoDocuments) {
		return false, nil
	}
	return err == nil, err
}

// lastChange returns the newest entry, the zero one while there is none.
func (r entries) lastChange(ctx context.Context) (change, error) {
	var last change
	err := r.changes.FindOne(ctx, bson.D{}, options.FindOne().SetSort(byID(-1))).Decode(&last)
	if errors.Is(err, mongo.ErrNoDocuments) {
		return change{}, nil
	}
	return last, err
}

// LatestChange implements repository.Repository.
func (r changeLog) LatestChange(ctx context.Context) (repository.Cursor, error) {
	ctx = withoutDeadline(ctx)
	if err := r.primary.confirm(ctx, 0); err != nil {
		return repository.Cursor{}, wrap(ctx, "asking whether the server may write", err)
	}
	last, err := r.entries.lastChange(ctx)
	if err != nil {
		return repository.Cursor{}, wrap(ctx, "reading the change log", err)
	}
	return repository.NewCursor(last.model()), nil
}

// Changes implements repository.Repository. It first logs what others left
// pending, so that what it returns includes every change that was in force
// when it was called, even if the process that made it is dead.
//
// It reads the entry at the cursor too: that it is still there, the same, and
// followed without a gap tells at once that the log was neither cut nor
// exchanged.
func (r changeLog) Changes(ctx context.Context, after repository.Cursor, limit int) ([]models.Change, error) {
	if limit < 1 {
		return nil, fmt.Errorf("%d entries cannot be read", limit)
	}
	ctx = withoutDeadline(ctx)
	if err := r.primary.confirm(ctx, 0); err != nil {
		return nil, wrap(ctx, "asking whether the server may write", err)
	}
	if err := r.flushAllPending(ctx); err != nil {
		return nil, wrap(ctx, "finishing the change log", err)
	}
	entries, err := r.entries.entriesFrom(ctx, after.Number, int64(limit)+1)
	if err != nil {
		return nil, wrap(ctx, "reading the change log", err)
	}
	if after == (repository.Cursor{}) {
		entries = append([]models.Change{{}}, entries...)
	}
	if !continues(entries, after) {
		return nil, fmt.Errorf("reading the change log: %w", repository.ErrChangesLost)
	}
	return entries[1:min(len(entries), limit+1)], nil
}

func (r entries) entriesFrom(ctx context.Context, number, limit int64) ([]models.Change, error) {
	cursor, err := r.changes.Find(ctx, byID(field("$gte", number)), options.Find().SetSort(byID(1)).SetLimit(limit))
	if err != nil {
		return nil, err
	}
	return entriesIn(ctx, cursor)
}

func entriesIn(ctx context.Context, cursor *mongo.Cursor) ([]models.Change, error) {
	var found []change
	if err := cursor.All(ctx, &found); err != nil {
		return nil, err
	}
	entries := make([]models.Change, len(found))
	for i, entry := range found {
		entries[i] = entry.model()
	}
	return entries, nil
}

// continues reports whether the entries begin with the one at the cursor and
// have no gap.
func continues(entries []models.Change, at repository.Cursor) bool {
	if len(entries) == 0 || repository.NewCursor(entries[0]) != at {
		return false
	}
	for i, entry := range entries {
		if entry.Number != at.Number+int64(i) {
			return false
		}
	}
	return true
}
