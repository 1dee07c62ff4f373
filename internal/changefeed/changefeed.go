// Package changefeed follows the change log, so that what one node changes is
// in force on the others.
//
// It reads the log every interval, and at once after a notification of the
// database, each time with a deadline. A change made elsewhere is therefore passed on at most
// max(interval, timeout) + timeout later, one second altogether, as long as the
// log can be read. How long it could not be read is for the listener to judge,
// which is told of each success and when that began.
package changefeed

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/repository"
)

const (
	// interval is the time from one reading to the next.
	interval = 400 * time.Millisecond
	// timeout bounds a reading, and patience one that follows a failure: there
	// may be a connection to be made first, over some distance.
	timeout, patience = 500 * time.Millisecond, 5 * time.Second
	// subscribePause is how long after a failure the subscription is renewed.
	subscribePause = time.Second
	// maxSkew is how far the clocks of this node and the database may differ.
	maxSkew = time.Second
	// pageSize is how many entries are read at once.
	pageSize = 1000
)

// Store is where the log is; see repository.Repository.
type Store interface {
	LatestChange(ctx context.Context) (repository.Cursor, error)
	Changes(ctx context.Context, after repository.Cursor, limit int) ([]models.Change, error)
	AddUsage(ctx context.Context, flush repository.Flush) error
	Clock(ctx context.Context) (time.Time, error)
}

// Listener is told what has changed; see keycache.Cache.
type Listener interface {
	// InvalidateKeys names the keys that have changed or were created,
	// InvalidateUsers the users.
	InvalidateKeys(ids ...string)
	InvalidateUsers(ids ...string)
	// InvalidateAll says that anything may have changed.
	InvalidateAll()
	// Confirm says that all changes up to a time were passed on.
	Confirm(at time.Time)
}

// Feed follows a log in a goroutine of its own.
type Feed struct {
	store    Store
	listener Listener
	now      func() time.Time
	logger   *slog.Logger

	cursor  repository.Cursor
	started bool
	node    string
	proofs  int64
	skewed  bool
	// failures is how many readings have failed in a row.
	failures int

	notified chan struct{}
	cancel   context.CancelFunc
	running  sync.WaitGroup
}

// Start follows the log from its present end on until Close.
func Start(store Store, listener Listener, now func() time.Time, logger *slog.Logger) *Feed {
	ctx, cancel := context.WithCancel(context.Background())
	f := newFeed(store, listener, now, logger)
	f.cancel = cancel
	f.running.Go(func() { f.run(ctx) })
	if notifier, ok := store.(repository.Notifier); ok {
		f.running.Go(func() { f.subscribe(ctx, notifier) })
	}
	return f
}

func newFeed(store Store, listener Listener, now func() time.Time, logger *slog.Logger) *Feed {
	return &Feed{
		store: store, listener: listener, now: now, logger: logger, node: uuid.NewString(),
		notified: make(chan struct{}, 1),
	}
}

// notify has the log read at once. It never waits.
func (f *Feed) notify() {
	select {
	case f.notified <- struct{}{}:
	default:
	}
}

// Close stops following and waits until that is so.
func (f *Feed) Close() {
	f.cancel()
	f.running.Wait()
}

func (f *Feed) run(ctx context.Context) {
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for failing := false; ctx.Err() == nil; {
		failing = f.pollAndReport(ctx, failing)
		select {
		case <-ctx.Done():
		case <-ticker.C:
		case <-f.notified:
		}
	}
}

// subscribe keeps a subscription to the notifications of the database. Without
// one, changes are found by polling.
func (f *Feed) subscribe(ctx context.Context, notifier repository.Notifier) {
	for ctx.Err() == nil {
		err := notifier.Subscribe(ctx, f.notify)
		f.logger.DebugContext(ctx, "the database sends no notifications at present; the change log is polled", "error", err)
		select {
		case <-ctx.Done():
		case <-time.After(subscribePause):
		}
	}
}

// pollAndReport logs the first of several failures in a row, and the recovery.
func (f *Feed) pollAndReport(ctx context.Context, wasFailing bool) (failing bool) {
	limit := timeout
	if wasFailing {
		limit = patience
	}
	err := f.poll(ctx, limit)
	switch {
	case ctx.Err() != nil: // closed
	case err != nil && wasFailing:
		f.failures++
	case err != nil:
		f.failures = 1
		f.logger.Warn("changes to keys cannot be followed; keys that are known are served for a while, until they are refused with 503", "error", err)
	case err == nil && wasFailing:
		f.logger.Info("changes to keys are followed again", "failures", f.failures)
	}
	return err != nil
}

// poll passes on what the log has by now.
func (f *Feed) poll(ctx context.Context, limit time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	if !f.started {
		return f.begin(ctx)
	}
	err := f.readOn(ctx)
	if errors.Is(err, repository.ErrChangesLost) {
		return f.beginAgain(ctx)
	}
	if err == nil {
		f.compareClocks(ctx)
	}
	return err
}

func (f *Feed) readOn(ctx context.Context) error {
	for {
		at := f.now()
		entries, err := f.store.Changes(ctx, f.cursor, pageSize)
		if err != nil {
			return err
		}
		f.passOn(entries)
		if len(entries) < pageSize {
			f.listener.Confirm(at)
			return nil
		}
	}
}

func (f *Feed) passOn(entries []models.Change) {
	if len(entries) == 0 {
		return
	}
	var keys, users []string
	for _, entry := range entries {
		if entry.Object == models.ObjectUser {
			users = append(users, entry.ObjectID)
		} else {
			keys = append(keys, entry.ObjectID)
		}
	}
	f.listener.InvalidateKeys(keys...)
	f.listener.InvalidateUsers(users...)
	f.cursor = repository.NewCursor(entries[len(entries)-1])
}

// begin takes the present end of the log. Keys read before that may have
// changed without notice.
func (f *Feed) begin(ctx context.Context) error {
	at := f.now()
	cursor, err := f.store.LatestChange(ctx)
	if err != nil {
		return err
	}
	f.cursor, f.started = cursor, true
	f.listener.InvalidateAll()
	f.listener.Confirm(at)
	return nil
}

// beginAgain is begin for a log that does not continue: it was cut, or the
// database was restored. But a replica that lags behind looks the same, and
// would bring revoked keys back; so it has to take a write first.
func (f *Feed) beginAgain(ctx context.Context) error {
	f.proofs++
	if err := f.store.AddUsage(ctx, repository.Flush{Node: f.node, Number: f.proofs}); err != nil {
		return fmt.Errorf("the change log does not continue, and the store takes no writes: %w", err)
	}
	f.logger.Warn("the change log does not continue where it was left, as after the restoration of a backup or an outage of a week: all keys are read again")
	return f.begin(ctx)
}

// compareClocks warns if this node's clock, by which keys expire, and the
// database's differ by more than the time that asking takes can explain.
func (f *Feed) compareClocks(ctx context.Context) {
	before := f.now()
	theirs, err := f.store.Clock(ctx)
	if err != nil {
		return // reading the log will tell of an outage
	}
	asking := f.now().Sub(before)
	skew := theirs.Sub(before.Add(asking / 2))
	isSkewed := skew.Abs()-asking/2 > maxSkew
	if isSkewed && !f.skewed {
		f.logger.Warn("the clocks of this node and of the database differ; keys expire by this node's", "difference", skew.Round(time.Millisecond))
	}
	f.skewed = isSkewed
}
