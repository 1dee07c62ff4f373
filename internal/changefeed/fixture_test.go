package changefeed

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/repository"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var errDown = errors.New("down")

// store has a log in memory.
type store struct {
	mu      sync.Mutex
	entries []models.Change
	// lost, failing and readOnly are what its methods say.
	lost, failing, readOnly bool
	// delay is how long it takes to look; what it answers is as of before.
	delay time.Duration
	// ahead is how far its clock is.
	ahead time.Duration
}

func (s *store) with(change func(*store)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(s)
}

// add appends entries about the keys.
func (s *store) add(keys ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, key := range keys {
		n := int64(len(s.entries) + 1)
		s.entries = append(s.entries, models.Change{Number: n, ID: fmt.Sprint("entry ", n), ObjectID: key})
	}
}

// answer waits after it has looked.
func (s *store) answer(ctx context.Context) error {
	s.mu.Lock()
	delay, failing := s.delay, s.failing
	s.mu.Unlock()
	if failing {
		return errDown
	}
	select {
	case <-time.After(delay):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (s *store) LatestChange(ctx context.Context) (repository.Cursor, error) {
	s.mu.Lock()
	var last repository.Cursor
	if len(s.entries) > 0 {
		last = repository.NewCursor(s.entries[len(s.entries)-1])
	}
	s.mu.Unlock()
	return last, s.answer(ctx)
}

func (s *store) Changes(ctx context.Context, after repository.Cursor, limit int) ([]models.Change, error) {
	s.mu.Lock()
	lost, entries := s.lost, slices.Clone(s.entries)
	s.mu.Unlock()
	if err := s.answer(ctx); err != nil {
		return nil, err
	}
	if lost {
		return nil, fmt.Errorf("reading: %w", repository.ErrChangesLost)
	}
	rest := entries[after.Number:]
	return rest[:min(limit, len(rest))], nil
}

func (s *store) Clock(context.Context) (time.Time, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return time.Now().Add(s.ahead), nil
}

func (s *store) AddUsage(context.Context, repository.Flush) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.readOnly {
		return errDown
	}
	s.lost = false
	return nil
}

// listener notes what it is told.
type listener struct {
	mu        sync.Mutex
	changed   []string
	all       int
	confirmed time.Time
}

func (l *listener) InvalidateUsers(ids ...string) { l.InvalidateKeys(ids...) }

func (l *listener) InvalidateKeys(ids ...string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.changed = append(l.changed, ids...)
}

func (l *listener) InvalidateAll() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all++
}

func (l *listener) Confirm(at time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.confirmed = at
}

// feed is a feed that reads when the test says so.
type feed struct {
	*testing.T
	*Feed
	store    *store
	listener *listener
	log      *bytes.Buffer
}

func newTestFeed(t *testing.T, before ...string) *feed {
	f := &feed{T: t, store: &store{}, listener: &listener{}, log: &bytes.Buffer{}}
	f.store.add(before...)
	f.Feed = newFeed(f.store, f.listener, time.Now, slog.New(slog.NewTextHandler(f.log, nil)))
	return f
}

func (f *feed) read() error { return f.poll(f.Context(), timeout) }

// mustRead reads and checks that it is confirmed, as of when it began.
func (f *feed) mustRead() {
	f.Helper()
	before := time.Now()
	if err := f.read(); err != nil {
		f.Error(err)
	}
	if f.listener.confirmed.Before(before) {
		f.Error("nothing is confirmed")
	}
}
