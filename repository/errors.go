package repository

import "errors"

// The outcomes that callers tell apart. Any other error means that the store
// failed.
var (
	// ErrNotFound says that there is no such key or user.
	ErrNotFound = errors.New("not found")
	// ErrConflict says that a unique value is taken; see ConflictError.
	ErrConflict = errors.New("already taken")
	// ErrRevoked says that a revoked key was left as it is.
	ErrRevoked = errors.New("key is revoked")
	// ErrExpirationFixed says that a key was left as it is, since an administrator
	// has set its expiration date.
	ErrExpirationFixed = errors.New("expiration date is fixed")
	// ErrTooManyKeys says that a user has as many keys as they may have.
	ErrTooManyKeys = errors.New("user has too many keys")
	// ErrTooManyTokens says that a user has MaxTokens tokens.
	ErrTooManyTokens = errors.New("user has too many tokens")
	// ErrTokenUsed says that a token is used up, was removed or has expired.
	ErrTokenUsed = errors.New("token is used up or has expired")
	// ErrOutdated says that what a change was based on has changed since.
	ErrOutdated = errors.New("changed meanwhile")
	// ErrTooBroad says that more than RowBudget rows would have to be read.
	ErrTooBroad = errors.New("filter is too broad")
	// ErrInvalidCursor says that a list cannot be continued from a cursor.
	ErrInvalidCursor = errors.New("invalid cursor")
	// ErrChangesLost says that the change log cannot be followed from a cursor.
	ErrChangesLost = errors.New("change log does not continue from the cursor")
	// ErrOutcomeUnknown says that a write was sent to be committed and the
	// answer was lost: it may or may not have come into force.
	ErrOutcomeUnknown = errors.New("outcome of the write is unknown")
)

// ConflictError is an ErrConflict that names the field whose value is taken:
// "id", "hash", "username" or "email". It never holds the value.
type ConflictError struct{ Field string }

// Error implements error.
func (e *ConflictError) Error() string { return e.Field + " is already taken" }

// Is makes errors.Is(err, ErrConflict) hold.
func (e *ConflictError) Is(target error) bool { return target == ErrConflict }

// BatchError is an ErrConflict that says that a batch was stored before, and which
// keys are its own. Some of them may have been deleted since.
type BatchError struct{ KeyIDs []string }

// Error implements error.
func (e *BatchError) Error() string { return "the batch is already stored" }

// Is makes errors.Is(err, ErrConflict) hold.
func (e *BatchError) Is(target error) bool { return target == ErrConflict }
