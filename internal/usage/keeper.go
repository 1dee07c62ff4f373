package usage

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"time"
)

const (
	// keepInterval is about how often old usage is looked for.
	keepInterval = time.Hour
	// stepTimeout bounds one step of folding or deleting.
	stepTimeout = 10 * time.Second
)

// Archive is where usage is folded and deleted, see repository.Repository.
type Archive interface {
	RollUpUsage(ctx context.Context, before time.Time) (more bool, err error)
	DeleteUsage(ctx context.Context, before time.Time) (more bool, err error)
	Clock(ctx context.Context) (time.Time, error)
}

// Retention says at what age hours are folded into days, and days deleted.
type Retention struct{ Fold, Delete time.Duration }

// Keeper folds and deletes old usage in the background. Any number of nodes
// may do so on one database.
type Keeper struct {
	archive   Archive
	retention Retention
	now       func() time.Time
	logger    *slog.Logger
	stop      context.CancelFunc
	stopped   chan struct{}
}

// Keep starts a keeper that works at once and then about once an hour, not all
// nodes at the same time, until Close.
func Keep(archive Archive, retention Retention, now func() time.Time, logger *slog.Logger) *Keeper {
	return keep(archive, retention, now, logger, keepInterval)
}

func keep(archive Archive, retention Retention, now func() time.Time, logger *slog.Logger, interval time.Duration) *Keeper {
	ctx, stop := context.WithCancel(context.Background())
	k := &Keeper{archive, retention, now, logger, stop, make(chan struct{})}
	go k.run(ctx, interval)
	return k
}

func (k *Keeper) run(ctx context.Context, interval time.Duration) {
	defer close(k.stopped)
	for {
		k.tidy(ctx)
		pause := interval/2 + rand.N(interval) //nolint:gosec // out of step with the others, no secret
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
	}
}

// tidy folds, then deletes. What fails is tried again the next time.
func (k *Keeper) tidy(ctx context.Context) {
	now, err := k.earlierNow(ctx)
	if err == nil {
		err = inSteps(ctx, k.archive.RollUpUsage, now.Add(-k.retention.Fold))
	}
	if err == nil {
		err = inSteps(ctx, k.archive.DeleteUsage, now.Add(-k.retention.Delete))
	}
	if err != nil && ctx.Err() == nil {
		k.logger.Warn("old usage cannot be folded or deleted; it is tried again", "error", err)
	}
}

// earlierNow is the earlier of this process's time and the database's: a clock
// that is ahead deletes nothing before its time.
func (k *Keeper) earlierNow(ctx context.Context) (time.Time, error) {
	ctx, cancel := context.WithTimeout(ctx, stepTimeout)
	defer cancel()
	now := k.now()
	theirs, err := k.archive.Clock(ctx)
	if err == nil && theirs.Before(now) {
		now = theirs
	}
	return now, err
}

// inSteps goes on until nothing is left to do.
func inSteps(ctx context.Context, step func(context.Context, time.Time) (bool, error), before time.Time) error {
	more, err := true, error(nil)
	for more && err == nil && ctx.Err() == nil {
		more, err = inTime(ctx, step, before)
	}
	return err
}

func inTime(ctx context.Context, step func(context.Context, time.Time) (bool, error), before time.Time) (more bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, stepTimeout)
	defer cancel()
	return step(ctx, before)
}

// Close cuts the work short, which does no harm, and waits for its end.
func (k *Keeper) Close() {
	k.stop()
	<-k.stopped
}
