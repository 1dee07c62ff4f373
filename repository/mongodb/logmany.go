package mongodb

import (
	"context"
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// logAll appends the entries of changes that are in force, in their order, and removes
// their markers.
func (r reconciler) logAll(ctx context.Context, records []record) error {
	entries, markers := []change{}, bson.A{}
	for _, rec := range records {
		rec.Pending.Batch = ""
		entries, markers = append(entries, rec.entries()...), append(markers, rec.Pending.ID)
	}
	if err := r.entries.appendAll(ctx, entries); err != nil {
		return err
	}
	_, err := r.keys.UpdateMany(ctx, field("pending.id", field("$in", markers)), field("$unset", field("pending", "")))
	return err
}

// appendAll is appendEntry for many entries: they are inserted in order, up to the first
// whose number another has taken, so that the log has no gap at any time.
func (r entries) appendAll(ctx context.Context, entries []change) error {
	for attempt := 1; len(entries) > 0; attempt++ {
		number, err := r.nextNumber(ctx)
		if err != nil {
			return err
		}
		for i := range entries {
			entries[i].Number = number + int64(i)
		}
		_, err = r.changes.InsertMany(ctx, entries, options.InsertMany().SetOrdered(true))
		if err == nil {
			return r.raiseFloor(ctx, entries[len(entries)-1].Number)
		}
		if !mongo.IsDuplicateKeyError(err) {
			return err
		}
		if entries, err = r.notInLog(ctx, entries); err != nil {
			return err
		}
		if err := pause(ctx, attempt); err != nil {
			return err
		}
	}
	last, err := r.lastChange(ctx)
	if err != nil {
		return err
	}
	return r.raiseFloor(ctx, last.Number)
}

// notInLog returns the entries that are not in the log.
func (r entries) notInLog(ctx context.Context, entries []change) ([]change, error) {
	ids := bson.A{}
	for _, entry := range entries {
		ids = append(ids, entry.ID)
	}
	logged, err := r.loggedAmong(ctx, ids)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(slices.Clone(entries), func(entry change) bool { return slices.Contains(logged, entry.ID) }), nil
}

// loggedAmong returns those of the ids whose entries are in the log.
func (r entries) loggedAmong(ctx context.Context, ids bson.A) ([]string, error) {
	cursor, err := r.changes.Find(ctx, field("id", field("$in", ids)))
	if err != nil {
		return nil, err
	}
	var found []change
	if err := cursor.All(ctx, &found); err != nil {
		return nil, err
	}
	logged := make([]string, len(found))
	for i, entry := range found {
		logged[i] = entry.ID
	}
	return logged, nil
}
