// Package usage counts what keys are used for, in memory, and writes the
// counts to the store in batches.
package usage

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/repository"
)

// flushTimeout bounds one flush. It is longer than the interval, so that a slow
// store or a large backlog gets through all the same.
const flushTimeout = 10 * time.Second

// Store is where counts are written, see repository.Repository.
type Store interface {
	AddUsage(ctx context.Context, flush repository.Flush) error
}

// Recorder counts requests. Each request counted before Close is written
// exactly once, however often the store fails or its answer is lost, as long
// as it answers at last.
type Recorder struct {
	store  Store
	node   string
	logger *slog.Logger

	mu     sync.Mutex
	counts map[string]models.Usage

	// flushing allows one flush at a time and guards what follows.
	flushing sync.Mutex
	number   int64
	unsent   []models.Usage

	stop    context.CancelFunc
	stopped chan struct{}
}

// Start returns a recorder that flushes at each interval until Close, in a
// goroutine of its own.
func Start(store Store, interval time.Duration, logger *slog.Logger) *Recorder {
	ctx, stop := context.WithCancel(context.Background())
	r := &Recorder{
		store: store, node: uuid.NewString(), logger: logger,
		counts: map[string]models.Usage{},
		stop:   stop, stopped: make(chan struct{}),
	}
	go r.run(ctx, interval)
	return r
}

// Count adds one request at the given time to a key's usage.
func (r *Recorder) Count(keyID string, at time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	count := r.counts[keyID]
	count.KeyID = keyID
	count.TotalQueries++
	if at.After(count.LatestQueryDate) {
		count.LatestQueryDate = at
	}
	r.counts[keyID] = count
}

// Flush writes what was counted before the call. What the store did not
// acknowledge is kept and sent again, under the same number, by the next
// flush, so that it is added once.
func (r *Recorder) Flush(ctx context.Context) error {
	r.flushing.Lock()
	defer r.flushing.Unlock()
	if err := r.send(ctx); err != nil {
		return err
	}
	r.unsent = r.take()
	if len(r.unsent) > 0 {
		r.number++
	}
	return r.send(ctx)
}

func (r *Recorder) send(ctx context.Context) error {
	if len(r.unsent) == 0 {
		return nil
	}
	err := r.store.AddUsage(ctx, repository.Flush{Node: r.node, Number: r.number, Usages: r.unsent})
	if err != nil {
		return err
	}
	r.unsent = nil
	return nil
}

// take empties the counts.
func (r *Recorder) take() []models.Usage {
	r.mu.Lock()
	counts := r.counts
	r.counts = make(map[string]models.Usage, len(counts))
	r.mu.Unlock()
	batch := make([]models.Usage, 0, len(counts))
	for _, count := range counts {
		batch = append(batch, count)
	}
	return batch
}

// run flushes until the context ends, which does not cut a flush short. Of
// several failures in a row the first is logged, and so is the recovery.
func (r *Recorder) run(ctx context.Context, interval time.Duration) {
	defer close(r.stopped)
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	failing := false
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			failing = r.flushAndReport(failing)
		}
	}
}

func (r *Recorder) flushAndReport(wasFailing bool) (failing bool) {
	ctx, cancel := context.WithTimeout(context.Background(), flushTimeout)
	defer cancel()
	err := r.Flush(ctx)
	switch {
	case err != nil && !wasFailing:
		r.logger.Warn("usage cannot be written; it is kept and tried again", "error", err)
	case err == nil && wasFailing:
		r.logger.Info("usage is written again")
	}
	return err != nil
}

// Close stops the goroutine, waits for it and flushes a last time. What cannot
// be written by then is lost, which the error says. It must be called once.
func (r *Recorder) Close(ctx context.Context) error {
	r.stop()
	<-r.stopped
	return r.Flush(ctx)
}
