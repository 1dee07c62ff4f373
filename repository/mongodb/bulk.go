package mongodb

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/repository"
)

// RevokeKeys implements repository.Repository. Each key is revoked by itself, if it
// still is as it was when it met the filter, and not used since where that is asked for.
func (r keyStore) RevokeKeys(ctx context.Context, by repository.Attribution, filter repository.KeyFilter, ids []string) (revoked []string, err error) {
	ctx = withoutDeadline(ctx)
	err = r.serialized(ctx, by, func() error {
		for attempt := 1; ; attempt++ {
			done, more, err := r.revokeStep(ctx, by, filter, ids)
			revoked = append(revoked, recordIDs(done)...)
			if err == nil && more {
				err = wrap(ctx, "revoking keys", pause(ctx, attempt))
			}
			if err != nil && len(revoked) > 0 && !errors.Is(err, repository.ErrOutcomeUnknown) {
				err = fmt.Errorf("%w: %w", repository.ErrOutcomeUnknown, err) // some are revoked
			}
			if err != nil || !more {
				return err
			}
		}
	})
	if err != nil {
		return nil, err
	}
	return append([]string{}, revoked...), nil
}

// revokeStep revokes what it can of the keys, and reports whether it has to be repeated since
// some were changed meanwhile.
func (r keyStore) revokeStep(ctx context.Context, by repository.Attribution, filter repository.KeyFilter, ids []string) (done []record, more bool, err error) {
	candidates, err := r.revocable(ctx, filter, ids)
	if err != nil || len(candidates) == 0 {
		return nil, false, wrap(ctx, "finding keys to revoke", err)
	}
	done, err = r.revokeAll(ctx, by, filter, candidates)
	return done, len(done) < len(candidates), err
}

// revocable reads those of the keys that meet the filter and are not revoked, when all
// that happened to them is logged.
func (r keyStore) revocable(ctx context.Context, filter repository.KeyFilter, ids []string) ([]record, error) {
	if err := r.flushAllPending(ctx); err != nil {
		return nil, err
	}
	cursor, err := r.keys.Find(ctx, byID(field("$in", ids)), options.Find().SetProjection(withoutFlushes()))
	if err != nil {
		return nil, err
	}
	var found []record
	if err := cursor.All(ctx, &found); err != nil {
		return nil, err
	}
	lists := keyLists(r)
	owners, err := lists.readOwners(ctx, found)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(found, func(rec record) bool {
		owner := rec.ownerAmong(owners)
		return !rec.isThere(owner) || rec.awaitsBatch() || rec.Key.RevocationDate != 0 || !stillMeets(rec.row(owner), filter)
	}), nil
}

// revokeAll revokes the keys that are as they were read, logs that, and returns them.
func (r keyStore) revokeAll(ctx context.Context, by repository.Attribution, filter repository.KeyFilter, candidates []record) (done []record, err error) {
	if err := ctx.Err(); err != nil {
		return nil, wrap(ctx, "revoking keys", err)
	}
	updates := make([]mongo.WriteModel, len(candidates))
	for i := range candidates {
		rec := &candidates[i]
		rec.Pending = &pending{ID: uuid.NewString(), Actor: by.Actor, Date: millis(by.At)}
		unchanged := bson.D{{Key: "_id", Value: rec.ID}, {Key: "key.version", Value: rec.Key.Version}, {Key: "pending", Value: exists(false)}}
		if !filter.UnusedSince.IsZero() {
			unchanged = and(unchanged, field("usage.latest_query_date", field("$lt", millis(filter.UnusedSince))))
		}
		rec.Key.RevocationDate, rec.Key.Version = millis(by.At), rec.Key.Version+1
		updates[i] = mongo.NewUpdateManyModel().SetFilter(unchanged).SetUpdate(rec.Key.update(rec.Pending))
	}
	longer, cancel := outliving(ctx)
	defer cancel()
	if _, err := r.keys.BulkWrite(longer, updates, options.BulkWrite().SetOrdered(false)); err != nil {
		return nil, wrapBulk(ctx, "revoking keys", err)
	}
	if done, err = r.changedAmong(longer, candidates); err != nil {
		return nil, fmt.Errorf("%w: %w", repository.ErrOutcomeUnknown, wrap(ctx, "revoking keys", err))
	}
	return done, r.finish(ctx, func(ctx context.Context) error { return r.logAll(ctx, done) })
}

// wrapBulk is wrapWrite for many writes, of which some may be made if others are refused.
func wrapBulk(ctx context.Context, doing string, err error) error {
	var some mongo.BulkWriteException
	if errors.As(err, &some) && len(some.WriteErrors) > 0 {
		return fmt.Errorf("%w: %w", repository.ErrOutcomeUnknown, wrap(ctx, doing, err))
	}
	return wrapWrite(ctx, doing, err)
}

// changedAmong returns those of the records whose changes were made: a record has the marker
// until the entry is in the log, which any process may have appended already.
func (r keyStore) changedAmong(ctx context.Context, records []record) ([]record, error) {
	marked, err := idsIn(ctx, r.keys, field("pending.id", field("$in", pendingIDs(records))))
	if err != nil {
		return nil, err
	}
	logged, err := r.entries.loggedAmong(ctx, pendingIDs(records))
	return slices.DeleteFunc(records, func(rec record) bool {
		return !slices.Contains(marked, any(rec.ID)) && !slices.Contains(logged, rec.Pending.ID)
	}), err
}

// MatchingKeys implements repository.Repository.
func (r keyStore) MatchingKeys(ctx context.Context, filter repository.KeyFilter, limit int) (ids []string, err error) {
	ctx = withoutDeadline(ctx)
	page := repository.Page{Sort: repository.SortID, Ascending: true, Limit: repository.MaxLimit}
	for len(ids) < limit {
		list, err := keyLists(r).ListKeys(ctx, filter, page)
		if err != nil {
			return nil, err
		}
		for _, row := range list.Rows {
			if row.ID != "" && !row.IsRevoked() && len(ids) < limit {
				ids = append(ids, row.KeyID)
			}
		}
		if page.Cursor = list.Next; page.Cursor == "" {
			break
		}
	}
	return ids, nil
}

// CountKeys implements repository.Repository.
func (r keyLists) CountKeys(ctx context.Context, now time.Time) (map[models.Status]int64, error) {
	ctx = withoutDeadline(ctx)
	if err := r.flushAllPending(ctx); err != nil {
		return nil, wrap(ctx, "counting keys", err)
	}
	counts := map[models.Status]int64{}
	for _, status := range []models.Status{models.StatusActive, models.StatusExpired, models.StatusRevoked, models.StatusDisabled, models.StatusDeleted} {
		n, err := r.keys.CountDocuments(ctx, withStatus(status, millis(now)))
		if err != nil {
			return nil, wrap(ctx, "counting keys", err)
		}
		counts[status] = n
	}
	return counts, nil
}

// MarkExpired implements repository.Repository. There is nothing to note.
func (r keyStore) MarkExpired(context.Context, time.Time) (more bool, err error) { return false, nil }
