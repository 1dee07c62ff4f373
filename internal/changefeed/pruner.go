package changefeed

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"time"
)

const (
	// pruneInterval is about how often old entries are looked for.
	pruneInterval = time.Hour
	// pruneTimeout bounds one step of pruning.
	pruneTimeout = 10 * time.Second
)

// Log is what is pruned, see repository.Repository.
type Log interface {
	PruneChanges(ctx context.Context) (more bool, err error)
}

// Pruner removes old entries of the change log in the background. Any number of
// nodes may do so on one database.
type Pruner struct {
	log     Log
	logger  *slog.Logger
	stop    context.CancelFunc
	stopped chan struct{}
}

// StartPruner starts a pruner that works at once and then about once an hour,
// not all nodes at the same time, until Close.
func StartPruner(log Log, logger *slog.Logger) *Pruner {
	return startPruner(log, logger, pruneInterval)
}

func startPruner(log Log, logger *slog.Logger, interval time.Duration) *Pruner {
	ctx, stop := context.WithCancel(context.Background())
	p := &Pruner{log, logger, stop, make(chan struct{})}
	go p.run(ctx, interval)
	return p
}

func (p *Pruner) run(ctx context.Context, interval time.Duration) {
	defer close(p.stopped)
	for {
		if err := p.prune(ctx); err != nil && ctx.Err() == nil {
			p.logger.Warn("old entries of the change log cannot be removed; it is tried again", "error", err)
		}
		pause := interval/2 + rand.N(interval) //nolint:gosec // out of step with the others, no secret
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
	}
}

// prune goes on until nothing is left to do.
func (p *Pruner) prune(ctx context.Context) error {
	more, err := true, error(nil)
	for more && err == nil && ctx.Err() == nil {
		more, err = p.step(ctx)
	}
	return err
}

func (p *Pruner) step(ctx context.Context) (more bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, pruneTimeout)
	defer cancel()
	return p.log.PruneChanges(ctx)
}

// Close cuts the work short, which does no harm, and waits for its end.
func (p *Pruner) Close() {
	p.stop()
	<-p.stopped
}
