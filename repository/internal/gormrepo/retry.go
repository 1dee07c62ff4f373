package gormrepo

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/ginauth/ginauth/repository"
)

const (
	// mostAttempts bounds how often one call is tried.
	mostAttempts = 50
	// firstPause and longestPause bound the pause before an attempt; it doubles
	// from one to the next, and each is cut at random.
	firstPause, longestPause = 4 * time.Millisecond, 100 * time.Millisecond
)

// retry runs fn again while the backend says that what it did had no effect,
// within the context's deadline:
//   - it was rolled back, for another transaction's sake;
//   - there was no connection, since the server takes no more of them;
//   - the server takes no writes: once, on a connection that is made anew.
func (r *database) retry(ctx context.Context, fn func() error) error {
	r.backend.pools.grow()
	wasReadOnly := false
	for attempt := 1; ; attempt++ {
		err := r.judge(fn())
		readOnly := errors.Is(err, ErrReadOnly)
		if err == nil || attempt == mostAttempts || readOnly && wasReadOnly || !r.mayRetry(err) {
			return wrapEnd(ctx, err)
		}
		wasReadOnly = readOnly
		if !readOnly && !pause(ctx, attempt) {
			return wrapEnd(ctx, err)
		}
	}
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
	var again repeatable
	return errors.Is(err, ErrReadOnly) || errors.As(err, &again) || r.backend.IsRolledBack(err) || r.backend.IsRefusal(err)
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
func pause(ctx context.Context, attempt int) bool {
	longest := min(firstPause<<min(attempt-1, 10), longestPause)
	timer := time.NewTimer(rand.N(longest)) //nolint:gosec // it keeps nobody out
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
