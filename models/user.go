package models

import "time"

// User is a person who holds keys.
type User struct {
	// ID is public and never used again (UUID version 7, RFC 9562).
	ID string `json:"id" gorm:"primaryKey"`
	// Username and Email are kept as they were typed.
	Username string `json:"username"`
	Email    string `json:"email"`
	// CanonicalUsername and CanonicalEmail are the forms in which names and
	// addresses are compared; each is unique.
	CanonicalUsername string `json:"-"`
	CanonicalEmail    string `json:"-"`
	// PasswordHash is a PHC string, see security.HashPassword.
	PasswordHash string    `json:"-"`
	CreationDate time.Time `json:"creation_date" gorm:"serializer:ginauth_date"`
	// ChangeDate is when the password or the address was last set.
	ChangeDate time.Time `json:"change_date,omitzero" gorm:"serializer:ginauth_date"`
	// DisabledDate is when the user was disabled, and all their keys with them;
	// zero while they are not.
	DisabledDate time.Time `json:"disabled_date,omitzero" gorm:"serializer:ginauth_date"`
	// ConfirmationDate is when the user proved that mail to Email reaches them;
	// zero until then.
	ConfirmationDate time.Time `json:"confirmation_date,omitzero" gorm:"serializer:ginauth_date"`
	// MailFailureDate is since when mail to the user cannot be delivered; zero
	// if the last could, or none was sent.
	MailFailureDate time.Time `json:"mail_failure_date,omitzero" gorm:"serializer:ginauth_date"`
	// AccessUntil is the first instant at which all keys of the user are refused,
	// whatever their own dates; zero for none. Administrators set it.
	AccessUntil time.Time `json:"access_until,omitzero" gorm:"serializer:ginauth_date"`
	// Version is 1 at first and grows with each change. Tokens, a password's
	// rehash and MailFailureDate are no change.
	Version int64 `json:"-"`
}

// TableName implements gorm's Tabler.
func (User) TableName() string { return "ginauth_users" }

// IsDisabled reports whether the user, and with them their keys, are refused.
func (u User) IsDisabled() bool { return !u.DisabledDate.IsZero() }

// IsConfirmed reports whether mail is known to reach the user.
func (u User) IsConfirmed() bool { return !u.ConfirmationDate.IsZero() }
