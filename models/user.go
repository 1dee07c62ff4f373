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
}

// TableName implements gorm's Tabler.
func (User) TableName() string { return "ginauth_users" }
