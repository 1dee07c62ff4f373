package usage

import (
	"context"
	"errors"
	"hash/crc32"
	"io"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/repository"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// store adds flushes as the contract says: a number that it has seen adds
// nothing.
type store struct {
	mu     sync.Mutex
	totals map[string]models.Usage
	// hours has the counts by what they are told apart by.
	hours  map[models.HourUsage]int64
	number int64
	// flushes are all that were sent.
	flushes []repository.Flush
	// before and after are returned instead of adding, and after adding.
	before, after error
	calls         int
}

func (s *store) AddUsage(_ context.Context, flush repository.Flush) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls++
	flush.Usages, flush.Hours = slices.Clone(flush.Usages), slices.Clone(flush.Hours) // they are the recorder's
	s.flushes = append(s.flushes, flush)
	if s.before != nil {
		return s.before
	}
	if flush.Number > s.number {
		s.number = flush.Number
		for _, u := range flush.Usages {
			u.TotalQueries += s.totals[u.KeyID].TotalQueries
			s.totals[u.KeyID] = u
		}
		for _, h := range flush.Hours {
			total := h.TotalQueries
			h.TotalQueries = 0
			s.hours[h] += total
		}
	}
	return s.after
}

func newStore() *store {
	return &store{totals: map[string]models.Usage{}, hours: map[models.HourUsage]int64{}}
}

// fail sets what the store returns from now on.
func (s *store) fail(before, after error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.before, s.after = before, after
}

func (s *store) total(keyID string) int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.totals[keyID].TotalQueries
}

var (
	errDown = errors.New("down")
	at      = time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
)

// newRecorder returns a recorder that flushes when the test says so.
func newRecorder(t *testing.T) (*Recorder, *store) {
	s := newStore()
	r := Start(s, time.Hour, slog.New(slog.NewTextHandler(io.Discard, nil)))
	t.Cleanup(func() { _ = r.Close(context.Background()) })
	return r, s
}

func TestFlushWritesWhatWasCounted(t *testing.T) {
	r, s := newRecorder(t)
	r.Count(newKeyFor("a", ""), "/", at)
	r.Count(newKeyFor("b", ""), "/", at.Add(time.Second))
	r.Count(newKeyFor("b", ""), "/", at)
	if err := r.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if s.total("a") != 1 || s.total("b") != 2 {
		t.Errorf("the store has %v", s.totals)
	}
	if latest := s.totals["b"].LatestQueryDate; !latest.Equal(at.Add(time.Second)) {
		t.Errorf("the latest query went back to %v", latest)
	}
}

func TestNothingCountedAsksNothing(t *testing.T) {
	r, s := newRecorder(t)
	if err := r.Flush(t.Context()); err != nil || s.calls != 0 {
		t.Errorf("%d calls, error %v", s.calls, err)
	}
}

// Whether the store added a flush or not before it failed, the counts end up
// there once.
func TestFailedFlushIsRepeatedOnce(t *testing.T) {
	for name, fail := range map[string]func(*store){
		"before it was added":       func(s *store) { s.fail(errDown, nil) },
		"before the acknowledgment": func(s *store) { s.fail(nil, errDown) },
	} {
		t.Run(name, func(t *testing.T) {
			r, s := newRecorder(t)
			fail(s)
			r.Count(newKeyFor("a", ""), "/", at)
			for range 3 {
				if err := r.Flush(t.Context()); !errors.Is(err, errDown) {
					t.Fatalf("a failed flush returns %v", err)
				}
				r.Count(newKeyFor("a", ""), "/", at)
			}
			s.fail(nil, nil)
			if err := r.Flush(t.Context()); err != nil || s.total("a") != 4 {
				t.Errorf("4 were counted, the store has %d (%v)", s.total("a"), err)
			}
		})
	}
}

func TestConcurrentCountsAndFlushes(t *testing.T) {
	r, s := newRecorder(t)
	var group sync.WaitGroup
	once, again := newKeyFor("a", ""), newKeyFor("a", "") // as it is when it was read again
	routes := []string{"/", "/", "/other"}
	for range 20 {
		group.Go(func() {
			for i := range 500 {
				r.Count([]*named{once, again}[i%2], routes[i%3], at.Add(time.Duration(i%2)*time.Hour))
				if i%100 == 0 {
					_ = r.Flush(t.Context())
				}
			}
		})
	}
	group.Wait()
	if err := r.Close(t.Context()); err != nil || s.total("a") != 20*500 {
		t.Errorf("%d were counted, the store has %d (%v)", 20*500, s.total("a"), err)
	}
}

func TestFlushesByItself(t *testing.T) {
	s := newStore()
	r := Start(s, time.Millisecond, slog.Default())
	r.Count(newKeyFor("a", ""), "/", at)
	for deadline := time.Now().Add(10 * time.Second); s.total("a") == 0; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("nothing was written")
		}
	}
	if err := r.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// A flush that takes longer than the interval is acknowledged all the same.
func TestSlowStore(t *testing.T) {
	s := &slowStore{newStore()}
	r := Start(s, time.Millisecond, slog.Default())
	r.Count(newKeyFor("a", ""), "/", at)
	for deadline := time.Now().Add(10 * time.Second); s.total("a") == 0; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("nothing was written")
		}
	}
	if err := r.Close(t.Context()); err != nil || s.total("a") != 1 {
		t.Errorf("1 was counted, the store has %d (%v)", s.total("a"), err)
	}
}

// slowStore takes many intervals, and heeds its deadline.
type slowStore struct{ *store }

func (s *slowStore) AddUsage(ctx context.Context, flush repository.Flush) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(50 * time.Millisecond):
		return s.store.AddUsage(ctx, flush)
	}
}

func TestCloseSaysWhatIsLost(t *testing.T) {
	s := newStore()
	s.fail(errDown, nil)
	r := Start(s, time.Hour, slog.Default())
	r.Count(newKeyFor("a", ""), "/", at)
	_ = r.Flush(t.Context())
	r.Count(newKeyFor("a", ""), "/", at)
	r.Count(newKeyFor("b", ""), "/", at)
	if err := r.Close(t.Context()); !errors.Is(err, errDown) || !strings.Contains(err.Error(), " 3 requests") {
		t.Errorf("Close returns %v", err)
	}
}

// named is a key in memory.
type named struct {
	id, user    string
	fingerprint uint32
	counter     Counter
}

func newKeyFor(id, user string) *named {
	return &named{id: id, user: user, fingerprint: crc32.ChecksumIEEE([]byte(id))}
}

func (n *named) ID() string        { return n.id }
func (n *named) UserID() string    { return n.user }
func (n *named) Counter() *Counter { return &n.counter }

func (n *named) Fingerprint() uint32 { return n.fingerprint }
