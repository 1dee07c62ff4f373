package throttle

import (
	"net/netip"
	"sync"
	"time"

	"github.com/maypok86/otter/v2"
)

const (
	// lately is how long an address stays known.
	lately = 7 * 24 * time.Hour
	// maxKnown bounds the accounts of which addresses are known; those that were
	// used least are forgotten first. maxNetworks bounds the addresses of each, so
	// that one user cannot make those of others be forgotten.
	maxKnown    = 10_000
	maxNetworks = 16
)

// Known remembers from which client addresses the credentials of an account were
// right lately. It is safe for concurrent use.
type Known struct {
	accounts *otter.Cache[string, *networks]
	start    sync.Once
	clock    *stepped
}

// networks are those of one account, the latest at the end.
type networks struct {
	mu   sync.Mutex
	list []success
}

// success is from where the credentials were right, whose they were, and when.
type success struct {
	network netip.Prefix
	owner   string
	at      instant
}

// NewKnown returns one that knows no address.
func NewKnown() *Known {
	return &Known{accounts: otter.Must(&otter.Options[string, *networks]{MaximumSize: maxKnown})}
}

// Add notes that the credentials of the account were right, and whose they are.
func (k *Known) Add(account, owner, address string, now time.Time) {
	at := k.at(now)
	n, _ := k.accounts.ComputeIfAbsent(account, func() (*networks, bool) { return &networks{}, false })
	n.mu.Lock()
	defer n.mu.Unlock()
	n.remove(network(address))
	if len(n.list) == maxNetworks {
		n.list = n.list[1:]
	}
	n.list = append(n.list, success{network(address), owner, at})
}

// Has reports whether the credentials were right from the address lately.
func (k *Known) Has(account, address string, now time.Time) bool {
	last, ok := k.find(account, address)
	if !ok {
		return false
	}
	at := k.at(now)
	passed, _ := at.since(last.at, lately)
	return max(passed, at.process-last.at.process) < lately
}

// owner returns whose credentials were right from the address.
func (k *Known) owner(account, address string) (owner string, ok bool) {
	last, ok := k.find(account, address)
	return last.owner, ok
}

// forget makes the address one that is not known to the account.
func (k *Known) forget(account, address string) {
	if n, ok := k.accounts.GetIfPresent(account); ok {
		n.mu.Lock()
		defer n.mu.Unlock()
		n.remove(network(address))
	}
}

func (k *Known) find(account, address string) (success, bool) {
	n, ok := k.accounts.GetIfPresent(account)
	if !ok {
		return success{}, false
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	from := network(address)
	for _, s := range n.list {
		if s.network == from {
			return s, true
		}
	}
	return success{}, false
}

func (k *Known) at(now time.Time) instant {
	k.start.Do(func() { k.clock = newStepped(now) })
	return k.clock.at(now)
}

func (n *networks) remove(network netip.Prefix) {
	for i, s := range n.list {
		if s.network == network {
			n.list = append(n.list[:i:i], n.list[i+1:]...)
			return
		}
	}
}
