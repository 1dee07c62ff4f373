package usage

import (
	"fmt"
	"math"
	"testing"

	"github.com/ginauth/ginauth/models"
)

// More routes than have a number are told apart all the same.
func TestMoreRoutesThanNumbers(t *testing.T) {
	r, s := newRecorder(t)
	a, want := newKeyFor("a", ""), map[models.HourUsage]int64{}
	for i := range maxRoutes + 10 {
		route := fmt.Sprint("/", i)
		r.Count(a, route, at)
		want[models.HourUsage{KeyID: "a", Route: route, Hour: at}] = 1
	}
	flushed(t, r)
	s.expectHours(t, want)
}

// A counter that is full leaves further requests to the table.
func TestFullTally(t *testing.T) {
	r, s := newRecorder(t)
	a := newKeyFor("a", "")
	r.Count(a, "/", at)
	a.counter.state.Store(a.counter.state.Load() | maxTotal)
	for range 2 {
		r.Count(a, "/", at)
	}
	flushed(t, r)
	if total := s.total("a"); total != maxTotal+2 {
		t.Errorf("the total is %d", total)
	}
	s.expectHours(t, map[models.HourUsage]int64{{KeyID: "a", Route: "/", Hour: at}: maxTotal + 2})
}

// Keys are told apart by their ids, whatever their fingerprints, also one that
// is there twice, since it was read again.
func TestFingerprintsMayCoincide(t *testing.T) {
	r, s := newRecorder(t)
	for range 2 {
		for i := range uint32(5) {
			key := newKeyFor(fmt.Sprint("key-", i), "")
			key.fingerprint = math.MaxUint32 - i/2
			r.Count(key, "/", at)
		}
	}
	flushed(t, r)
	if len(s.flushes) != 1 || len(s.flushes[0].Usages) != 5 || len(s.flushes[0].Hours) != 5 {
		t.Fatalf("there are %d flushes: %v", len(s.flushes), s.flushes)
	}
	for _, usage := range s.flushes[0].Usages {
		if usage.TotalQueries != 2 {
			t.Errorf("%s has a total of %d", usage.KeyID, usage.TotalQueries)
		}
	}
}

// Written requests are not counted again, and later ones are.
func TestTallyBeginsAgain(t *testing.T) {
	r, s := newRecorder(t)
	a := newKeyFor("a", "")
	for i := range 5 {
		r.Count(a, fmt.Sprint("/", i%2), at)
		flushed(t, r)
	}
	if s.total("a") != 5 || r.counts.held.Load() != 0 {
		t.Errorf("the total is %d, and %d counts are held", s.total("a"), r.counts.held.Load())
	}
	s.expectHours(t, map[models.HourUsage]int64{{KeyID: "a", Route: "/0", Hour: at}: 3, {KeyID: "a", Route: "/1", Hour: at}: 2})
}
