package mongodb

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/google/uuid"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"

	"github.com/ginauth/ginauth/repository"
)

// abandonedAfter is when the keys of a batch that was never stored are removed: no call
// lasts so long.
const abandonedAfter = time.Hour

// errOvertaken says that another attempt at the same batch has removed the keys of this one.
var errOvertaken = errors.New("storing a batch: another call stores the same batch; repeat the call")

// requireNewBatch checks that the batch is not stored, and returns its document, which is
// the zero one or a fence.
func (r keyStore) requireNewBatch(ctx context.Context, id string) (batch, error) {
	found, err := r.owners.readBatch(ctx, id)
	if err != nil {
		return batch{}, wrap(ctx, "finding a batch", err)
	}
	if found.isStored() {
		return batch{}, &repository.BatchError{KeyIDs: found.KeyIDs}
	}
	return found, nil
}

// readBatch returns the document of a batch, the zero one if there is none.
func (r owners) readBatch(ctx context.Context, id string) (batch, error) {
	var found batch
	err := r.batches.FindOne(ctx, byID(id)).Decode(&found)
	if errors.Is(err, mongo.ErrNoDocuments) {
		return batch{}, nil
	}
	return found, err
}

// storeBatch brings the batch into force.
func (r keyStore) storeBatch(ctx context.Context, a batchAttempt) error {
	if err := ctx.Err(); err != nil {
		return wrap(ctx, "storing a batch", err)
	}
	stored, err := r.owners.replaceBatch(ctx, a.seen, batch{ID: a.ID, KeyIDs: recordIDs(a.records), Date: a.date})
	if err != nil || stored {
		return wrapWrite(ctx, "storing a batch", err)
	}
	if _, err := r.requireNewBatch(ctx, a.ID); err != nil {
		return err
	}
	return errOvertaken
}

// replaceBatch writes the document of a batch if it is still as it was seen. So a fence
// keeps all attempts that began before it from storing the batch, however late they are.
func (r owners) replaceBatch(ctx context.Context, seen, next batch) (replaced bool, err error) {
	if seen.ID == "" {
		err := insertOne(ctx, r.batches, next)
		if mongo.IsDuplicateKeyError(err) {
			return false, nil
		}
		return err == nil, err
	}
	longer, cancel := outliving(ctx)
	defer cancel()
	result, err := r.batches.ReplaceOne(longer, and(byID(seen.ID), field("fence", seen.Fence)), next)
	if err != nil {
		return false, err
	}
	return result.MatchedCount > 0, nil
}

func newFence(id string) batch { return batch{ID: id, Fence: uuid.NewString()} }

// removeLeftovers removes what other attempts at the same batch have left of the keys, when
// a fence keeps those from storing it.
func (r keyStore) removeLeftovers(ctx context.Context, a *batchAttempt) (removed bool, err error) {
	markers := pendingIDs(a.records)
	left := and(byID(field("$in", recordIDs(a.records))), field("pending.batch", a.ID))
	var found []record
	cursor, err := r.keys.Find(ctx, and(left, field("pending.id", field("$nin", markers))))
	if err == nil {
		err = cursor.All(ctx, &found)
	}
	if err != nil || len(found) == 0 {
		return false, wrap(ctx, "finding the keys of a batch", err)
	}
	fence := newFence(a.ID)
	fenced, err := r.owners.replaceBatch(ctx, a.seen, fence)
	if err != nil {
		return false, wrap(ctx, "storing a batch", err)
	}
	if !fenced {
		_, err := r.requireNewBatch(ctx, a.ID)
		return false, cmp.Or(err, errOvertaken)
	}
	a.seen = fence
	_, err = r.keys.DeleteMany(ctx, and(left, field("pending.id", field("$in", append(markers, pendingIDs(found)...)))))
	return true, wrap(ctx, "creating keys", err)
}

func pendingIDs(records []record) bson.A {
	ids := bson.A{}
	for _, rec := range records {
		ids = append(ids, rec.Pending.ID)
	}
	return ids
}

// admitBatch decides whether a key of a batch is there: the batch's document says so. A
// key that it does not name, or whose batch was never stored, is removed in time.
func (r owners) admitBatch(ctx context.Context, rec record) error {
	marker := and(marked(rec.ID, rec.Pending), field("pending.batch", rec.Pending.Batch))
	found, err := r.readBatch(ctx, rec.Pending.Batch)
	if err != nil {
		return err
	}
	if found.isStored() && slices.Contains(found.KeyIDs, rec.ID) {
		_, err := r.keys.UpdateOne(ctx, marker, field("$unset", bson.D{{Key: "pending.batch", Value: ""}, {Key: "pending.batch_begin", Value: ""}}))
		return err
	}
	over := found.isStored()
	if !over && time.Since(fromMillis(rec.Pending.BatchBegin)) > abandonedAfter {
		if over, err = r.replaceBatch(ctx, found, newFence(rec.Pending.Batch)); err != nil {
			return err
		}
	}
	if over {
		if _, err := r.keys.DeleteOne(ctx, marker); err != nil {
			return err
		}
	}
	return mongo.ErrNoDocuments
}
