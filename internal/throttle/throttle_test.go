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
		t.Fail(address, start)
	}
}

func TestWaitGrowsWithFailures(t *testing.T) {
	throttle := New(burst, refill)
	failures(throttle, "192.0.2.1", burst-1)
	if wait := throttle.Wait("192.0.2.1", start); wait != 0 {
		t.Errorf("one failure before the limit one waits %v", wait)
	}
	failures(throttle, "192.0.2.1", 1)
	if wait := throttle.Wait("192.0.2.1", start); wait != refill {
		t.Errorf("at the limit one waits %v, not %v", wait, refill)
	}
	if wait := throttle.Wait("192.0.2.1", start.Add(refill/2)); wait != refill/2 {
		t.Errorf("half a refill later one waits %v", wait)
	}
	if wait := throttle.Wait("192.0.2.1", start.Add(refill)); wait != 0 {
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
			if got := throttle.Wait(test.other, start) > 0; got != test.shared {
				t.Errorf("throttled: %v, want %v", got, test.shared)
			}
		})
	}
}

// A flood from many addresses cannot take more memory than the table's bound.
func TestTableIsBounded(t *testing.T) {
	throttle := New(burst, refill)
	for i := range 5 * maxBuckets {
		throttle.Fail(fmt.Sprintf("10.%d.%d.%d", i>>16, i>>8&255, i&255), start)
	}
	throttle.failures.buckets.CleanUp()
	if size := throttle.failures.buckets.EstimatedSize(); size > maxBuckets {
		t.Errorf("the table holds %d addresses, more than %d", size, maxBuckets)
	}
}
