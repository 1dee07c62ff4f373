package mongodb

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/ginauth/ginauth/repository"
)

const (
	// mostBatchAttempts bounds how often a batch is tried while others take its room.
	mostBatchAttempts = 8
	// longPauses makes the pauses between these long, since a batch takes a while.
	longPauses = 4
)

// errRoomAwaited says that there is no room unless another batch is withdrawn.
var errRoomAwaited = fmt.Errorf("%w, or soon will have", repository.ErrTooManyKeys)

// batchAttempt is one attempt at storing a batch.
type batchAttempt struct {
	repository.Batch
	// seen is the document of the batch at the beginning, see replaceBatch.
	seen    batch
	date    int64
	records []record
}

// CreateKeys implements repository.Repository. The keys are stored first, and are there
// for nobody until the one document of the batch names them. Keys of a batch that
// was cut off before that are removed. Two batches that together leave no room may
// each see the other, so each is tried again while it is not known that there is none.
func (r keyStore) CreateKeys(ctx context.Context, by repository.Attribution, b repository.Batch, opts repository.CreateKeyOptions) error {
	ctx = withoutDeadline(ctx)
	return r.serialized(ctx, by, func() error {
		for n := 1; ; n++ {
			err := r.createKeys(ctx, by, b, max(0, opts.MaxKeys))
			if !errors.Is(err, errRoomAwaited) || n == mostBatchAttempts || pause(ctx, n+longPauses) != nil {
				return err
			}
		}
	})
}

func (r keyStore) createKeys(ctx context.Context, by repository.Attribution, b repository.Batch, maxKeys int) error {
	a, err := r.beginBatch(ctx, by, b)
	if err != nil {
		return err
	}
	if err := r.storeAttempt(ctx, &a, maxKeys); err != nil {
		return r.withdrawKeys(ctx, a.records, err)
	}
	return r.finish(ctx, func(ctx context.Context) error { return r.logAll(ctx, a.records) })
}

// storeAttempt stores the keys, checks their users then, and brings the batch into force.
func (r keyStore) storeAttempt(ctx context.Context, a *batchAttempt, maxKeys int) error {
	if err := r.reserveKeys(ctx, a); err != nil {
		return err
	}
	if err := r.requireUsers(ctx, *a, maxKeys); err != nil {
		return err
	}
	return r.storeBatch(ctx, *a)
}

// beginBatch makes the records of the keys, which follow their users as these are now.
func (r keyStore) beginBatch(ctx context.Context, by repository.Attribution, b repository.Batch) (batchAttempt, error) {
	seen, err := r.requireNewBatch(ctx, b.ID)
	if err != nil {
		return batchAttempt{}, err
	}
	a := batchAttempt{Batch: b, seen: seen, date: millis(by.At), records: make([]record, len(b.Keys))}
	begin := millis(time.Now())
	for i, key := range b.Keys {
		key.Version = 1
		change := newPending(by)
		change.Batch, change.BatchBegin = b.ID, begin
		a.records[i] = newRecord(key, change)
		if key.UserID == "" {
			continue
		}
		owner, err := r.admitting(ctx, key.UserID, key.UserVersion)
		if err != nil {
			return batchAttempt{}, err
		}
		a.records[i].follow(owner)
	}
	return a, nil
}

func recordIDs(records []record) []string {
	ids := make([]string, len(records))
	for i, rec := range records {
		ids[i] = rec.ID
	}
	return ids
}

// reserveKeys stores the keys, which are there for nobody.
func (r keyStore) reserveKeys(ctx context.Context, a *batchAttempt) error {
	if err := ctx.Err(); err != nil {
		return wrap(ctx, "creating keys", err)
	}
	longer, cancel := outliving(ctx)
	defer cancel()
	for n := 1; ; n++ {
		_, err := r.keys.InsertMany(longer, a.records)
		if !mongo.IsDuplicateKeyError(err) {
			return wrap(ctx, "creating keys", err)
		}
		removed, failed := r.removeLeftovers(longer, a)
		if failed != nil {
			return failed
		}
		if !removed || n == mostAttempts {
			return cmp.Or(r.takenBy(longer, a.records), wrap(ctx, "creating keys", err))
		}
	}
}

// takenBy says which value of the keys another key has; nil if there is none.
func (r keyStore) takenBy(ctx context.Context, records []record) error {
	for _, rec := range records {
		others := field("pending.id", field("$ne", rec.Pending.ID))
		for name, filter := range map[string]bson.D{"id": byID(rec.ID), "hash": field("hash", rec.Hash)} {
			taken, err := isThere(ctx, r.keys, and(filter, others))
			if err != nil {
				return wrap(ctx, "creating keys", err)
			}
			if taken {
				return fmt.Errorf("creating keys: %w", &repository.ConflictError{Field: name})
			}
		}
	}
	return nil
}

// requireUsers checks the users again when the keys are stored: a change of a user that
// comes later finds the keys. One that came before may have passed them over.
func (r keyStore) requireUsers(ctx context.Context, a batchAttempt, maxKeys int) error {
	own := map[string]int{}
	for _, key := range a.Keys {
		own[key.UserID]++
	}
	for _, key := range a.Keys {
		if key.UserID == "" {
			continue
		}
		owner, err := r.admitting(ctx, key.UserID, key.UserVersion)
		if err != nil {
			return err
		}
		if own[key.UserID] == 0 { // the user was seen, and this key expects the same version
			continue
		}
		if err := r.owners.propagate(ctx, owner, field("pending.batch", a.ID)); err != nil {
			return wrap(ctx, "creating keys", err)
		}
		if err := r.requireRoomFor(ctx, a, owner, maxKeys, own[key.UserID]); err != nil {
			return err
		}
		own[key.UserID] = 0
	}
	return nil
}

// requireRoomFor counts the other keys of a user when those of the batch are stored, so
// that of several batches that are stored at the same time the last one counts all others.
// Other attempts at the same batch do not count, since one of them is stored at most.
func (r keyStore) requireRoomFor(ctx context.Context, a batchAttempt, owner user, maxKeys, own int) error {
	if maxKeys == 0 {
		return nil
	}
	room := int64(maxKeys - own)
	for _, c := range []struct {
		batch any
		err   error
	}{{exists(false), repository.ErrTooManyKeys}, {field("$ne", a.ID), errRoomAwaited}} {
		others := and(owner.validKeys(), field("pending.batch", c.batch))
		n, err := r.keys.CountDocuments(ctx, others, options.Count().SetLimit(max(0, room)+1))
		if err != nil {
			return wrap(ctx, "creating keys", err)
		}
		if n > room {
			return fmt.Errorf("creating keys: %w", c.err)
		}
	}
	return nil
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
