package usage

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ginauth/ginauth/models"
)

// newLimited returns a recorder with little memory, which flushes when the
// test says so.
func newLimited(t *testing.T, limits limits, logger *slog.Logger) (*Recorder, *store) {
	t.Helper()
	s := newStore()
	r := start(s, time.Hour, logger, limits)
	t.Cleanup(r.stop)
	return r, s
}

func silent() *slog.Logger { return slog.New(slog.NewTextHandler(io.Discard, nil)) }

func (s *store) expectHours(t *testing.T, want map[models.HourUsage]int64) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if !maps.Equal(s.hours, want) {
		t.Errorf("the store has\n%v, want\n%v", s.hours, want)
	}
}

func flushed(t *testing.T, r *Recorder) {
	t.Helper()
	if err := r.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// The requests of one hour of UTC on one route are one count, whatever the zone
// of the clock.
func TestCountsByHourAndRoute(t *testing.T) {
	r, s := newRecorder(t)
	kathmandu := time.FixedZone("Kathmandu", 20_700)
	last := at.Add(time.Hour - time.Millisecond)
	a := newKeyFor("a", "ana")
	for _, moment := range []time.Time{at, last, last.In(kathmandu), at.Add(time.Hour)} {
		r.Count(a, "/a/:id", moment)
	}
	r.Count(a, "", at)
	r.Count(newKeyFor("b", ""), "/a/:id", at)
	flushed(t, r)
	s.expectHours(t, map[models.HourUsage]int64{
		{KeyID: "a", UserID: "ana", Route: "/a/:id", Hour: at}:                3,
		{KeyID: "a", UserID: "ana", Route: "/a/:id", Hour: at.Add(time.Hour)}: 1,
		{KeyID: "a", UserID: "ana", Route: "", Hour: at}:                      1,
		{KeyID: "b", UserID: "", Route: "/a/:id", Hour: at}:                   1,
	})
	if s.total("a") != 5 || !s.totals["a"].LatestQueryDate.Equal(at.Add(time.Hour)) {
		t.Errorf("the totals are %v", s.totals)
	}
}

// However many requests there are, a flush is one call.
func TestFlushIsOneCall(t *testing.T) {
	r, s := newRecorder(t)
	keys := make([]*named, 1000)
	for i := range keys {
		keys[i] = newKeyFor(fmt.Sprint("key-", i), "")
	}
	for i := range 50_000 {
		r.Count(keys[i%1000], "/", at)
	}
	flushed(t, r)
	if s.calls != 1 || len(s.flushes[0].Usages) != 1000 || len(s.flushes[0].Hours) != 1000 {
		t.Errorf("%d calls are made", s.calls)
	}
}

// A backlog goes through in steps, each of which is repeated unchanged until
// it is acknowledged.
func TestBacklog(t *testing.T) {
	r, s := newRecorder(t)
	const keys = 2*countsPerFlush + countsPerFlush/2
	for i := range keys {
		r.Count(newKeyFor(fmt.Sprint("key-", i), ""), "/", at)
	}
	s.fail(nil, errDown)
	for range 3 {
		if err := r.Flush(t.Context()); !errors.Is(err, errDown) {
			t.Fatalf("a failed flush returns %v", err)
		}
	}
	s.fail(nil, nil)
	r.Count(newKeyFor("late", ""), "/", at)
	flushed(t, r)
	if len(s.totals) != keys+1 || len(s.hours) != keys+1 || len(s.flushes) != 6 {
		t.Fatalf("the store has %d keys after %d flushes", len(s.totals), len(s.flushes))
	}
	for i, flush := range s.flushes {
		number := max(1, int64(i-2))
		if flush.Number != number || len(flush.Hours) > countsPerFlush || number == 1 && !reflect.DeepEqual(flush, s.flushes[0]) {
			t.Errorf("flush %d has number %d and %d counts", i, flush.Number, len(flush.Hours))
		}
	}
	for id, total := range s.totals {
		if total.TotalQueries != 1 {
			t.Errorf("%s has a total of %d", id, total.TotalQueries)
		}
	}
}

// A backlog does not wait for an interval between its steps.
func TestBacklogGoesThroughAtOnce(t *testing.T) {
	r, s := newRecorder(t)
	for i := range 3 * countsPerFlush {
		r.Count(newKeyFor(fmt.Sprint("key-", i), ""), "/", at)
	}
	if r.flushAndReport(t.Context(), false) || len(s.totals) != 3*countsPerFlush {
		t.Errorf("the store has %d keys", len(s.totals))
	}
}

// Detail goes first, requests last; nothing goes unsaid.
func TestShortMemory(t *testing.T) {
	var log strings.Builder
	r, s := newLimited(t, limits{counters: 1, routes: 1, hours: 3, keys: 4}, slog.New(slog.NewTextHandler(&log, nil)))
	a, b := newKeyFor("a", "ana"), newKeyFor("b", "")
	for range 3 {
		r.Count(a, "/1", at)                // 1: has room
		r.Count(a, "/2", at)                // 2: has room
		r.Count(a, "/3", at)                // 3: loses its route
		r.Count(a, "/4", at)                // is one with 3
		r.Count(a, "", at.Add(time.Hour))   // 4: has no route to lose
		r.Count(a, "/1", at.Add(2*hours24)) // 5: loses its hour
		r.Count(b, "/1", at)                // has no room
		r.Count(a, "/1", at)                // is one with 1
	}
	if r.flushAndReport(t.Context(), false) {
		t.Fatal("the flush fails")
	}
	s.expectHours(t, map[models.HourUsage]int64{
		{KeyID: "a", UserID: "ana", Route: "/1", Hour: at}:              6,
		{KeyID: "a", UserID: "ana", Route: "/2", Hour: at}:              3,
		{KeyID: "a", UserID: "ana", Route: "", Hour: at}:                6,
		{KeyID: "a", UserID: "ana", Route: "", Hour: at.Add(time.Hour)}: 3,
	})
	if s.total("a") != 21 || s.total("b") != 0 {
		t.Errorf("the totals are %v", s.totals)
	}
	expectLosses(t, &log, "requests_counted_without_route=6", "requests_counted_without_hour=3", "requests_not_counted=3")
	r.flushAndReport(t.Context(), false)
	if log.Len() > 0 {
		t.Errorf("without another loss the log has %s", &log)
	}
	r.Count(b, "/9", at) // there is room again
	if err := r.Close(t.Context()); s.total("b") != 1 || err == nil || !strings.Contains(err.Error(), "3 requests were not counted") {
		t.Errorf("the total of b is %d, and Close returns %v", s.total("b"), err)
	}
}

// Close reports the losses after the last flush of the goroutine.
func TestCloseReportsLosses(t *testing.T) {
	var log strings.Builder
	r, s := newLimited(t, limits{counters: 1}, slog.New(slog.NewTextHandler(&log, nil)))
	r.Count(newKeyFor("a", ""), "/", at)
	r.Count(newKeyFor("b", ""), "/", at)
	if err := r.Close(t.Context()); err == nil || !strings.Contains(err.Error(), "1 requests were not counted") || s.total("a") != 1 {
		t.Errorf("Close returns %v", err)
	}
	expectLosses(t, &log, "requests_not_counted=1")
}

const hours24 = 24 * time.Hour

// expectLosses looks into the log and empties it.
func expectLosses(t *testing.T, log *strings.Builder, want ...string) {
	t.Helper()
	text := log.String()
	log.Reset()
	for _, part := range want {
		if !strings.Contains(text, part) || strings.Count(text, "\n") != 1 {
			t.Errorf("the log has not %s alone: %s", part, text)
		}
	}
}

// Counts that wait for an acknowledgement take a part of the memory.
func TestMemoryOfAnOutage(t *testing.T) {
	r, s := newLimited(t, limits{counters: 2, routes: 3, hours: 4, keys: 5}, silent())
	s.fail(errDown, nil)
	for i := range 100 {
		r.Count(newKeyFor(fmt.Sprint("key-", i%10), ""), fmt.Sprint("/", i), at)
		if err := r.Flush(t.Context()); err == nil {
			t.Fatal("a failed flush succeeds")
		}
		if held := r.counts.held.Load(); held > 5 {
			t.Fatalf("%d counts are held", held)
		}
	}
	s.fail(nil, nil)
	flushed(t, r)
	var stored int64
	for _, usage := range s.totals {
		stored += usage.TotalQueries
	}
	if lost := r.counts.losses().requests; stored+lost != 100 || lost == 0 || r.counts.held.Load() != 0 {
		t.Errorf("of 100 requests %d are stored and %d reported, %d counts are held", stored, lost, r.counts.held.Load())
	}
	_ = r.Close(t.Context())
}

// While memory is short and the store comes and goes, each request is stored or
// reported, however many count at once.
func TestConcurrentCountsInShortMemory(t *testing.T) {
	r, s := newLimited(t, limits{counters: 10, routes: 20, hours: 30, keys: 40}, silent())
	const goroutines, each = 100, 300
	keys := make([]*named, 60)
	for i := range keys {
		keys[i] = newKeyFor(fmt.Sprint("key-", i), "")
	}
	var group sync.WaitGroup
	for g := range goroutines {
		group.Go(func() {
			for i := range each {
				r.Count(keys[(g*each+i)%60], fmt.Sprint("/", i%7), at.Add(time.Duration(i%3)*time.Hour))
				if i%50 == 0 {
					s.fail(nil, map[bool]error{true: errDown}[i%100 == 0])
					_ = r.Flush(t.Context())
				}
			}
		})
	}
	group.Wait()
	s.fail(nil, nil)
	err := r.Close(t.Context())
	var totals, hours int64
	for _, usage := range s.totals {
		totals += usage.TotalQueries
	}
	for _, total := range s.hours {
		hours += total
	}
	lost := r.counts.losses()
	if totals+lost.requests != goroutines*each || hours+lost.hours+lost.requests != goroutines*each || r.counts.held.Load() != 0 {
		t.Errorf("%d in totals, %d in hours, lost %+v, held %d (%v)", totals, hours, lost, r.counts.held.Load(), err)
	}
}

func TestStorableRoutes(t *testing.T) {
	for route, want := range map[string]string{
		"": "", "/users/:id": "/users/:id", "/é/😀": "/é/😀", "/a\x00b": "/ab", "/a\xffb": "/ab", "\x00": "",
		strings.Repeat("x", 512):         strings.Repeat("x", 512),
		strings.Repeat("x", 513):         strings.Repeat("x", 512),
		"x" + strings.Repeat("é", 256):   "x" + strings.Repeat("é", 255),
		strings.Repeat("😀", 200):         strings.Repeat("😀", 128),
		"xx" + strings.Repeat("\x00", 9): "xx",
	} {
		if got := storable(route); got != want {
			t.Errorf("%.20q… becomes %.20q… of %d bytes", route, got, len(got))
		}
	}
}

// A route that no store can keep is counted as one that it can.
func TestUnstorableRoutesAreCounted(t *testing.T) {
	r, s := newRecorder(t)
	for _, end := range []string{"a", "b"} {
		r.Count(newKeyFor("key", ""), strings.Repeat("x", 512)+end, at)
		r.Count(newKeyFor("key", ""), "/\x00\xff", at)
	}
	flushed(t, r)
	s.expectHours(t, map[models.HourUsage]int64{
		{KeyID: "key", Route: strings.Repeat("x", 512), Hour: at}: 2, {KeyID: "key", Route: "/", Hour: at}: 2,
	})
}

// Counting is part of every guarded request.
func TestCountingAllocatesNothing(t *testing.T) {
	r, _ := newRecorder(t)
	key := newKeyFor("key", "user")
	for _, route := range []string{"/a", "/b"} {
		r.Count(key, route, at)
	}
	if n := testing.AllocsPerRun(100, func() { r.Count(key, "/a", at); r.Count(key, "/b", at) }); n > 0 {
		t.Errorf("a count allocates %v times", n)
	}
}
