package usage

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// archive has a number of steps to take, and notes what it is asked.
type archive struct {
	mu                 sync.Mutex
	toFold, toDelete   int
	folded, deleted    []time.Time
	fault              error
	ahead              time.Duration // of the database's clock, whose time is at
	called             chan struct{}
	waitsForItsContext bool
}

func newArchive(toFold, toDelete int) *archive {
	return &archive{toFold: toFold, toDelete: toDelete, called: make(chan struct{}, 1000)}
}

func (a *archive) RollUpUsage(ctx context.Context, before time.Time) (more bool, err error) {
	return a.step(ctx, &a.folded, &a.toFold, before)
}

func (a *archive) DeleteUsage(ctx context.Context, before time.Time) (more bool, err error) {
	return a.step(ctx, &a.deleted, &a.toDelete, before)
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
			t.Fatal("the keeper does nothing")
		}
	}
}

func keeperAt(a *archive, logger *slog.Logger, interval time.Duration) *Keeper {
	return keep(a, Retention{Fold: 90 * hours24, Delete: 400 * hours24}, func() time.Time { return at }, logger, interval)
}

// At each start all steps are taken, then none before the next hour.
func TestKeeperTidiesAtOnce(t *testing.T) {
	a := newArchive(2, 1)
	k := keeperAt(a, silent(), time.Hour)
	a.expectCalls(t, 5)
	k.Close()
	fold, remove := at.Add(-90*hours24), at.Add(-400*hours24)
	if !slices.Equal(a.folded, []time.Time{fold, fold, fold}) || !slices.Equal(a.deleted, []time.Time{remove, remove}) {
		t.Errorf("it folds before %v and deletes before %v", a.folded, a.deleted)
	}
}

// The earlier of the two clocks decides: neither a process nor a database whose
// clock is ahead has usage deleted before its time.
func TestKeeperMindsTheEarlierClock(t *testing.T) {
	for name, ahead := range map[string][2]time.Duration{
		"the process is a year ahead":  {365 * hours24, 0},
		"the database is a year ahead": {0, 365 * hours24},
	} {
		a := newArchive(0, 0)
		a.ahead = ahead[1]
		now := func() time.Time { return at.Add(ahead[0]) }
		k := keep(a, Retention{Fold: 90 * hours24, Delete: 400 * hours24}, now, silent(), time.Hour)
		a.expectCalls(t, 2)
		k.Close()
		if !a.folded[0].Equal(at.Add(-90*hours24)) || !a.deleted[0].Equal(at.Add(-400*hours24)) {
			t.Errorf("%s: it folds before %v and deletes before %v", name, a.folded, a.deleted)
		}
	}
}

func TestKeeperGoesOn(t *testing.T) {
	var log strings.Builder
	a := newArchive(0, 0)
	a.fault = errDown
	k := keeperAt(a, slog.New(slog.NewTextHandler(&log, nil)), time.Millisecond)
	a.expectCalls(t, 5)
	k.Close()
	if !strings.Contains(log.String(), "old usage cannot be folded or deleted") || !strings.Contains(log.String(), "down") {
		t.Errorf("the log is %q", log.String())
	}
	if len(a.deleted) > 0 {
		t.Error("it deletes what it could not fold")
	}
}

// Closing does not wait for a store that does not answer, and is no failure.
func TestKeeperCloses(t *testing.T) {
	var log strings.Builder
	a := newArchive(0, 0)
	a.waitsForItsContext = true
	k := keeperAt(a, slog.New(slog.NewTextHandler(&log, nil)), time.Hour)
	a.expectCalls(t, 1)
	began := time.Now()
	k.Close()
	if waited := time.Since(began); waited > stepTimeout/2 {
		t.Errorf("closing waits for the step: %v", waited)
	}
	if log.Len() > 0 {
		t.Errorf("the log is %q", log.String())
	}
}
