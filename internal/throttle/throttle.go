// Package throttle slows guessing down: it counts failures for each client
// address, and for each account, and says how long to wait before the next
// try.
//
// Its limits hold whatever else is counted, and whatever the clock does: a clock
// that is set, forwards or backwards, moves no limit by more than one interval.
package throttle

import (
	"net/netip"
	"time"
)

// An IPv6 address is counted by its /64, since a single subscriber usually holds
// one (RFC 6177), and by its /48, which is the most that one is given. A /48
// has larger budgets, since many may share it.
const (
	networkBits = 64
	siteBits    = 48
	siteFactor  = 10
)

// Throttle counts for each client address. It is safe for concurrent use, and
// its memory is bounded.
type Throttle struct{ networks, sites *Buckets[netip.Prefix] }

// New returns a throttle that has seen no failure. Each address has burst
// failures free, and one more after each refill; an IPv6 /48 ten times as many.
func New(burst int, refill time.Duration) *Throttle {
	return &Throttle{
		networks: NewBuckets[netip.Prefix](burst, refill),
		sites:    NewBuckets[netip.Prefix](siteFactor*burst, refill/siteFactor),
	}
}

// Take counts one of the address, unless it has to wait. A try that turns out to be
// no failure is refunded.
func (t *Throttle) Take(address string, now time.Time) (wait time.Duration, refund func()) {
	site, ok := siteFrom(address)
	if !ok {
		return t.networks.Take(network(address), now)
	}
	return All(
		func() (time.Duration, func()) { return t.networks.Take(network(address), now) },
		func() (time.Duration, func()) { return t.sites.Take(site, now) },
	)
}

// All takes of each, or of none if one has to wait.
func All(takes ...func() (time.Duration, func())) (wait time.Duration, refund func()) {
	refund = func() {}
	for _, take := range takes {
		wait, refundThis := take()
		if wait > 0 {
			refund()
			return wait, func() {}
		}
		before := refund
		refund = func() { before(); refundThis() }
	}
	return 0, refund
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
		bits = networkBits
	}
	return netip.PrefixFrom(ip, bits).Masked()
}

// siteFrom is the /48 of an IPv6 address; others have none.
func siteFrom(address string) (site netip.Prefix, ok bool) {
	ip, err := netip.ParseAddr(address)
	if err != nil || !ip.Unmap().Is6() {
		return netip.Prefix{}, false
	}
	return netip.PrefixFrom(ip.WithZone(""), siteBits).Masked(), true
}
