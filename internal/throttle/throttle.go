// Package throttle slows guessing down: it counts failures for each client
// address, and for each account, and says how long to wait before the next
// try.
package throttle

import (
	"net/netip"
	"time"
)

// ipv6Bits is the part of an IPv6 address that is counted as one client, since
// a single subscriber usually holds a whole /64 (RFC 6177).
const ipv6Bits = 64

// Throttle counts for each client address. It is safe for concurrent use, and
// its memory is bounded.
type Throttle struct{ failures *Buckets[netip.Prefix] }

// New returns a throttle that has seen no failure. Each address has burst
// failures free, and one more after each refill.
func New(burst int, refill time.Duration) *Throttle {
	return &Throttle{NewBuckets[netip.Prefix](burst, refill)}
}

// Wait returns how long the address must wait from now on before it may try;
// 0 if it may.
func (t *Throttle) Wait(address string, now time.Time) time.Duration {
	return t.failures.Wait(network(address), now)
}

// Fail counts a failure of the address.
func (t *Throttle) Fail(address string, now time.Time) { t.failures.Take(network(address), now) }

// Take counts one of the address, unless it has to wait. What turns out to be no
// failure is given back.
func (t *Throttle) Take(address string, now time.Time) (wait time.Duration, giveBack func()) {
	return t.failures.Take(network(address), now)
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
