package throttle

import (
	"fmt"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	burst  = 10
	refill = 10 * time.Second
)

var start = time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)

func failures(t *Throttle, address string, n int) {
	for range n {
		t.Take(address, start)
	}
}

// waitFrom looks without counting.
func waitFrom(t *Throttle, address string, now time.Time) time.Duration {
	wait, refund := t.Take(address, now)
	refund()
	return wait
}

func TestWaitGrowsWithFailures(t *testing.T) {
	throttle := New(burst, refill)
	failures(throttle, "192.0.2.1", burst-1)
	if wait := waitFrom(throttle, "192.0.2.1", start); wait != 0 {
		t.Errorf("one failure before the limit one waits %v", wait)
	}
	failures(throttle, "192.0.2.1", 1)
	if wait := waitFrom(throttle, "192.0.2.1", start); wait != refill {
		t.Errorf("at the limit one waits %v, not %v", wait, refill)
	}
	if wait := waitFrom(throttle, "192.0.2.1", start.Add(refill/2)); wait != refill/2 {
		t.Errorf("half a refill later one waits %v", wait)
	}
	if wait := waitFrom(throttle, "192.0.2.1", start.Add(refill)); wait != 0 {
		t.Errorf("a refill later one waits %v", wait)
	}
}

func TestWhoSharesAPlace(t *testing.T) {
	for _, test := range []struct {
		name, guilty, other string
		shared              bool
	}{
		{"another IPv4 address", "192.0.2.1", "192.0.2.2", false},
		{"the same /64", "2001:db8::1", "2001:db8::ffff:1", true},
		{"another /64", "2001:db8::1", "2001:db8:0:1::1", false},
		{"an IPv4 address written as IPv6", "192.0.2.1", "::ffff:192.0.2.1", true},
		{"other IPv4 addresses written as IPv6", "::ffff:192.0.2.1", "::ffff:192.0.2.2", false},
		{"a zone", "fe80::1%eth0", "fe80::1", true},
		{"what is no address", "", "nonsense", true},
	} {
		t.Run(test.name, func(t *testing.T) {
			throttle := New(burst, refill)
			failures(throttle, test.guilty, burst)
			if got := waitFrom(throttle, test.other, start) > 0; got != test.shared {
				t.Errorf("throttled: %v, want %v", got, test.shared)
			}
		})
	}
}

// A /48 has a budget over all that it holds.
func TestSiteOfManyNetworks(t *testing.T) {
	throttle := New(burst, refill)
	free := 0
	for i := range 1000 {
		if wait, _ := throttle.Take(fmt.Sprintf("2001:db8:1:%x::1", i), start); wait == 0 {
			free++
		}
	}
	if free != 10*burst {
		t.Errorf("a /48 has %d failures free", free)
	}
	if wait := waitFrom(throttle, "2001:db8:2::1", start); wait != 0 {
		t.Errorf("another /48 waits %v", wait)
	}
	if wait := waitFrom(throttle, "192.0.2.1", start); wait != 0 {
		t.Errorf("an IPv4 address waits %v", wait)
	}
}

// However many others are counted, no address gets new failures, and hardly any
// other loses its own.
func TestFloodForgetsNothing(t *testing.T) {
	throttle := New(burst, refill)
	failures(throttle, "192.0.2.1", burst)
	for i := range 50_000 {
		throttle.Take(fmt.Sprintf("10.%d.%d.%d", i>>16, i>>8&255, i&255), start)
	}
	if wait := waitFrom(throttle, "192.0.2.1", start); wait < refill {
		t.Errorf("after a flood the address waits %v", wait)
	}
	waiting := 0
	for i := range 1000 {
		if waitFrom(throttle, fmt.Sprintf("172.16.%d.%d", i>>8, i&255), start) > 0 {
			waiting++
		}
	}
	if waiting > 100 {
		t.Errorf("of 1000 addresses that did nothing %d wait", waiting)
	}
}
