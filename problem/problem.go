// Package problem holds the one error type that ginauth's services return.
//
// A problem says what is wrong with a call in words for the client. Its kind
// says whose turn it is: the caller's, to send something else, or the
// operator's. The kinds know nothing of HTTP; ginauth turns them into statuses
// in one place.
package problem

import (
	"errors"
	"time"
)

// Kind groups problems by what a caller can do about them.
type Kind int

// The kinds. The zero Kind is none of them.
const (
	// KindMalformed is that of input that could not be read.
	KindMalformed Kind = iota + 1
	// KindUnauthenticated is that of a credential that is missing or wrong.
	KindUnauthenticated
	// KindForbidden is that of a caller who is known and not allowed.
	KindForbidden
	// KindNotFound is that of a reference to nothing.
	KindNotFound
	// KindConflict is that of a change that the stored state does not allow.
	KindConflict
	// KindTooLarge is that of input above a bound.
	KindTooLarge
	// KindUnsupported is that of input in another format.
	KindUnsupported
	// KindInvalid is that of input that was read and cannot be accepted.
	KindInvalid
	// KindLimited is that of a caller who has to wait; see Error.RetryAfter.
	KindLimited
	// KindUnavailable is that of an outage: the answer is not known. The error's
	// cause is for operators.
	KindUnavailable
)

// Error is why a call was refused. Compare kinds and codes, not the text.
type Error struct {
	Kind Kind
	// Code names the reason and stays the same between versions: "key_expired".
	Code string
	// Detail is a sentence for the client. It holds no internals and no secret.
	Detail string
	// Fields names the fields that were refused, if any were.
	Fields []Field
	// RetryAfter is after how long to try again; zero if that is not known.
	RetryAfter time.Duration
	// Extra are further members of the problem (RFC 9457, section 3.2).
	Extra map[string]any

	cause error
}

// Field says what is wrong with one field of the input.
type Field struct {
	Field  string `json:"field" validate:"required" example:"email"`
	Code   string `json:"code" validate:"required" example:"email_invalid"`
	Detail string `json:"detail" validate:"required" example:"The email address must be a plain address like name@example.org."`
} // @name FieldProblem

// Error implements error, for operators: the code, and the cause or the detail.
func (e *Error) Error() string {
	if e.cause != nil {
		return e.Code + ": " + e.cause.Error()
	}
	return e.Code + ": " + e.Detail
}

// Unwrap returns the cause, such as the error of a database; nil if there is none.
func (e *Error) Unwrap() error { return e.cause }

// WithCause returns a copy of the problem that wraps the cause.
func (e *Error) WithCause(cause error) *Error {
	copied := *e
	copied.cause = cause
	return &copied
}

// From returns the problem that an error is or wraps; nil for no error. An error
// without a problem means that the store failed, and becomes store_unavailable.
func From(err error) *Error {
	if err == nil {
		return nil
	}
	var known *Error
	if errors.As(err, &known) {
		return known
	}
	return Unavailable("store_unavailable", "The key database is temporarily unavailable. Try again.").WithCause(err)
}

// Is reports whether an error is or wraps a problem with the code.
func Is(err error, code string) bool {
	var known *Error
	return errors.As(err, &known) && known.Code == code
}
