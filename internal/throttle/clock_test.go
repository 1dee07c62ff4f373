package throttle

import (
	"testing"
	"testing/synctest"
	"time"
)

// A clock that is set moves a limit by no more than one interval, and what is
// said of the time to wait stays true.
func TestClockIsSet(t *testing.T) {
	for name, step := range map[string]time.Duration{
		"back an hour": -time.Hour, "forward an hour": time.Hour, "back a year": -365 * 24 * time.Hour, "forward a year": 365 * 24 * time.Hour,
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				now := func() time.Time { return time.Now().Round(0) } // no monotonic reading
				throttle := New(burst, refill)
				drain(throttle, now())
				now = func() time.Time { return time.Now().Add(step).Round(0) }
				if free := drain(throttle, now()); free > 1 {
					t.Errorf("the step is worth %d failures", free)
				}
				wait, _ := throttle.Take("192.0.2.1", now())
				if wait > refill {
					t.Errorf("one waits %v", wait)
				}
				time.Sleep(wait)
				if free := drain(throttle, now()); free != 1 {
					t.Errorf("after %v %d are free", wait, free)
				}
			})
		})
	}
}

// drain takes what is free.
func drain(throttle *Throttle, now time.Time) (free int) {
	for {
		if wait, _ := throttle.Take("192.0.2.1", now); wait > 0 {
			return free
		}
		free++
	}
}

// An address is known for 7 days, whatever the clock does meanwhile.
func TestKnownWhileTheClockIsSet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now().Round(0)
		known := NewKnown()
		known.Add("ana", "ana-id", "192.0.2.1", start)
		time.Sleep(lately - time.Minute)
		if !known.Has("ana", "192.0.2.1", start.Add(-time.Hour)) || !known.Has("ana", "192.0.2.1", time.Now()) {
			t.Error("the address is forgotten before its time")
		}
		time.Sleep(time.Minute)
		if known.Has("ana", "192.0.2.1", time.Now().Add(-time.Hour).Round(0)) {
			t.Error("the address is known for longer")
		}
	})
}

// Times that overtake one another give nothing away.
func TestTimesOvertake(t *testing.T) {
	throttle := New(burst, refill)
	drain(throttle, start)
	for range 1000 {
		for _, early := range []time.Duration{500 * time.Millisecond, 0} {
			if wait, _ := throttle.Take("192.0.2.1", start.Add(early)); wait < refill-time.Second {
				t.Fatalf("one waits %v", wait)
			}
		}
	}
}
