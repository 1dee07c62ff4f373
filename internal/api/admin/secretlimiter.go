package admin

import (
	"time"

	"github.com/ginauth/ginauth/internal/throttle"
	"github.com/ginauth/ginauth/problem"
	"github.com/ginauth/ginauth/security"
)

// A client address has so many wrong admin secrets free, and one more after each
// refill. Where a secret is short enough to be guessed, all addresses have a
// budget together besides, since somebody may have any number of them.
const (
	secretGuesses, secretRefill       = 10, 10 * time.Second
	allSecretGuesses, allSecretRefill = 100, 10 * time.Second
)

// secretLimiter slow down guessing the admin secret.
type secretLimiter struct {
	isShort   bool // a secret is
	addresses *throttle.Throttle
	all       *throttle.Buckets[struct{}]
	// familiar is for addresses from which the secret was right lately, which
	// known holds: others' guesses cannot lock them out.
	familiar *throttle.Throttle
	known    *throttle.Known
}

func newSecretLimiter(isShort bool) secretLimiter {
	return secretLimiter{
		isShort:   isShort,
		addresses: throttle.New(secretGuesses, secretRefill),
		all:       throttle.NewBuckets[struct{}](allSecretGuesses, allSecretRefill),
		familiar:  throttle.New(secretGuesses, secretRefill),
		known:     throttle.NewKnown(),
	}
}

// take counts a guess from the address, unless it has to wait.
func (l secretLimiter) take(address string, now time.Time) (wait time.Duration, refund func()) {
	if l.known.Has("", address, now) {
		return l.familiar.Take(address, now)
	}
	if !l.isShort {
		return l.addresses.Take(address, now)
	}
	return throttle.All(
		func() (time.Duration, func()) { return l.addresses.Take(address, now) },
		func() (time.Duration, func()) { return l.all.Take(struct{}{}, now) },
	)
}

// compare compares a secret with the right ones. Wrong ones are counted
// before they are compared, and nobody who has to wait learns whether theirs is
// right; but a right one that is too long to be guessed is accepted at any time.
func (a *API) compare(address, secret string) error {
	if !security.IsWeakSecret(secret) && a.secrets.Match(secret) {
		return nil
	}
	now := a.Now()
	wait, refund := a.limiter.take(address, now)
	if wait > 0 {
		return problem.TooManyAttempts("Too many wrong secrets.", wait)
	}
	if a.secrets.Match(secret) {
		refund()
		a.limiter.known.Add("", "", address, now)
		return nil
	}
	return problem.Unauthenticated("secret_wrong", "The admin secret is wrong.")
}
