package mongodb

import (
	"context"
	"errors"
	"fmt"

	"go.mongodb.org/mongo-driver/v2/mongo"

	"github.com/ginauth/ginauth/repository"
)

// wrap adds what was being done to an error, turns the driver's absence into
// the contract's, and says so if it was the context that ended. A nil error
// stays nil.
func wrap(ctx context.Context, doing string, err error) error {
	if err == nil {
		return nil
	}
	if errors.Is(err, mongo.ErrNoDocuments) {
		return fmt.Errorf("%s: %w", doing, repository.ErrNotFound)
	}
	err = withoutValues(err)
	if ended := endOf(ctx); ended != nil && !errors.Is(err, ended) {
		err = fmt.Errorf("%w: %s", ended, err.Error()) // the driver's says that it was cancelled
	}
	return fmt.Errorf("%s: %w", doing, err)
}

// wrapWrite is wrap for a write that was sent: unless the server refused it,
// it may have come into force.
func wrapWrite(ctx context.Context, doing string, err error) error {
	if err == nil || wasRefused(err) || errors.Is(err, mongo.ErrClientDisconnected) {
		return wrap(ctx, doing, err)
	}
	return fmt.Errorf("%w: %w", repository.ErrOutcomeUnknown, wrap(ctx, doing, err))
}

// Codes of the server: https://www.mongodb.com/docs/manual/reference/error-codes/
const (
	authenticationFailed       = 18
	maxTimeMSExpired           = 50
	primarySteppedDown         = 189
	shutdownInProgress         = 91
	interruptedAtShutdown      = 11600
	interrupted                = 11601
	interruptedDueToReplChange = 11602
)

// wasRefused reports whether the server says that it did not write. An error
// of the write concern says that it did, and an interruption does not say.
func wasRefused(err error) bool {
	var refusal mongo.ServerError
	if !errors.As(err, &refusal) || refusal.HasErrorLabel("RetryableWriteError") || mongo.IsNetworkError(err) {
		return false
	}
	var write mongo.WriteException
	if errors.As(err, &write) && write.WriteConcernError != nil {
		return false
	}
	for _, code := range []int{
		0, maxTimeMSExpired, primarySteppedDown, shutdownInProgress, interruptedAtShutdown, interrupted, interruptedDueToReplChange,
	} {
		if refusal.HasErrorCode(code) {
			return false
		}
	}
	return true
}

// withoutValues leaves out the text of a server's refusal, which may quote
// stored values.
func withoutValues(err error) error {
	var refusal mongo.ServerError
	if !errors.As(err, &refusal) || mongo.IsNetworkError(err) {
		return err
	}
	if refusal.HasErrorCode(authenticationFailed) {
		return errors.New("the server refused the login")
	}
	return fmt.Errorf("the server refused it with code %v", mongo.ErrorCodes(err))
}
