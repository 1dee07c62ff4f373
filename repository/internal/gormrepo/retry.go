package gormrepo

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/ginauth/ginauth/repository"
)

const (
	// mostAttempts bounds how often a server is asked for a connection at the start.
	mostAttempts = 50
	// repeatedFor bounds how long after its first attempt a call without a deadline
	// is repeated.
	repeatedFor = 3 * time.Second
	// firstPause bounds the pause before the second attempt; it doubles from one to
	// the next, and each is cut at random.
	firstPause = 4 * time.Millisecond
	// longestPause bounds a pause for a server that refuses connections.
	longestPause = 100 * time.Millisecond
	// longestYield bounds a pause after a rollback for another's sake. Writers on
	// other nodes of a cluster begin their next change within a millisecond or two, so
	// a call that pauses for longer loses to them for seconds.
	longestYield = 10 * time.Millisecond
)

// retry runs fn again while the backend says that what it did had no effect,
// within the context's deadline:
//   - it was rolled back, for another transaction's sake;
//   - there was no connection, since the server takes no more of them;
//   - the server takes no writes: once, on a connection that is made anew.
func (r *database) retry(ctx context.Context, fn func() error) error {
	r.backend.pools.grow()
	var wasReadOnly bool
	var end time.Time
	for attempt := 1; ; attempt++ {
		err := r.judge(fn())
		if attempt == 1 {
			end = endOfRepeating(ctx)
		}
		readOnly := errors.Is(err, ErrReadOnly)
		if err == nil || readOnly && wasReadOnly || !r.mayRetry(err) || !time.Now().Before(end) {
			return wrapEnd(ctx, err)
		}
		wasReadOnly = readOnly
		if !readOnly && !pause(ctx, attempt, r.longestPause(err)) {
			return wrapEnd(ctx, err)
		}
	}
}

func endOfRepeating(ctx context.Context) time.Time {
	if deadline, ok := ctx.Deadline(); ok {
		return deadline
	}
	return time.Now().Add(repeatedFor)
}

func (r *database) longestPause(err error) time.Duration {
	if r.wasRolledBack(err) {
		return longestYield
	}
	return longestPause
}

// judge draws the conclusions from an error that concern more than its call.
func (r *database) judge(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, ErrReadOnly):
		r.backend.pools.reconnect()
	case r.backend.IsReadOnly(err):
		r.backend.pools.reconnect()
		return readOnlyError{err}
	}
	return err
}

func (r *database) mayRetry(err error) bool {
	if errors.Is(err, repository.ErrOutcomeUnknown) {
		return false
	}
	return errors.Is(err, ErrReadOnly) || r.wasRolledBack(err) || r.backend.IsRefusal(err)
}

func (r *database) wasRolledBack(err error) bool {
	var again repeatable
	return errors.As(err, &again) || r.backend.IsRolledBack(err)
}

// readOnlyError is a driver's way to say ErrReadOnly.
type readOnlyError struct{ error }

// Unwrap makes the driver's error found.
func (e readOnlyError) Unwrap() []error { return []error{ErrReadOnly, e.error} }

// repeatable is an error of a statement after whose transaction was rolled back
// all of it may be tried again.
type repeatable struct{ error }

// Unwrap makes the driver's error found.
func (e repeatable) Unwrap() error { return e.error }

// pause waits before the next attempt; false if there is no time for one.
func pause(ctx context.Context, attempt int, longest time.Duration) bool {
	timer := time.NewTimer(rand.N(min(firstPause<<min(attempt-1, 10), longest))) //nolint:gosec // it keeps nobody out
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
