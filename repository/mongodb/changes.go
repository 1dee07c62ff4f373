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

// inLine runs a change of this process when those before it are through. fn
// wraps its own errors.
func (r *Repository) inLine(ctx context.Context, act repository.Act, fn func() error) error {
	if act.Date.IsZero() {
		return errors.New("the act has no date")
	}
	select {
	case r.line <- struct{}{}:
		defer func() { <-r.line }()
	case <-ctx.Done():
		return wrap(ctx, "waiting for other changes", ctx.Err())
	}
	if err := ctx.Err(); err != nil {
		return wrap(ctx, "beginning a change", err)
	}
	if r.untidy {
		if err := r.settleAll(ctx); err != nil {
			return wrap(ctx, "finishing the change log", err)
		}
	}
	err := fn()
	r.untidy = errors.Is(err, repository.ErrOutcomeUnknown)
	return err
}

// settleAll finishes the changes that were made and not yet logged, whosever
// they are: of a process that died, or that is just about to do so itself.
func (r *Repository) settleAll(ctx context.Context) error {
	var keys []record
	if err := unloggedIn(ctx, r.keys, &keys); err != nil {
		return err
	}
	for _, rec := range keys {
		if err := r.settle(ctx, rec); err != nil {
			return err
		}
	}
	var users []user
	if err := unloggedIn(ctx, r.users, &users); err != nil {
		return err
	}
	for _, u := range users {
		if err := r.settleUser(ctx, u); err != nil {
			return err
		}
	}
	return nil
}

func unloggedIn(ctx context.Context, collection checked, documents any) error {
	cursor, err := collection.Find(ctx, field("unlogged.id", field("$gt", "")), options.Find().SetProjection(withoutFlushes()))
	if err != nil {
		return err
	}
	return cursor.All(ctx, documents)
}

// settle logs a record's change, unless it is of no effect, since a user is
// missing or not what they have to be. Any number of processes may settle the
// same change.
func (r *Repository) settle(ctx context.Context, rec record) error {
	if rec.awaitsUser() || rec.isUndecided() {
		_, _, err := r.findKey(ctx, byID(rec.ID))
		if errors.Is(err, mongo.ErrNoDocuments) {
			return nil
		}
		if err != nil {
			return err
		}
	}
	for _, entry := range rec.entries() {
		if err := r.appendEntry(ctx, entry); err != nil {
			return err
		}
	}
	return removeMarker(ctx, r.keys, rec.ID, rec.Unlogged)
}

// settleUser carries a user's change over to the keys and logs it. Any number
// of processes may do so, and however late: what is done already stays.
func (r *Repository) settleUser(ctx context.Context, u user) error {
	if err := r.carryOver(ctx, u, bson.D{}); err != nil {
		return err
	}
	if err := r.appendEntry(ctx, u.entry()); err != nil {
		return err
	}
	if u.Deleted {
		_, err := r.users.DeleteOne(ctx, marked(u.ID, u.Unlogged))
		return err
	}
	return removeMarker(ctx, r.users, u.ID, u.Unlogged)
}

func removeMarker(ctx context.Context, collection checked, id string, change *unlogged) error {
	_, err := collection.UpdateOne(ctx, marked(id, change), field("$unset", field("unlogged", "")))
	return err
}

// marked is met by a document that carries the change.
func marked(id string, change *unlogged) bson.D {
	return bson.D{{Key: "_id", Value: id}, {Key: "unlogged.id", Value: change.ID}}
}

// entries returns what a record's change appends to the log, without numbers.
func (r record) entries() []change {
	entry := change{ID: r.Unlogged.ID, Object: string(models.ObjectKey), ObjectID: r.ID, Actor: r.Unlogged.Actor, Date: r.Unlogged.Date}
	if !r.awaitsUser() {
		return []change{entry}
	}
	first := entry
	first.ID, first.Object, first.ObjectID = r.Unlogged.UserEntry, string(models.ObjectUser), r.Key.UserID
	return []change{first, entry}
}

// appendEntry gives an entry the number after the last, once: the number and
// the entry's id are both unique. Since a number is taken by the very insert
// that fills it, and only once the one before is there, the log has no gap at
// any time, whoever dies.
func (r *Repository) appendEntry(ctx context.Context, entry change) error {
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
func (r *Repository) lastChange(ctx context.Context) (change, error) {
	var last change
	err := r.changes.FindOne(ctx, bson.D{}, options.FindOne().SetSort(byID(-1))).Decode(&last)
	if errors.Is(err, mongo.ErrNoDocuments) {
		return change{}, nil
	}
	return last, err
}

// LatestChange implements repository.Repository.
func (r *Repository) LatestChange(ctx context.Context) (repository.Cursor, error) {
	ctx = withoutDate(ctx)
	if err := r.primary.confirm(ctx, 0); err != nil {
		return repository.Cursor{}, wrap(ctx, "asking whether the server may write", err)
	}
	last, err := r.lastChange(ctx)
	if err != nil {
		return repository.Cursor{}, wrap(ctx, "reading the change log", err)
	}
	return repository.CursorOf(last.model()), nil
}

// Changes implements repository.Repository. It first logs what others left
// unlogged, so that what it returns includes every change that was in force
// when it was called, even if the process that made it is dead.
//
// It reads the entry at the cursor too: that it is still there, the same, and
// followed without a gap tells at once that the log was neither cut nor
// exchanged.
func (r *Repository) Changes(ctx context.Context, after repository.Cursor, limit int) ([]models.Change, error) {
	if limit < 1 {
		return nil, fmt.Errorf("%d entries cannot be read", limit)
	}
	ctx = withoutDate(ctx)
	if err := r.primary.confirm(ctx, 0); err != nil {
		return nil, wrap(ctx, "asking whether the server may write", err)
	}
	if err := r.settleAll(ctx); err != nil {
		return nil, wrap(ctx, "finishing the change log", err)
	}
	entries, err := r.entriesFrom(ctx, after.Number, int64(limit)+1)
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

func (r *Repository) entriesFrom(ctx context.Context, number, limit int64) ([]models.Change, error) {
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
	if len(entries) == 0 || repository.CursorOf(entries[0]) != at {
		return false
	}
	for i, entry := range entries {
		if entry.Number != at.Number+int64(i) {
			return false
		}
	}
	return true
}
