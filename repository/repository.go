// Package repository defines what ginauth asks of a database: one interface in
// four parts, its errors, and the filters and pages of its lists. The backends
// live below this folder, one driver each; repositorytest.Run is the test that
// all of them pass.
package repository

import (
	"context"
	"time"
)

// Repository stores keys, users and usage. This comment and those of the parts
// are the contract that every backend keeps.
//
//   - It is safe for concurrent use by many goroutines and many processes.
//   - Each method is atomic: it happens as a whole or not at all. Every call on
//     any node that begins after a write has returned sees the write.
//   - Errors are wrapped; compare with errors.Is and errors.As. An error that no
//     method documents says that the store failed, and the caller fails closed.
//     Something may have changed only after ErrOutcomeUnknown. The call may then
//     be repeated, and answers as a second call does: CreateKey and CreateUser
//     with ErrConflict, DeleteKey and DeleteUser with ErrNotFound, UpdateUser
//     with ErrTokenUsed or ErrOutdated, RenewKey without reactivated.
//   - Errors hold no stored value: no hash, no name, no address.
//   - Times are kept as UTC in whole milliseconds, truncated. The zero time stays
//     zero, and any other time before 1970 becomes its first millisecond.
//   - Strings and hashes are kept, compared and sorted byte for byte. Strings
//     are UTF-8 without NUL. Every backend takes 64 bytes of id, node and hint,
//     128 of actor and of a token's purpose, 512 of a route and of a canonical
//     name or address, and 1,024 of the rest.
//   - Every change to a key or a user, its deletion included, appends an entry to
//     the change log. A method that documents no change of the user appends none.
//     The entry can be read before the method returns, and a reader of the entry
//     sees the change or a later one. A backend that cannot write both at once may
//     show the change before its entry; after an interruption it adds the entry
//     by itself.
//   - A context that is cancelled or past its deadline ends a call with an
//     error that wraps the context's.
type Repository interface {
	Keys
	Users
	Usage
	Changes

	// Close releases all that the repository holds. Later calls fail; closing
	// again does nothing.
	Close() error
}

// Notifier is an optional part of a Repository: its database announces changes.
type Notifier interface {
	// Subscribe calls notify soon after each change on any node, until the context
	// ends or the connection fails, and returns the reason. A change may come
	// without a notification, and a notification without a change.
	Subscribe(ctx context.Context, notify func()) error
}

// Advisor is an optional part of a Repository: it has looked at the settings of
// its server.
type Advisor interface {
	// Warnings returns a sentence for each setting that was found at the start and
	// puts something at risk. A sentence says what may be lost and what to do, and
	// holds no secret.
	Warnings() []string
}

// Describer is an optional part of a Repository: it tells what it has found at the start.
type Describer interface {
	Describe() Description
}

// Description is what operators want to see of a database first.
type Description struct {
	// Database is sqlite, postgres, mysql or mongodb, Version what the server says of
	// itself.
	Database, Version string
	// Schema is the number of the schema that was found, or made.
	Schema int
}

// Sized is an optional part of a Repository: it has a bounded number of
// connections for reading.
type Sized interface {
	// Readers returns how many reads run at once at most.
	Readers() int
}

// Attribution says who makes a change, and when. Each method that changes a key or
// a user takes one; the change log keeps it.
type Attribution struct {
	// Actor is a short stable name such as "admin"; never a secret.
	Actor string
	// At must be set: a zero time is an error, since a zero revocation date means
	// that nothing was revoked.
	At time.Time
}
