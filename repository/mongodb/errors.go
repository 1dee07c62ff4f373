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
	if ended := contextEnd(ctx); ended != nil && !errors.Is(err, ended) {
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
	hostUnreachable            = 6
	hostNotFound               = 7
	unauthorized               = 13
	authenticationFailed       = 18
	maxTimeMSExpired           = 50
	writeConcernFailed         = 64
	indexOptionsConflict       = 85
	indexKeySpecsConflict      = 86
	networkTimeout             = 89
	shutdownInProgress         = 91
	noMajorityReads            = 148
	primarySteppedDown         = 189
	networkTimeLimit           = 202
	exceededTimeLimit          = 262
	noQueryPlan                = 291
	socketException            = 9001
	interruptedAtShutdown      = 11600
	interrupted                = 11601
	interruptedDueToReplChange = 11602
	outOfDiskSpace             = 14031
)

// wasRefused reports whether the server says that it did not write. An error
// of the write concern says that it did, and an interruption does not say. An
// error that the driver has met by a second attempt tells of the first one by
// its labels only.
func wasRefused(err error) bool {
	var refusal mongo.ServerError
	if !errors.As(err, &refusal) || isWritten(err) || mongo.IsNetworkError(err) {
		return false
	}
	if refusal.HasErrorLabel(retryable) {
		return hasWrittenNothing(refusal)
	}
	return !hasAny(refusal,
		0, hostUnreachable, hostNotFound, maxTimeMSExpired, writeConcernFailed, networkTimeout, shutdownInProgress, primarySteppedDown,
		networkTimeLimit, exceededTimeLimit, socketException, interruptedAtShutdown, interrupted, interruptedDueToReplChange)
}

// remedies says more of some codes.
func remedies() map[int]string {
	return map[int]string{
		unauthorized:          "the account may not do that, it needs the role readWrite on the database",
		indexOptionsConflict:  "there is an index of these fields with other options; drop it",
		indexKeySpecsConflict: "there is an index of this name with other fields; drop it",
		noMajorityReads:       "it keeps nothing for reads of a majority; remove enableMajorityReadConcern=false",
		noQueryPlan:           "it refuses scans; set notablescan to false",
		outOfDiskSpace:        "its disk is full",
	}
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
	for code, remedy := range remedies() {
		if refusal.HasErrorCode(code) {
			return fmt.Errorf("the server refused it with code %d: %s", code, remedy)
		}
	}
	return fmt.Errorf("the server refused it with code %v", mongo.ErrorCodes(err))
}
