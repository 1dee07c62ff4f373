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
	// with the same sort and order.
	ListKeys(ctx context.Context, filter KeyFilter, page Page) (KeyPage, error)
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
