package usage

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// archive has a number of steps to take, and notes what it is asked.
type archive struct {
	mu                 sync.Mutex
	toRollUp, toDelete int
	rolledUp, deleted  []time.Time
	fault              error
	ahead              time.Duration // of the database's clock, whose time is at
	called             chan struct{}
	waitsForItsContext bool
	marked             atomic.Int64
}

func newArchive(toRollUp, toDelete int) *archive {
	return &archive{toRollUp: toRollUp, toDelete: toDelete, called: make(chan struct{}, 1000)}
}

func (a *archive) RollUpUsage(ctx context.Context, before time.Time) (more bool, err error) {
	return a.step(ctx, &a.rolledUp, &a.toRollUp, before)
}

func (a *archive) DeleteUsage(ctx context.Context, before time.Time) (more bool, err error) {
	return a.step(ctx, &a.deleted, &a.toDelete, before)
}

func (a *archive) MarkExpired(context.Context, time.Time) (more bool, err error) {
	a.marked.Add(1)
	return false, a.fault
}

func (a *archive) Clock(context.Context) (time.Time, error) { return at.Add(a.ahead), nil }

func (a *archive) step(ctx context.Context, asked *[]time.Time, left *int, before time.Time) (more bool, err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	*asked = append(*asked, before)
	a.called <- struct{}{}
	if a.waitsForItsContext {
		<-ctx.Done()
		return false, ctx.Err()
	}
	*left--
	return *left >= 0, a.fault
}

func (a *archive) expectCalls(t *testing.T, n int) {
	t.Helper()
	for range n {
		select {
		case <-a.called:
		case <-time.After(10 * time.Second):
			t.Fatal("the retention does nothing")
		}
	}
}

func retentionAt(a *archive, logger *slog.Logger, interval time.Duration) *Retention {
	return startRetention(a, RetentionPolicy{RollUp: 90 * hours24, Delete: 400 * hours24}, func() time.Time { return at }, logger, interval)
}

// At each start all steps are taken, then none before the next hour.
func TestRetentionAppliesAtOnce(t *testing.T) {
	a := newArchive(2, 1)
	r := retentionAt(a, silent(), time.Hour)
	a.expectCalls(t, 5)
	r.Close()
	rollUp, remove := at.Add(-90*hours24), at.Add(-400*hours24)
	if !slices.Equal(a.rolledUp, []time.Time{rollUp, rollUp, rollUp}) || !slices.Equal(a.deleted, []time.Time{remove, remove}) {
		t.Errorf("it rolls up before %v and deletes before %v", a.rolledUp, a.deleted)
	}
}

// The earlier of the two clocks decides: neither a process nor a database whose
// clock is ahead has usage deleted before its time.
func TestRetentionMindsTheEarlierClock(t *testing.T) {
	for name, ahead := range map[string][2]time.Duration{
		"the process is a year ahead":  {365 * hours24, 0},
		"the database is a year ahead": {0, 365 * hours24},
	} {
		a := newArchive(0, 0)
		a.ahead = ahead[1]
		now := func() time.Time { return at.Add(ahead[0]) }
		r := startRetention(a, RetentionPolicy{RollUp: 90 * hours24, Delete: 400 * hours24}, now, silent(), time.Hour)
		a.expectCalls(t, 2)
		r.Close()
		if !a.rolledUp[0].Equal(at.Add(-90*hours24)) || !a.deleted[0].Equal(at.Add(-400*hours24)) {
			t.Errorf("%s: it rolls up before %v and deletes before %v", name, a.rolledUp, a.deleted)
		}
	}
}

func TestRetentionGoesOn(t *testing.T) {
	var log strings.Builder
	a := newArchive(0, 0)
	a.fault = errDown
	r := retentionAt(a, slog.New(slog.NewTextHandler(&log, nil)), time.Millisecond)
	a.expectCalls(t, 5)
	r.Close()
	if !strings.Contains(log.String(), "old usage cannot be rolled up or deleted") || !strings.Contains(log.String(), "down") {
		t.Errorf("the log is %q", log.String())
	}
	if len(a.deleted) > 0 {
		t.Error("it deletes what it could not roll up")
	}
}

// Closing does not wait for a store that does not answer, and is no failure.
func TestRetentionCloses(t *testing.T) {
	var log strings.Builder
	a := newArchive(0, 0)
	a.waitsForItsContext = true
	r := retentionAt(a, slog.New(slog.NewTextHandler(&log, nil)), time.Hour)
	a.expectCalls(t, 1)
	began := time.Now()
	r.Close()
	if waited := time.Since(began); waited > stepTimeout/2 {
		t.Errorf("closing waits for the step: %v", waited)
	}
	if log.Len() > 0 {
		t.Errorf("the log is %q", log.String())
	}
}
