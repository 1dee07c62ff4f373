package mongodb

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"go.mongodb.org/mongo-driver/v2/mongo"
)

const (
	// mostAttempts bounds how often one write is tried.
	mostAttempts = 50
	// firstPause and longestPause bound the pause before an attempt; it doubles
	// from one to the next, and each is cut at random.
	firstPause, longestPause = 4 * time.Millisecond, 100 * time.Millisecond
)

// repeated makes a write again while the server says that it was rolled back,
// until the context ends. A repository that was closed writes nothing.
func repeated[T any](ctx context.Context, p *primary, write func() (T, error)) (T, error) {
	if p.closed.Load() {
		var none T
		return none, mongo.ErrClientDisconnected
	}
	for attempt := 1; ; attempt++ {
		result, err := write()
		if !isRolledBack(err) || attempt == mostAttempts || pause(ctx, attempt) != nil {
			return result, err
		}
	}
}

// Codes of errors after which nothing is left of what one document was to
// become: another writer came first, a lock could not be had, or the server is
// not the primary.
const (
	lockTimeout             = 24
	lockBusy                = 46
	lockFailed              = 107
	writeConflict           = 112
	notWritablePrimary      = 10107
	notPrimaryNoSecondaryOK = 13435
	notPrimaryOrSecondary   = 13436
)

// isRolledBack reports whether the server says that a write has changed nothing
// and that it may be tried again. Where the driver may have made two attempts,
// the code is that of one of them, and a label tells that none has written.
func isRolledBack(err error) bool {
	var refusal mongo.ServerError
	if !errors.As(err, &refusal) || isWritten(err) || mongo.IsNetworkError(err) {
		return false
	}
	if refusal.HasErrorLabel(retryable) {
		return hasWrittenNothing(refusal)
	}
	return hasAny(refusal, lockTimeout, lockBusy, lockFailed, writeConflict, notWritablePrimary, notPrimaryNoSecondaryOK, notPrimaryOrSecondary)
}

// retryable labels an error after which the driver has tried once more, or could
// have.
const retryable = "RetryableWriteError"

// hasWrittenNothing reads the label of a server that knows it of all attempts.
func hasWrittenNothing(refusal mongo.ServerError) bool {
	return refusal.HasErrorLabel("NoWritesPerformed")
}

// isWritten reports whether the server says that a write was made and that only
// its acknowledgement by others is missing.
func isWritten(err error) bool {
	var one mongo.WriteException
	var many mongo.BulkWriteException
	return errors.As(err, &one) && one.WriteConcernError != nil || errors.As(err, &many) && many.WriteConcernError != nil
}

func hasAny(refusal mongo.ServerError, codes ...int) bool {
	for _, code := range codes {
		if refusal.HasErrorCode(code) {
			return true
		}
	}
	return false
}

// pause lets others go first before the attempt that follows the given one, for
// a moment that no two share.
func pause(ctx context.Context, attempt int) error {
	timer := time.NewTimer(rand.N(min(firstPause<<min(attempt-1, 10), longestPause))) //nolint:gosec // no secret
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
