package mongodb

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/ginauth/ginauth/repository"
)

// abandonedAfter is when the keys of a batch that was never stored are removed: no call
// lasts so long.
const abandonedAfter = time.Hour

// CreateKeys implements repository.Repository. The keys are stored first, and are there
// for nobody until the one document of the batch names them. Keys of a batch that
// was cut off before that are removed.
func (r keyStore) CreateKeys(ctx context.Context, by repository.Attribution, b repository.Batch, opts repository.CreateKeyOptions) error {
	ctx = withoutDeadline(ctx)
	return r.serialized(ctx, by, func() error {
		if err := r.requireNewBatch(ctx, b.ID); err != nil {
			return err
		}
		records, err := r.newRecords(ctx, by, b)
		if err != nil {
			return err
		}
		if err := r.reserveKeys(ctx, records); err != nil {
			return r.withdrawKeys(ctx, records, err)
		}
		if err := r.requireRoomFor(ctx, records, max(0, opts.MaxKeys)); err != nil {
			return r.withdrawKeys(ctx, records, err)
		}
		if err := r.storeBatch(ctx, batch{b.ID, recordIDs(records), millis(by.At)}); err != nil {
			return r.withdrawKeys(ctx, records, err)
		}
		return r.finish(ctx, func(ctx context.Context) error { return r.logAll(ctx, records) })
	})
}

// requireNewBatch checks that the batch is not stored.
func (r keyStore) requireNewBatch(ctx context.Context, id string) error {
	var stored batch
	err := r.batches.FindOne(ctx, byID(id)).Decode(&stored)
	switch {
	case err == nil:
		return &repository.BatchError{KeyIDs: stored.KeyIDs}
	case errors.Is(err, mongo.ErrNoDocuments):
		return nil
	default:
		return wrap(ctx, "finding a batch", err)
	}
}

// newRecords makes the records of the keys, which follow their users as these are now.
// A change of a user that revokes keys reaches them in any case.
func (r keyStore) newRecords(ctx context.Context, by repository.Attribution, b repository.Batch) ([]record, error) {
	records := make([]record, len(b.Keys))
	for i, key := range b.Keys {
		key.Version = 1
		change := newPending(by)
		change.Batch = b.ID
		records[i] = newRecord(key, change)
		if key.UserID == "" {
			continue
		}
		owner, err := r.admitting(ctx, key.UserID, key.UserVersion)
		if err != nil {
			return nil, err
		}
		records[i].follow(owner)
	}
	return records, nil
}

func recordIDs(records []record) []string {
	ids := make([]string, len(records))
	for i, rec := range records {
		ids[i] = rec.ID
	}
	return ids
}

func (r keyStore) reserveKeys(ctx context.Context, records []record) error {
	if err := ctx.Err(); err != nil {
		return wrap(ctx, "creating keys", err)
	}
	longer, cancel := outliving(ctx)
	defer cancel()
	_, err := r.keys.InsertMany(longer, records)
	if !mongo.IsDuplicateKeyError(err) {
		return wrap(ctx, "creating keys", err)
	}
	for _, rec := range records { // which of them is another's?
		others := field("pending.id", field("$ne", rec.Pending.ID))
		for name, filter := range map[string]bson.D{"id": byID(rec.ID), "hash": field("hash", rec.Hash)} {
			taken, failed := isThere(longer, r.keys, and(filter, others))
			if failed != nil {
				return wrap(ctx, "creating keys", failed)
			}
			if taken {
				return fmt.Errorf("creating keys: %w", &repository.ConflictError{Field: name})
			}
		}
	}
	return wrap(ctx, "creating keys", err)
}

// requireRoomFor counts the keys of each user when those of the batch are among them, so
// that of several that are stored at the same time the last one counts all others.
func (r keyStore) requireRoomFor(ctx context.Context, records []record, maxKeys int) error {
	if maxKeys == 0 {
		return nil
	}
	checked := map[string]bool{"": true}
	for _, rec := range records {
		if checked[rec.Key.UserID] {
			continue
		}
		checked[rec.Key.UserID] = true
		owner, err := r.admitting(ctx, rec.Key.UserID, 0)
		if err != nil {
			return err
		}
		n, err := r.keys.CountDocuments(ctx, owner.validKeys(), options.Count().SetLimit(int64(maxKeys)+1))
		if err != nil {
			return wrap(ctx, "creating keys", err)
		}
		if n > int64(maxKeys) {
			return fmt.Errorf("creating keys: %w", repository.ErrTooManyKeys)
		}
	}
	return nil
}

// storeBatch brings the batch into force.
func (r keyStore) storeBatch(ctx context.Context, b batch) error {
	err := insertOne(ctx, r.batches, b)
	if !mongo.IsDuplicateKeyError(err) {
		return wrapWrite(ctx, "storing a batch", err)
	}
	if stored := r.requireNewBatch(ctx, b.ID); stored != nil {
		return stored
	}
	return wrap(ctx, "storing a batch", err)
}

// withdrawKeys removes keys of a batch that is not in force. Should that fail, they stay
// invisible.
func (r keyStore) withdrawKeys(ctx context.Context, records []record, refused error) error {
	if errors.Is(refused, repository.ErrOutcomeUnknown) {
		return refused
	}
	longer, cancel := outliving(ctx)
	defer cancel()
	entries := bson.A{}
	for _, rec := range records {
		entries = append(entries, rec.Pending.ID)
	}
	_, _ = r.keys.DeleteMany(longer, field("pending.id", field("$in", entries)))
	return refused
}

// admitBatch decides whether a key of a batch is there: the batch's document says so. A
// key that it does not name, or whose batch was never stored, is removed in time.
func (r owners) admitBatch(ctx context.Context, rec record) error {
	marker := and(marked(rec.ID, rec.Pending), field("pending.batch", rec.Pending.Batch))
	var stored batch
	err := r.batches.FindOne(ctx, byID(rec.Pending.Batch)).Decode(&stored)
	switch {
	case err == nil && slices.Contains(stored.KeyIDs, rec.ID):
		_, err = r.keys.UpdateOne(ctx, marker, field("$unset", field("pending.batch", "")))
		return err
	case err != nil && !errors.Is(err, mongo.ErrNoDocuments):
		return err
	}
	if err == nil || time.Since(fromMillis(rec.Pending.Date)) > abandonedAfter {
		if _, err := r.keys.DeleteOne(ctx, marker); err != nil {
			return err
		}
	}
	return mongo.ErrNoDocuments
}
