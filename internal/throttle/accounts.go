package throttle

import (
	"net/netip"
	"time"

	"github.com/maypok86/otter/v2"
)

// lately is how long an address stays known to an account.
const lately = 7 * 24 * time.Hour

// Accounts slows down guessing the passwords of accounts, which are told apart
// by the logins that are tried: for each account and client address, and with
// larger budgets for each account, from wherever it is tried, and for each
// address, whichever accounts it tries. An address from which an account's
// password was right lately has a budget of its own there, as large as those, so
// that others cannot lock it out and right passwords may be sent many at a time.
// It is safe for concurrent use, and its memory is bounded: of what it counts it
// holds the 10,000 that were used most.
type Accounts struct {
	strangers *Buckets[pair]
	familiar  *Buckets[pair]
	accounts  *Buckets[string]
	addresses *Buckets[netip.Prefix]
	known     *otter.Cache[pair, success]
}

type pair struct {
	account string
	network netip.Prefix
}

// success is whose password was right, and when.
type success struct {
	owner string
	date  time.Time
}

// NewAccounts returns one that has seen no failure. Each account has burst
// failures free from each address; ten times as many have the account in all,
// the address, and an address that is known to the account. After each refill
// there is one more of the former, and ten of the latter.
func NewAccounts(burst int, refill time.Duration) *Accounts {
	return &Accounts{
		strangers: NewBuckets[pair](burst, refill),
		familiar:  NewBuckets[pair](10*burst, refill/10),
		accounts:  NewBuckets[string](10*burst, refill/10),
		addresses: NewBuckets[netip.Prefix](10*burst, refill/10),
		known:     otter.Must(&otter.Options[pair, success]{MaximumSize: maxBuckets}),
	}
}

// Try counts a guess from the address before anything is made of it, so that
// many at once get no further than one after the other; unless it has to wait.
// What turns out to be no guess is given back.
func (a *Accounts) Try(account, address string, now time.Time) (wait time.Duration, giveBack func()) {
	from := pair{account, network(address)}
	if a.Knows(account, address, now) {
		return a.familiar.Take(from, now)
	}
	return All( // the address first: one that has to wait can push nobody else's buckets out
		func() (time.Duration, func()) { return a.addresses.Take(from.network, now) },
		func() (time.Duration, func()) { return a.strangers.Take(from, now) },
		func() (time.Duration, func()) { return a.accounts.Take(account, now) },
	)
}

// All takes of each, or of none if one has to wait.
func All(takes ...func() (time.Duration, func())) (wait time.Duration, giveBack func()) {
	giveBack = func() {}
	for _, take := range takes {
		wait, giveThisBack := take()
		if wait > 0 {
			giveBack()
			return wait, giveBack
		}
		before := giveBack
		giveBack = func() { before(); giveThisBack() }
	}
	return 0, giveBack
}

// Succeed notes that the password was right, and whose it is.
func (a *Accounts) Succeed(account, owner, address string, now time.Time) {
	a.known.Set(pair{account, network(address)}, success{owner, now})
}

// Knows reports whether the password was right from the address lately.
func (a *Accounts) Knows(account, address string, now time.Time) bool {
	last, ok := a.known.GetIfPresent(pair{account, network(address)})
	return ok && now.Sub(last.date) < lately
}

// Disown forgets the address where it is known to another than the owner, who
// has the account by now, and reports whether it was: or one could make oneself
// known to a login and leave it for its next owner.
func (a *Accounts) Disown(account, owner, address string) bool {
	from := pair{account, network(address)}
	last, ok := a.known.GetIfPresent(from)
	if !ok || last.owner == owner {
		return false
	}
	a.known.Invalidate(from)
	return true
}
