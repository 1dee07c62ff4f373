package models

import "time"

// Token is what is stored of a token that was mailed to a user: everything but
// the token itself. Issuing, using and removing one is no change of the user.
type Token struct {
	// Hash is the SHA-256 of the token, 32 bytes, unique.
	Hash []byte `json:"-" gorm:"primaryKey"`
	// UserID names the user whom the token was issued to.
	UserID string `json:"-"`
	// Purpose says what the token may be used for.
	Purpose string `json:"purpose"`
	// Email is the address that the token was mailed to, as it was typed, and
	// CanonicalEmail the form in which addresses are compared. For a change of
	// address it is the new one.
	Email          string `json:"email"`
	CanonicalEmail string `json:"-"`
	// CreationDate is when the token was issued.
	CreationDate time.Time `json:"creation_date" gorm:"serializer:ginauth_date"`
	// ExpirationDate is the first instant at which the token is refused.
	ExpirationDate time.Time `json:"expiration_date" gorm:"serializer:ginauth_date"`
}

// TableName implements gorm's Tabler.
func (Token) TableName() string { return "ginauth_tokens" }

// HasExpired reports whether the token is refused at the given time.
func (t Token) HasExpired(now time.Time) bool { return !now.Before(t.ExpirationDate) }
