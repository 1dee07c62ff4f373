// Package usage counts what keys are used for, in memory, and writes the
// counts to the store in batches; and it rolls up and deletes old ones there.
package usage

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"github.com/ginauth/ginauth/repository"
)

const (
	// flushTimeout bounds one flush. It is longer than the interval, so that a
	// slow store gets through all the same.
	flushTimeout = 10 * time.Second
	// countsPerFlush bounds one flush, so that a backlog goes through in steps.
	countsPerFlush = 10_000
)

// Store is where counts are written, see repository.Repository.
type Store interface {
	AddUsage(ctx context.Context, flush repository.Flush) error
}

// Recorder counts requests. Each request counted before Close is written
// exactly once, however often the store fails or its answer is lost, as long
// as it answers at last. Waiting counts take bounded memory. When
// that is used up, routes are no longer told apart, then hours, and at last
// requests of further keys are not counted; the log says how many.
type Recorder struct {
	store    Store
	node     string
	logger   *slog.Logger
	counters counters
	counts   *table

	// flushing allows one flush at a time and guards what follows.
	flushing   sync.Mutex
	taken      []counted
	aggregator aggregator
	unsent     repository.Flush // what was taken, as merged
	waiting    int              // how many counts are in unsent
	held       int              // how many of them have room in the table
	unheld     atomic.Int64     // how many have not

	reported losses // by the goroutine, and by Close after it
	failures int    // in a row, likewise
	stop     context.CancelFunc
	stopped  chan struct{}
}

// Start returns a recorder that flushes at each interval until Close, in a
// goroutine of its own.
func Start(store Store, interval time.Duration, logger *slog.Logger) *Recorder {
	return start(store, interval, logger, defaultLimits())
}

func start(store Store, interval time.Duration, logger *slog.Logger, limits limits) *Recorder {
	ctx, stop := context.WithCancel(context.Background())
	r := &Recorder{
		store: store, node: uuid.NewString(), logger: logger, counters: counters{max: limits.counters}, counts: newTable(limits),
		stop: stop, stopped: make(chan struct{}),
	}
	go r.run(ctx, interval)
	return r
}

// Count adds one request at the given time, on the route with the given
// template, to the usage of a key and its user.
func (r *Recorder) Count(key Key, route string, at time.Time) {
	if !r.counters.add(key, route, at) {
		r.counts.add(key, route, at)
	}
}

// Flush writes the counts from before the call. Counts that the store did not
// acknowledge are kept and sent again, under the same number, by the next flush, so
// that they are added once.
func (r *Recorder) Flush(ctx context.Context) error {
	for {
		if more, err := r.flushBatch(ctx); err != nil || !more {
			return err
		}
	}
}

// flushBatch writes one batch, the unsent one if there is any, and reports
// whether more may be waiting.
func (r *Recorder) flushBatch(ctx context.Context) (more bool, err error) {
	r.flushing.Lock()
	defer r.flushing.Unlock()
	wasUnsent := r.waiting > 0
	if !wasUnsent && !r.take() {
		return false, nil
	}
	if err := r.store.AddUsage(ctx, r.unsent); err != nil {
		return true, err
	}
	more = wasUnsent || r.waiting == countsPerFlush
	r.counts.release(r.held)
	r.waiting, r.held = 0, 0
	r.unheld.Store(0)
	return more, nil
}

// take makes the next flush, and reports whether there is anything in it.
func (r *Recorder) take() bool {
	r.taken = r.counters.take(r.taken[:0], countsPerFlush)
	tallied := len(r.taken)
	r.taken = r.counts.take(r.taken, countsPerFlush)
	if len(r.taken) == 0 {
		return false
	}
	r.unsent.Node = r.node
	r.unsent.Number++
	r.unsent.Usages, r.unsent.Hours = r.aggregator.merge(r.taken)
	r.waiting, r.held = len(r.taken), len(r.taken)-tallied
	r.unheld.Store(int64(tallied))
	return true
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
			failing = r.flushAndReport(ctx, failing)
		}
	}
}

func (r *Recorder) flushAndReport(ctx context.Context, wasFailing bool) (failing bool) {
	more, err := true, error(nil)
	for more && err == nil && ctx.Err() == nil {
		more, err = r.flushInTime()
	}
	switch {
	case err != nil && wasFailing:
		r.failures++
	case err != nil:
		r.failures = 1
		r.logger.Warn("usage cannot be written; it is kept and tried again", "error", err)
	case err == nil && wasFailing:
		r.logger.Info("usage is written again", "failures", r.failures)
	}
	r.reportLosses()
	return err != nil
}

// flushInTime gives each batch its own time: a backlog takes many.
func (r *Recorder) flushInTime() (more bool, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), flushTimeout)
	defer cancel()
	return r.flushBatch(ctx)
}

// reportLosses logs what was lost since it last did.
func (r *Recorder) reportLosses() {
	now, before := r.counts.losses(), r.reported
	if now == before {
		return
	}
	r.reported = now
	r.logger.Warn("the memory for usage is used up",
		"requests_counted_without_route", now.routes-before.routes,
		"requests_counted_without_hour", now.hours-before.hours,
		"requests_not_counted", now.requests-before.requests)
}

// Close stops the goroutine, waits for it and flushes a last time. Counts
// that cannot be written by then are lost. The error says so, and says if requests
// were not counted for lack of memory. It must be called once.
func (r *Recorder) Close(ctx context.Context) error {
	r.stop()
	<-r.stopped
	err := r.Flush(ctx)
	if err != nil {
		err = fmt.Errorf("the usage of %d requests is lost: %w", r.pending(), err)
	}
	r.reportLosses()
	if n := r.reported.requests; n > 0 {
		err = errors.Join(err, fmt.Errorf("%d requests were not counted, since the memory for usage was used up", n))
	}
	return err
}

// Waiting is how many counts, each of a key in an hour on a route, are not
// acknowledged. It waits for no flush.
func (r *Recorder) Waiting() int64 {
	return r.counters.size.Load() + r.counts.held.Load() + r.unheld.Load()
}

// pending is how many requests are counted and not acknowledged.
func (r *Recorder) pending() int64 {
	r.flushing.Lock()
	defer r.flushing.Unlock()
	requests := r.counters.pending() + r.counts.pending()
	if r.waiting > 0 {
		for _, usage := range r.unsent.Usages {
			requests += usage.TotalQueries
		}
	}
	return requests
}
