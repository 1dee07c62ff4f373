package throttle

import (
	"net/netip"
	"time"
)

// Accounts slows down guessing the passwords of accounts, which are told apart
// by the logins that are tried: for each account and client address, and with
// larger budgets for each account, from wherever it is tried, and for each
// address, whichever accounts it tries. An address from which an account's
// password was right lately has a budget of its own there, as large as those, so
// that others cannot lock it out and right passwords may be sent many at a time.
// It is safe for concurrent use, and its memory is bounded.
type Accounts struct {
	unknownAddresses *Buckets[pair]
	familiar         *Buckets[pair]
	accounts         *Buckets[string]
	addresses        *Throttle
	known            *Known
}

type pair struct {
	account string
	network netip.Prefix
}

// NewAccounts returns one that has seen no failure. Each account has burst
// failures free from each address; ten times as many have the account in all,
// the address, and an address that is known to the account, and a hundred times
// as many an IPv6 /48. After each refill there is one more of the first, and ten
// or a hundred of the others.
func NewAccounts(burst int, refill time.Duration) *Accounts {
	return &Accounts{
		unknownAddresses: NewBuckets[pair](burst, refill),
		familiar:         NewBuckets[pair](10*burst, refill/10),
		accounts:         NewBuckets[string](10*burst, refill/10),
		addresses:        New(10*burst, refill/10),
		known:            NewKnown(),
	}
}

// Try counts a guess from the address before anything is made of it, so that
// many at once get no further than one after the other; unless it has to wait.
// An attempt that turns out to be no guess is refunded.
func (a *Accounts) Try(account, address string, now time.Time) (wait time.Duration, refund func()) {
	from := pair{account, network(address)}
	if a.Knows(account, address, now) {
		return a.familiar.Take(from, now)
	}
	return All( // the address first: one that has to wait takes nothing from accounts
		func() (time.Duration, func()) { return a.addresses.Take(address, now) },
		func() (time.Duration, func()) { return a.unknownAddresses.Take(from, now) },
		func() (time.Duration, func()) { return a.accounts.Take(account, now) },
	)
}

// Succeed notes that the password was right, and whose it is.
func (a *Accounts) Succeed(account, owner, address string, now time.Time) {
	a.known.Add(account, owner, address, now)
}

// Knows reports whether the password was right from the address lately.
func (a *Accounts) Knows(account, address string, now time.Time) bool {
	return a.known.Has(account, address, now)
}

// Disown forgets the address where it is known to another than the owner, who
// has the account by now, and reports whether it was: or one could make oneself
// known to a login and leave it for its next owner.
func (a *Accounts) Disown(account, owner, address string) bool {
	last, ok := a.known.owner(account, address)
	if !ok || last == owner {
		return false
	}
	a.known.forget(account, address)
	return true
}
