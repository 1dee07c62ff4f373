// Package repository defines what ginauth asks of a database: one interface,
// its errors, and the filters and pages of its lists. The backends live below
// this folder, one driver each; repositorytest.Run tells whether one is done.
package repository

import (
	"context"
	"time"

	"github.com/ginauth/ginauth/models"
)

// Repository stores keys, users and usage. This comment and those of the
// methods are the contract that every backend keeps.
//
//   - It is safe for concurrent use by many goroutines and many processes.
//   - Each method is atomic: it happens as a whole or not at all. What a write
//     has changed, every call that begins after it has returned sees, on every
//     node.
//   - Errors are wrapped; compare with errors.Is and errors.As. What has no
//     meaning of its own below says that the store failed, and the caller
//     fails closed. Only after ErrOutcomeUnknown may something have changed.
//     Repeating the call then is safe, and answers as one that comes second:
//     CreateKey and CreateUser with ErrConflict, DeleteKey and DeleteUser with
//     ErrNotFound, UpdateUser with ErrTokenUsed or ErrOutdated, RenewKey without
//     reactivated.
//   - Errors hold no stored value: no hash, no name, no address.
//   - Times are kept as UTC in whole milliseconds, cut, not rounded; the zero
//     time stays zero, and any other before 1970 becomes its first millisecond.
//   - Strings and hashes are kept, compared and sorted byte for byte. Strings
//     are UTF-8 without NUL; every backend takes 64 bytes of id, node and hint,
//     128 of actor and of a token's purpose, 512 of a route and of a canonical
//     name or address, and 1,024 of the rest.
//   - Every change to a key or a user, its deletion included, appends to the
//     change log, and what is said to be no change of a user does not. The entry can be read before the method returns, and whoever
//     has read it sees the change or a later one. A backend that cannot write
//     both at once may show the change before its entry; should it be
//     interrupted in between, it adds the entry later by itself.
//   - A context that is cancelled or past its deadline ends a call with an
//     error that wraps the context's.
type Repository interface {
	// CreateKey stores a new key with an empty usage. Its Version becomes 1, its
	// Username is ignored.
	// ErrConflict with field "id" if that is or ever was taken, with field
	// "hash" if that is taken; ErrNotFound if UserID is set and names no user.
	// If UserVersion is set, too, ErrOutdated if the user has another Version:
	// a key is not issued to who has proved themselves by what was changed since.
	// If maxKeys is above 0, ErrTooManyKeys if the user named by UserID has so
	// many keys already that are not revoked, expired ones included. That bound is
	// exact, however many keys are created at the same time.
	CreateKey(ctx context.Context, act Act, key models.APIKey, maxKeys int) error

	// CreateUser stores a new user together with their first key, both or
	// neither; the change log has the user first. The user's Version becomes 1.
	// The key's UserID must be the user's ID. ErrConflict with field "username"
	// or "email" (compared in their canonical forms), "id" or "hash".
	CreateUser(ctx context.Context, act Act, user models.User, key models.APIKey) error

	// KeyByHash finds a key, with its owner's Username, DisabledDate, AccessUntil
	// and UserVersion, whatever its status.
	// ErrNotFound if there is none.
	KeyByHash(ctx context.Context, hash []byte) (models.APIKey, error)

	// RenewKey sets the expiration date and returns the key as it is afterwards.
	// A revoked key is left alone with ErrRevoked, unless the renewal reactivates
	// it, which lifts the revocation and is reported. A key whose date is fixed is
	// left alone with ErrExpirationFixed if its owner renews it. The version grows
	// by one. ErrNotFound for an unknown id.
	RenewKey(ctx context.Context, act Act, id string, renewal Renewal) (key models.APIKey, reactivated bool, err error)

	// RevokeKey sets the revocation date to the act's and returns the key; the
	// version grows by one. Revoking again changes nothing and logs nothing: the
	// first date stays.
	// ErrNotFound for an unknown id.
	RevokeKey(ctx context.Context, act Act, id string) (models.APIKey, error)

	// DeleteKey removes a key for good. Its usage stays under the id, which
	// can never be taken again. ErrNotFound for an unknown id.
	DeleteKey(ctx context.Context, act Act, id string) error

	// UserByID, UserByUsername and UserByEmail find a user, the latter by the
	// canonical forms. ErrNotFound if there is none.
	UserByID(ctx context.Context, id string) (models.User, error)
	UserByUsername(ctx context.Context, canonical string) (models.User, error)
	UserByEmail(ctx context.Context, canonical string) (models.User, error)

	// UpdateUser replaces all of a user but the ID, CanonicalUsername, Username,
	// CreationDate and MailFailureDate, which stay, if the user still has the given
	// Version, which grows by one; it returns the user as they are then. A change
	// of CanonicalEmail clears MailFailureDate. What else the update says happens
	// in the same step. The change log has the user alone. ErrNotFound for an
	// unknown id, then ErrTokenUsed, then ErrOutdated if the version is another;
	// ErrConflict with field "email".
	UpdateUser(ctx context.Context, act Act, user models.User, update UserUpdate) (models.User, error)

	// RehashPassword replaces the stored hash of a user's password by another of
	// the same password. It is no change of the user. ErrOutdated if the stored
	// hash is not the old one, ErrNotFound for an unknown id.
	RehashPassword(ctx context.Context, userID, old, hash string) error

	// NoteMailFailure sets a user's MailFailureDate, if there is none yet, or
	// clears it, if the date is zero. It is no change of the user. Of an unknown
	// id nothing is noted.
	NoteMailFailure(ctx context.Context, userID string, date time.Time) error

	// AddToken stores a token of a user and removes those of the user that have
	// expired when it begins, by its CreationDate. It is no change of the user.
	// Adding a token again changes nothing. ErrNotFound if UserID names no user;
	// ErrTooManyTokens if the user has MaxTokens tokens.
	AddToken(ctx context.Context, token models.Token) error

	// TokensOf returns the tokens of a user in the order of their creation, those
	// included that have expired and are still stored. They are never nil; an
	// unknown user has none.
	TokensOf(ctx context.Context, userID string) ([]models.Token, error)

	// DeleteToken removes a token of a user; one that is not there is fine.
	DeleteToken(ctx context.Context, userID string, hash []byte) error

	// DeleteUser removes a user and their tokens for good: nothing of them is kept
	// but their id in the series of usage and in the change log. Their keys have no owner
	// from then on; they are revoked at the act's date, unless detach is set and
	// the user is not disabled: what was not in force does not come into force.
	// The change log has the user alone. ErrNotFound for an unknown id.
	DeleteUser(ctx context.Context, act Act, id string, detach bool) error

	// ListUsers lists users, a page at a time, in the order of their ids; the
	// page's Sort must be SortID. Rows are never nil. Errors are those of
	// ListUsage.
	ListUsers(ctx context.Context, filter UserFilter, page Page) (UserPage, error)

	// AddUsage adds a flush to the totals, and its hours to the series of their
	// hour and of their day, however long ago that was; the latest query date
	// never goes back. It is idempotent: a flush whose number is not above the node's
	// latest adds nothing and returns nil. Should it fail, parts of it may have
	// been added, and repeating it adds the rest. It neither reads nor writes
	// keys: what was counted for a key that is gone, or that never was, is kept
	// under its id, which is taken then. What is remembered of a node is kept.
	// The flush's slices are the caller's again when it returns.
	AddUsage(ctx context.Context, flush Flush) error

	// ListUsage lists keys with their usage, deleted ones included, a page at
	// a time. Rows are never nil; of an unknown status there are none. An error
	// if the page's limit is out of bounds; ErrInvalidCursor if its cursor was
	// not made by a call with the same sort and order.
	ListUsage(ctx context.Context, filter UsageFilter, page Page) (UsagePage, error)

	// UsageSeries returns how often keys were used in each hour or day, a page
	// at a time, ordered by date and then, as far as the series is broken down
	// by them, by key, user and route. Rows are never nil, and none is zero. An
	// error if the page's limit is out of bounds or its interval unknown;
	// ErrInvalidCursor if its cursor was not made by a call with the same
	// interval and breakdown.
	UsageSeries(ctx context.Context, filter SeriesFilter, page SeriesPage) (Series, error)

	// FoldUsage removes the hours of the days that had ended at the given time,
	// some of them in one call, and reports whether there may be more. The days
	// keep their sums, since AddUsage adds to both: so folding can be repeated,
	// cut short and done by many at once, and what is added to a folded day
	// later counts.
	FoldUsage(ctx context.Context, before time.Time) (more bool, err error)

	// DeleteUsage removes the days that had ended at the given time together
	// with their hours, some of them in one call, and reports whether there may
	// be more. The totals of ListUsage stay.
	DeleteUsage(ctx context.Context, before time.Time) (more bool, err error)

	// LatestChange returns the cursor of the newest entry of the change log,
	// the zero Cursor while it is empty.
	LatestChange(ctx context.Context) (Cursor, error)

	// Changes returns the entries that follow after, in the order of their
	// numbers and without a gap, at most limit of them, which is at least 1;
	// never nil. An entry that is still being written ends the list. The zero
	// Cursor is the beginning of the log. ErrChangesLost if the log does not hold
	// what follows (it has a gap, was pruned or cut by hand, or the database was
	// restored from a copy that differs): the caller reads again all that it holds
	// and goes on from LatestChange, taken before that.
	// Both fail on a server that takes no writes, which may lag behind.
	Changes(ctx context.Context, after Cursor, limit int) ([]models.Change, error)

	// PruneChanges removes the entries of the change log that are older than
	// ChangesKeptFor by the database's clock, from the beginning on to the first
	// one that is not, and never any of the newest ChangesKept. It removes some of
	// them in one call, and reports whether there may be more. Numbers are never
	// used again.
	PruneChanges(ctx context.Context) (more bool, err error)

	// Clock returns the database's time, by which no date is set; callers
	// compare it with their own.
	Clock(ctx context.Context) (time.Time, error)

	// Close releases what the repository holds. Calls that come later fail;
	// closing again is fine.
	Close() error
}

// Bell is what a Repository may be, too: one whose database tells of changes.
type Bell interface {
	// Listen calls ring soon after each change, on whatever node it was made,
	// until the context ends or the connection fails, and returns why. Some
	// changes may not ring, and some rings may have no change.
	Listen(ctx context.Context, ring func()) error
}

// Advisor is what a Repository may be, too: one that has looked at its server's
// settings.
type Advisor interface {
	// Warnings returns a sentence for each setting that puts something at risk,
	// as it was found at the start. Sentences say what may be lost and what to
	// do, and hold no secret.
	Warnings() []string
}

// Sized is what a Repository may be, too: one that has a bounded number of
// connections for reading.
type Sized interface {
	// Readers is how many reads run at once at most.
	Readers() int
}

// Act says who makes a change, and when. Each method that changes a key or a
// user takes one; the change log keeps it.
type Act struct {
	// Actor is a short stable name such as "admin"; never a secret.
	Actor string
	// Date must be set: a zero one is an error, since it would say that nothing
	// has happened.
	Date time.Time
}

// Renewal is what RenewKey makes of a key.
type Renewal struct {
	// Expiration is the new expiration date; zero for never.
	Expiration time.Time
	// Fixed becomes the key's ExpirationFixed.
	Fixed bool
	// Reactivate lifts a revocation.
	Reactivate bool
	// ByOwner leaves a key alone whose expiration date is fixed.
	ByOwner bool
}

// MaxTokens is how many tokens a user has at most. Callers allow far fewer at a
// time; it bounds what a mistake of theirs can do.
const MaxTokens = 64

// UserUpdate is what happens together with a change of a user. The zero one is
// the change alone.
type UserUpdate struct {
	// RevokeKeys revokes all keys that the user has, at the act's date; those that
	// are revoked already stay as they are.
	RevokeKeys bool
	// UseToken is the hash of a token of the user that is used up. The whole change
	// fails with ErrTokenUsed if the token is not there or has expired at the
	// act's date. Of several changes that use one token, one succeeds.
	UseToken []byte
	// VoidTokens are purposes; all tokens of the user for these are removed.
	VoidTokens []string
}

// Flush is a batch of usage that one node adds. A node repeats a flush
// unchanged until it is acknowledged before it sends the next one, so that
// the backend has to remember only the latest number of each node.
type Flush struct {
	// Node names the run of one process and is never used by another.
	Node string
	// Number is 1 for a node's first flush and grows by one.
	Number int64
	// Usages has at most one element for each key.
	Usages []models.Usage
	// Hours has at most one element for each key, route and hour. What it
	// counts is part of what Usages counts, which may be more.
	Hours []models.HourUsage
}

// Cursor is a place in the change log: the number and the id of the entry
// that was read last. The zero Cursor stands before the first entry.
type Cursor struct {
	Number int64
	ID     string
}

// CursorOf returns the cursor that stands at the given entry.
func CursorOf(change models.Change) Cursor {
	return Cursor{Number: change.Number, ID: change.ID}
}
