package models

import "time"

// Status says whether a key opens doors, and if not, why.
type Status string

// The states of a key. Of several that hold the first in the order revoked,
// disabled, expired is told: a renewal alone brings none of the others back.
const (
	StatusActive  Status = "active"
	StatusExpired Status = "expired"
	StatusRevoked Status = "revoked"
	// StatusDisabled is that of the keys of a disabled user.
	StatusDisabled Status = "disabled"
	// StatusDeleted is what remains of a deleted key: its id and its usage.
	StatusDeleted Status = "deleted"
)

// Status judges the key at the given time.
func (k APIKey) Status(now time.Time) Status {
	if k.IsRevoked() {
		return StatusRevoked
	}
	if !k.DisabledDate.IsZero() {
		return StatusDisabled
	}
	if end := k.End(); !end.IsZero() && !now.Before(end) {
		return StatusExpired
	}
	return StatusActive
}

// End is the earlier of ExpirationDate and AccessUntil, the first instant at
// which the key is refused; zero for never.
func (k APIKey) End() time.Time {
	if k.ExpirationDate.IsZero() || (!k.AccessUntil.IsZero() && k.AccessUntil.Before(k.ExpirationDate)) {
		return k.AccessUntil
	}
	return k.ExpirationDate
}

// IsRevoked reports whether the key was revoked.
func (k APIKey) IsRevoked() bool { return !k.RevocationDate.IsZero() }

// NeverExpires reports whether the key has no expiration date.
func (k APIKey) NeverExpires() bool { return k.ExpirationDate.IsZero() }
