package repository

import (
	"context"
	"time"

	"github.com/ginauth/ginauth/models"
)

// Keys is the part of a Repository that stores keys.
type Keys interface {
	// CreateKey stores a new key with an empty usage. Its Version becomes 1; its
	// Username is ignored.
	// ErrConflict with field "id" if the id is or was ever taken, with field
	// "hash" if the hash is taken; ErrNotFound if UserID is set and names no user.
	// ErrOutdated if UserVersion is set, too, and the user has another Version: the
	// credentials of the caller were changed since they were checked.
	// ErrTooManyKeys if the user has as many keys as the options allow. This bound
	// is exact, however many keys are created at the same time.
	CreateKey(ctx context.Context, by Attribution, key models.APIKey, options CreateKeyOptions) error

	// KeyByHash finds a key of any status, with its owner's Username, DisabledDate,
	// AccessUntil and UserVersion. ErrNotFound if there is none.
	KeyByHash(ctx context.Context, hash []byte) (models.APIKey, error)

	// RenewKey sets the expiration date and returns the key as it is afterwards.
	// ErrRevoked if the key is revoked, unless the renewal reactivates it; lifting
	// the revocation is reported. ErrExpirationFixed if the date is fixed and the
	// owner renews the key. After an error the key is as before; otherwise the
	// version grows by one. ErrNotFound for an unknown id.
	RenewKey(ctx context.Context, by Attribution, id string, renewal Renewal) (key models.APIKey, reactivated bool, err error)

	// RevokeKey sets the revocation date to the time of the change and returns the
	// key; the version grows by one. Revoking again changes nothing and logs
	// nothing: the first date stays. ErrNotFound for an unknown id.
	RevokeKey(ctx context.Context, by Attribution, id string) (models.APIKey, error)

	// DeleteKey removes a key for good. Its usage stays under the id, which can
	// never be taken again. ErrNotFound for an unknown id.
	DeleteKey(ctx context.Context, by Attribution, id string) error

	// ListKeys lists keys with their usage, deleted ones included, a page at a
	// time. Rows are never nil; an unknown status has none. An error if the page's
	// limit is out of bounds; ErrInvalidCursor if its cursor was not made by a call
	// with the same sort and order. ErrTooBroad if a backend has read RowBudget rows
	// and the page is not full; never with a filter by one key, nor with at most
	// RowBudget keys in all.
	ListKeys(ctx context.Context, filter KeyFilter, page Page) (KeyPage, error)

	// CreateKeys stores all keys of a batch or none, each as CreateKey does, and
	// remembers which keys belong to the batch. The change log has the keys in their
	// order. A BatchError if the batch was stored before. Errors beside are those of
	// CreateKey, for any of the keys; a ConflictError or ErrTooManyKeys tells not of
	// which.
	CreateKeys(ctx context.Context, by Attribution, batch Batch, options CreateKeyOptions) error

	// RevokeKeys revokes those of the keys that meet the filter at the time of the
	// change and are not revoked, in one step, and returns their ids. The change log
	// has each of them. Unknown ids are ignored. There are at most BatchSize ids.
	RevokeKeys(ctx context.Context, by Attribution, filter KeyFilter, ids []string) (revoked []string, err error)

	// MatchingKeys returns the ids of the keys that meet the filter and are neither
	// revoked nor deleted, in no order, and not more than limit. The filter names no
	// Username and no Email.
	MatchingKeys(ctx context.Context, filter KeyFilter, limit int) ([]string, error)

	// CountKeys returns how many keys are in each state at the given time, deleted
	// ones included. States without keys may be missing.
	CountKeys(ctx context.Context, now time.Time) (map[models.Status]int64, error)

	// MarkExpired makes lists by status fast, which may depend on it and whose
	// result never does: it notes which keys have expired at the given time, some of
	// them in one call, and reports whether there may be more. It is no change.
	MarkExpired(ctx context.Context, now time.Time) (more bool, err error)
}

// BatchSize is how many keys one step of a bulk call stores or revokes at most.
const BatchSize = 1000

// Batch are keys that are stored together.
type Batch struct {
	// ID names the batch for good.
	ID   string
	Keys []models.APIKey
}

// CreateKeyOptions bounds the creation of a key.
type CreateKeyOptions struct {
	// MaxKeys is how many keys a user may have that are not revoked, the new one
	// and expired ones included; 0 for no bound.
	MaxKeys int
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
