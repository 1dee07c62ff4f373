package mongodb

import (
	"context"

	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/repository"
)

// prunedAtOnce bounds how many entries one step removes.
const prunedAtOnce = 1000

// PruneChanges implements repository.Repository. It reads the oldest entries and
// removes them up to the first one that stays, so that the log never has a gap.
// Any number of processes may do so at once. The newest entries stay, and with
// them the number that the next one follows.
func (r changeLog) PruneChanges(ctx context.Context) (more bool, err error) {
	now, err := r.Clock(ctx)
	if err != nil {
		return false, err
	}
	ctx = withoutDeadline(ctx)
	latest, err := r.entries.lastChange(ctx)
	if err != nil {
		return false, wrap(ctx, "reading the change log", err)
	}
	oldest, err := r.entries.oldestEntries(ctx, latest.Number-repository.ChangesKept)
	if err != nil {
		return false, wrap(ctx, "reading the change log", err)
	}
	last, n := repository.Prunable(oldest, now)
	if n == 0 {
		return false, nil
	}
	_, err = r.changes.DeleteMany(ctx, byID(field("$lte", last)))
	return n == prunedAtOnce, wrap(ctx, "pruning the change log", err)
}

// oldestEntries returns some of the entries up to a number, the oldest first.
func (r entries) oldestEntries(ctx context.Context, number int64) ([]models.Change, error) {
	cursor, err := r.changes.Find(ctx, byID(field("$lte", number)), options.Find().SetSort(byID(1)).SetLimit(prunedAtOnce))
	if err != nil {
		return nil, err
	}
	return entriesIn(ctx, cursor)
}
