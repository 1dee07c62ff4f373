package changefeed

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// Entries from before are no news; but nothing that was read before the end
// of the log was known can be relied on.
func TestBeginsAtTheEnd(t *testing.T) {
	f := newTestFeed(t, "a", "b")
	f.mustRead()
	f.mustRead()
	if f.listener.all != 1 || len(f.listener.changed) != 0 {
		t.Errorf("%d times all, and %v", f.listener.all, f.listener.changed)
	}
}

func TestPassesChangesOnOnce(t *testing.T) {
	f := newTestFeed(t, "a")
	f.mustRead()
	f.store.add("b", "c", "b")
	f.mustRead()
	f.mustRead()
	if want := []string{"b", "c", "b"}; !slices.Equal(f.listener.changed, want) || f.listener.all != 1 {
		t.Errorf("%v were passed on, want %v", f.listener.changed, want)
	}
}

// All there is is read before anything is confirmed.
func TestManyChanges(t *testing.T) {
	f := newTestFeed(t)
	f.mustRead()
	want := make([]string, 3*pageSize)
	for i := range want {
		want[i] = fmt.Sprint(i)
	}
	f.store.add(want...)
	f.mustRead()
	if !slices.Equal(f.listener.changed, want) {
		t.Errorf("%d were passed on", len(f.listener.changed))
	}
}

func TestFailureConfirmsNothing(t *testing.T) {
	for name, begin := range map[string]func(f *feed){
		"at first":   func(*feed) {},
		"afterwards": func(f *feed) { f.mustRead() },
	} {
		t.Run(name, func(t *testing.T) {
			f := newTestFeed(t, "a")
			begin(f)
			confirmed := f.listener.confirmed
			f.store.with(func(s *store) { s.failing = true })
			if err := f.read(); !errors.Is(err, errDown) || f.listener.confirmed != confirmed {
				t.Errorf("it is confirmed all the same (%v)", err)
			}
			f.store.with(func(s *store) { s.failing = false })
			f.mustRead()
		})
	}
}

// A restored database is followed from its end on, after everything was
// forgotten.
func TestLostLog(t *testing.T) {
	f := newTestFeed(t, "a", "b", "c")
	f.mustRead()
	f.store.with(func(s *store) { s.lost, s.entries = true, s.entries[:1] })
	f.mustRead()
	if f.listener.all != 2 {
		t.Errorf("all was invalidated %d times", f.listener.all)
	}
	f.store.add("d")
	f.mustRead()
	if !slices.Equal(f.listener.changed, []string{"d"}) {
		t.Errorf("%v were passed on", f.listener.changed)
	}
}

// A replica in the database's place lacks what was read before, too.
func TestReplicaIsNotFollowed(t *testing.T) {
	f := newTestFeed(t, "a", "b")
	f.mustRead()
	confirmed := f.listener.confirmed
	f.store.with(func(s *store) { s.lost, s.readOnly = true, true })
	for range 2 {
		if err := f.read(); err == nil {
			t.Error("a replica is followed")
		}
	}
	if f.listener.all != 1 || f.listener.confirmed != confirmed {
		t.Error("a replica is taken for the database")
	}
}

// However slow the store is within its deadline, and whenever the change falls
// between two readings, it is heard of within a second.
func TestBound(t *testing.T) {
	for _, delay := range []time.Duration{0, timeout / 2, timeout - 1} {
		for offset := time.Duration(0); offset < 2*time.Second; offset += 37 * time.Millisecond {
			synctest.Test(t, func(t *testing.T) {
				s, l := &store{delay: delay}, &listener{}
				f := Start(s, l, time.Now, slog.New(slog.DiscardHandler))
				defer f.Close()
				time.Sleep(3*time.Second + offset)
				s.add("a")
				time.Sleep(time.Second)
				synctest.Wait()
				l.mu.Lock()
				defer l.mu.Unlock()
				if len(l.changed) == 0 {
					t.Errorf("a change is not heard of within a second (delay %v, offset %v)", delay, offset)
				}
			})
		}
	}
}

func TestNotify(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, l := &store{}, &listener{}
		f := Start(s, l, time.Now, slog.New(slog.DiscardHandler))
		defer f.Close()
		synctest.Wait()
		s.add("a")
		for range 3 {
			f.notify()
		}
		synctest.Wait()
		l.mu.Lock()
		defer l.mu.Unlock()
		if !slices.Contains(l.changed, "a") {
			t.Error("it did not look")
		}
	})
}

// After a failure there may be a connection to be made, which takes longer than
// a reading may.
func TestConnectsOverADistance(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newTestFeed(t)
		f.mustRead()
		f.store.with(func(s *store) { s.delay = 2 * time.Second })
		if !f.pollAndReport(t.Context(), false) {
			t.Error("a reading takes as long as it likes")
		}
		begin := time.Now()
		if f.pollAndReport(t.Context(), true) {
			t.Error("a connection over a distance is never made")
		}
		if !f.listener.confirmed.Equal(begin) {
			t.Errorf("it is confirmed as of %v, not %v", f.listener.confirmed, begin)
		}
	})
}

func TestReportsOnce(t *testing.T) {
	f := newTestFeed(t)
	f.store.with(func(s *store) { s.failing = true })
	failing := f.pollAndReport(t.Context(), false)
	failing = f.pollAndReport(t.Context(), failing)
	f.store.with(func(s *store) { s.failing = false })
	failing = f.pollAndReport(t.Context(), failing)
	f.pollAndReport(t.Context(), failing)
	if n := strings.Count(f.log.String(), "\n"); n != 2 || !strings.Contains(f.log.String(), "again") {
		t.Errorf("it reports %s", f.log)
	}
}

func TestSkewedClocks(t *testing.T) {
	for ahead, warnings := range map[time.Duration]int{
		900 * time.Millisecond: 0, -900 * time.Millisecond: 0, 1100 * time.Millisecond: 1, -time.Hour: 1,
	} {
		f := newTestFeed(t)
		f.store.ahead = ahead
		for range 3 {
			f.mustRead()
		}
		if n := strings.Count(f.log.String(), "clocks"); n != warnings {
			t.Errorf("%v ahead is warned about %d times", ahead, n)
		}
	}
}

// bell is a store that notifications when it is told to, and fails at times.
type notifyingStore struct {
	*store
	notifications chan struct{}
	breaks        chan error
}

func (b *notifyingStore) Subscribe(ctx context.Context, notify func()) error {
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case err := <-b.breaks:
			return err
		case <-b.notifications:
			notify()
		}
	}
}

// A notification of the database is heeded at once, also after a failure.
func TestDatabaseRings(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, l := &notifyingStore{&store{}, make(chan struct{}), make(chan error)}, &listener{}
		f := Start(s, l, time.Now, slog.New(slog.DiscardHandler))
		defer f.Close()
		for i := range 3 {
			synctest.Wait()
			s.add(fmt.Sprint(i))
			s.notifications <- struct{}{}
			synctest.Wait()
			l.mu.Lock()
			if len(l.changed) != i+1 {
				t.Errorf("it has heard of %v", l.changed)
			}
			l.mu.Unlock()
			s.breaks <- errDown
			time.Sleep(subscribePause)
		}
	})
}
