// Package store is how services ask the repository: within a bounded time, and
// with its errors turned into problems.
package store

import (
	"context"
	"errors"
	"time"

	"github.com/ginauth/ginauth/problem"
	"github.com/ginauth/ginauth/repository"
)

// Timeout bounds what one step of a call asks of the repository.
const Timeout = 5 * time.Second

// Context bounds one step of a call.
func Context(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, Timeout)
}

// Finish is Context for what a request over HTTP has begun: it goes on when the client
// closes its sending side, which some do after each request and which cannot be told from
// its going away. The deadline of the request stays.
func Finish(ctx context.Context) (context.Context, context.CancelFunc) {
	return FinishWithin(ctx, Timeout)
}

// FinishWithin is Finish with another bound.
func FinishWithin(ctx context.Context, limit time.Duration) (context.Context, context.CancelFunc) {
	end := time.Now().Add(limit)
	if deadline, ok := ctx.Deadline(); ok && deadline.Before(end) {
		end = deadline
	}
	return context.WithDeadline(context.WithoutCancel(ctx), end)
}

// Problem turns an error of the repository into a problem; nil stays nil. The
// caller says what was not found, since it knows what was looked for.
func Problem(err error, notFound *problem.Error) error {
	var known *problem.Error
	var conflict *repository.ConflictError
	switch {
	case err == nil, errors.As(err, &known):
		return err
	case errors.Is(err, repository.ErrNotFound):
		return notFound.WithCause(err)
	case errors.As(err, &conflict) && (conflict.Field == "username" || conflict.Field == "email"):
		return Taken(conflict.Field).WithCause(err)
	case errors.Is(err, repository.ErrOutdated):
		return problem.Conflict("changed_meanwhile", "The user was changed meanwhile; try again.").WithCause(err)
	case errors.Is(err, repository.ErrInvalidCursor):
		return problem.InvalidFields(problem.Field{Field: "cursor", Code: "cursor_invalid", Detail: "This must be the next_cursor of the page before, with the other parameters as they were."}).WithCause(err)
	case errors.Is(err, repository.ErrOutcomeUnknown):
		return problem.Unavailable("outcome_unknown", outcomeUnknown).WithCause(err)
	default:
		return problem.From(err)
	}
}

const outcomeUnknown = "The change may have been made: the connection to the database was lost before it was confirmed. " +
	"Repeat the call, which is safe. A repeated /new issues one more key; look at the list of keys for one that is not used, and revoke it."

// Taken is the problem of a username or an email address that is another user's.
func Taken(field string) *problem.Error {
	code := field + "_taken"
	return problem.Conflict(code, "The "+field+" belongs to someone else.", problem.Field{Field: field, Code: code, Detail: "This is already taken."})
}
