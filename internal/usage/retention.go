package usage

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"time"
)

const (
	// retentionInterval is about how often old usage is looked for.
	retentionInterval = time.Hour
	// stepTimeout bounds one step of rolling up or deleting.
	stepTimeout = 10 * time.Second
)

// Archive is where usage is rolled up and deleted, and expired keys are marked, see
// repository.Repository.
type Archive interface {
	MarkExpired(ctx context.Context, now time.Time) (more bool, err error)
	RollUpUsage(ctx context.Context, before time.Time) (more bool, err error)
	DeleteUsage(ctx context.Context, before time.Time) (more bool, err error)
	Clock(ctx context.Context) (time.Time, error)
}

// RetentionPolicy says at what age hours are rolled up into days, and days deleted.
type RetentionPolicy struct{ RollUp, Delete time.Duration }

// Retention rolls up and deletes old usage in the background, and marks expired keys. Any number of nodes
// may do so on one database.
type Retention struct {
	archive Archive
	policy  RetentionPolicy
	now     func() time.Time
	logger  *slog.Logger
	stop    context.CancelFunc
	stopped chan struct{}
}

// StartRetention starts a worker that applies the policy at once and then about once an hour, not all
// nodes at the same time, until Close.
func StartRetention(archive Archive, policy RetentionPolicy, now func() time.Time, logger *slog.Logger) *Retention {
	return startRetention(archive, policy, now, logger, retentionInterval)
}

func startRetention(archive Archive, policy RetentionPolicy, now func() time.Time, logger *slog.Logger, interval time.Duration) *Retention {
	ctx, stop := context.WithCancel(context.Background())
	r := &Retention{archive, policy, now, logger, stop, make(chan struct{})}
	go r.run(ctx, interval)
	return r
}

func (r *Retention) run(ctx context.Context, interval time.Duration) {
	defer close(r.stopped)
	for {
		r.apply(ctx)
		pause := interval/2 + rand.N(interval) //nolint:gosec // out of step with the others, no secret
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
	}
}

// apply rolls up, deletes, and marks expired keys. A failure is tried again the next time.
func (r *Retention) apply(ctx context.Context) {
	now, err := r.earlierNow(ctx)
	if err == nil {
		err = inSteps(ctx, r.archive.RollUpUsage, now.Add(-r.policy.RollUp))
	}
	if err == nil {
		err = inSteps(ctx, r.archive.DeleteUsage, now.Add(-r.policy.Delete))
	}
	if err != nil && ctx.Err() == nil {
		r.logger.Warn("old usage cannot be rolled up or deleted; it is tried again", "error", err)
	}
	if err := inSteps(ctx, r.archive.MarkExpired, now); err != nil && ctx.Err() == nil {
		r.logger.Warn("expired keys cannot be marked, and lists by status become slower; it is tried again", "error", err)
	}
}

// earlierNow is the earlier of this process's time and the database's: a clock
// that is ahead deletes nothing before its time.
func (r *Retention) earlierNow(ctx context.Context) (time.Time, error) {
	ctx, cancel := context.WithTimeout(ctx, stepTimeout)
	defer cancel()
	now := r.now()
	theirs, err := r.archive.Clock(ctx)
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
func (r *Retention) Close() {
	r.stop()
	<-r.stopped
}
