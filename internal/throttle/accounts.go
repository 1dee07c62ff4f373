package throttle

import (
	"net/netip"
	"time"

	"github.com/maypok86/otter/v2"
)

// lately is how long an address stays known to an account.
const lately = 7 * 24 * time.Hour

// Accounts slows down guessing the passwords of accounts: for each account and
// client address, and with a larger budget for each account, from wherever it
// is tried. An address from which the password was right lately has its own
// budget alone, so that others cannot lock it out. It is safe for concurrent
// use, and its memory is bounded.
type Accounts struct {
	pairs    *Buckets[pair]
	accounts *Buckets[string]
	known    *otter.Cache[pair, time.Time]
}

type pair struct {
	account string
	network netip.Prefix
}

// NewAccounts returns one that has seen no failure. Each account has burst
// failures free from each address, and ten times as many in all; after each
// refill there is one more of the former, and ten of the latter.
func NewAccounts(burst int, refill time.Duration) *Accounts {
	return &Accounts{
		pairs: NewBuckets[pair](burst, refill), accounts: NewBuckets[string](10*burst, refill/10),
		known: otter.Must(&otter.Options[pair, time.Time]{MaximumSize: maxBuckets}),
	}
}

// Try counts a guess from the address before anything is made of it, so that
// many at once get no further than one after the other; unless it has to wait.
// What turns out to be no guess is given back.
func (a *Accounts) Try(account, address string, now time.Time) (wait time.Duration, giveBack func()) {
	wait, giveBackPair := a.pairs.Take(pair{account, network(address)}, now)
	if wait > 0 || a.Knows(account, address, now) {
		return wait, giveBackPair
	}
	wait, giveBackAccount := a.accounts.Take(account, now)
	if wait > 0 {
		giveBackPair()
	}
	return wait, func() { giveBackPair(); giveBackAccount() }
}

// Succeed notes that the password was right.
func (a *Accounts) Succeed(account, address string, now time.Time) {
	a.known.Set(pair{account, network(address)}, now)
}

// Knows reports whether the password was right from the address lately.
func (a *Accounts) Knows(account, address string, now time.Time) bool {
	date, ok := a.known.GetIfPresent(pair{account, network(address)})
	return ok && now.Sub(date) < lately
}
