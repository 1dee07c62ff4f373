package users

import (
	"context"
	"errors"
	"time"

	"github.com/ginauth/ginauth/internal/bulkhead"
	"github.com/ginauth/ginauth/internal/hashpool"
	"github.com/ginauth/ginauth/internal/throttle"
	"github.com/ginauth/ginauth/problem"
)

const (
	// loginsAtOnce is how many passwords of one account are checked at once, and
	// loginsWaiting how many of them wait.
	loginsAtOnce, loginsWaiting = 2, 100
	// An account has so many right passwords free, and one more after each refill.
	rightPasswords, rightRefill = 100, 100 * time.Millisecond
)

// loginLimits bound what one account takes of the memory and the time that
// passwords are hashed in, so that the logins of others go on beside. Use is
// counted after a password was right: guesses of others use up nothing of a
// user's.
type loginLimits struct {
	atOnce *bulkhead.Bulkhead
	right  *throttle.Buckets[string]
}

func newLoginLimits() loginLimits {
	return loginLimits{bulkhead.New(loginsAtOnce, loginsWaiting), throttle.NewBuckets[string](rightPasswords, rightRefill)}
}

// verify checks a password when it is the account's turn. From where the password
// was right before, a user who has used their logins up is refused first; from
// elsewhere that would tell that there is such a user.
func (l loginLimits) verify(ctx context.Context, account string, now func() time.Time, priority hashpool.Priority, check func() (bool, error)) (right bool, err error) {
	if priority == hashpool.Known {
		if err := l.wait(account, now()); err != nil {
			return false, err
		}
	}
	leave, err := l.enter(ctx, account)
	if err != nil {
		return false, err
	}
	defer leave()
	if priority == hashpool.Known { // others of the account may have come first
		if err := l.wait(account, now()); err != nil {
			return false, err
		}
	}
	return check()
}

func (l loginLimits) enter(ctx context.Context, account string) (leave func(), err error) {
	ctx, cancel := context.WithTimeout(ctx, hashpool.Timeout)
	defer cancel()
	leave, err = l.atOnce.Enter(ctx, account)
	if err != nil && !errors.Is(err, context.Canceled) { // else who has asked is gone
		return nil, tooManyLogins(time.Second)
	}
	return leave, err
}

func (l loginLimits) wait(userID string, now time.Time) error {
	if wait := l.right.Wait(userID, now); wait > 0 {
		return tooManyLogins(wait)
	}
	return nil
}

// succeed counts a right password.
func (l loginLimits) succeed(userID string, now time.Time) error {
	if wait, _ := l.right.Take(userID, now); wait > 0 {
		return tooManyLogins(wait)
	}
	return nil
}

func tooManyLogins(wait time.Duration) error {
	return problem.TooManyAttempts("Too many logins of this account.", wait)
}
