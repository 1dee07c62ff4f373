// Package models holds the records that ginauth stores, and the policy that
// follows from them without I/O.
//
// The gorm tags serve the SQL backends; the package itself imports no database
// code, so that every floor of the house may use it. Dates are UTC in whole
// milliseconds; the zero time stands for "not set" and is never a real date.
package models

import "time"

// APIKey is an issued key as it is stored: everything but the key itself,
// which is shown once and kept nowhere.
type APIKey struct {
	// ID names the key in calls, lists and logs. It is public, sorts by the
	// time of issue (UUID version 7, RFC 9562) and is never used again.
	ID string `json:"id" gorm:"primaryKey"`
	// Hash is the SHA-256 of the key, 32 bytes, unique.
	Hash []byte `json:"-"`
	// Hint is the beginning of the key, enough to recognise it in a list.
	Hint string `json:"hint"`
	// Name is a free label; a service key has one in place of a user.
	Name string `json:"name,omitempty"`
	// UserID names the owner; it is empty for a service key.
	UserID string `json:"user_id,omitempty" gorm:"serializer:ginauth_null"`
	// Username is the owner's, as it was typed. It is read with the key and
	// ignored on writing.
	Username string `json:"username,omitempty" gorm:"->"`
	// DisabledDate is when the owner was disabled, zero while they are not,
	// AccessUntil the owner's end of access, and UserVersion the owner's Version.
	// They are read with the key. On writing the dates are ignored; UserVersion
	// may say which state of the owner the key was issued to, see
	// repository.Repository.
	DisabledDate time.Time `json:"disabled_date,omitzero" gorm:"->;serializer:ginauth_date"`
	AccessUntil  time.Time `json:"access_until,omitzero" gorm:"->;serializer:ginauth_date"`
	UserVersion  int64     `json:"-" gorm:"->"`
	// IssuedBy is the actor who issued the key; empty for keys from before this was
	// kept.
	IssuedBy string `json:"issued_by,omitempty"`
	// CreationDate is when the key was issued.
	CreationDate time.Time `json:"creation_date" gorm:"serializer:ginauth_date"`
	// ExpirationDate is the first instant at which the key is refused; zero
	// for a key that never expires.
	ExpirationDate time.Time `json:"expiration_date,omitzero" gorm:"serializer:ginauth_date"`
	// ExpirationFixed says that an administrator has set ExpirationDate, which the
	// owner cannot move then.
	ExpirationFixed bool `json:"expiration_fixed,omitempty"`
	// RevocationDate is when the key was revoked; zero while it is not.
	RevocationDate time.Time `json:"revocation_date,omitzero" gorm:"serializer:ginauth_date"`
	// Version is 1 at first and grows with each change, so that of two copies
	// the newer one is known.
	Version int64 `json:"-"`
}

// TableName implements gorm's Tabler. The prefix keeps ginauth apart from the
// application's own tables in a shared database.
func (APIKey) TableName() string { return "ginauth_keys" }
