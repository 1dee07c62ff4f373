// Package throttle slows guessing down: it counts failures for each client
// address and says how long an address must wait before it may try again.
package throttle

import (
	"net/netip"
	"time"

	"github.com/maypok86/otter/v2"
	"golang.org/x/time/rate"
)

const (
	// addresses bounds the table; the least used ones are forgotten first.
	addresses = 10_000
	// ipv6Bits is the part of an IPv6 address that is counted as one client,
	// since a single subscriber usually holds a whole /64 (RFC 6177).
	ipv6Bits = 64
)

// Throttle is safe for concurrent use. Its memory is bounded.
type Throttle struct {
	burst    int
	refill   time.Duration
	failures *otter.Cache[netip.Prefix, *rate.Limiter]
}

// New returns a throttle that has seen no failure. Each address has burst
// failures free, and one more after each refill.
func New(burst int, refill time.Duration) *Throttle {
	return &Throttle{burst, refill, otter.Must(&otter.Options[netip.Prefix, *rate.Limiter]{MaximumSize: addresses})}
}

// Wait returns how long the address must wait from now on before it may try;
// 0 if it may.
func (t *Throttle) Wait(address string, now time.Time) time.Duration {
	limiter, ok := t.failures.GetIfPresent(network(address))
	if !ok {
		return 0
	}
	missing := 1 - limiter.TokensAt(now)
	if missing <= 0 {
		return 0
	}
	return time.Duration(missing * float64(t.refill))
}

// Fail counts a failure of the address.
func (t *Throttle) Fail(address string, now time.Time) {
	limiter, _ := t.failures.ComputeIfAbsent(network(address), func() (*rate.Limiter, bool) {
		return rate.NewLimiter(rate.Every(t.refill), t.burst), false
	})
	limiter.AllowN(now, 1)
}

// network is what an address is counted under. Addresses that cannot be read
// share one place.
func network(address string) netip.Prefix {
	ip, err := netip.ParseAddr(address)
	if err != nil {
		return netip.Prefix{}
	}
	ip = ip.Unmap().WithZone("")
	bits := ip.BitLen()
	if ip.Is6() {
		bits = ipv6Bits
	}
	return netip.PrefixFrom(ip, bits).Masked()
}
