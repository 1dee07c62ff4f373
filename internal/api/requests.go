package api

import (
	"encoding/json"
	"time"

	"github.com/ginauth/ginauth/keys"
	"github.com/ginauth/ginauth/users"
)

// KeyRef names a key by its id or by itself.
type KeyRef struct {
	ID     string `json:"id" validate:"optional" format:"uuid"`
	APIKey string `json:"api_key" validate:"optional"`
} // @name KeyRef

// Ref returns the reference.
func (r KeyRef) Ref() keys.Ref { return keys.Ref{ID: r.ID, Key: r.APIKey} }

// Expiry says until when a key is to be valid.
type Expiry struct {
	NeverExpires bool `json:"never_expires" validate:"optional" example:"false"`
	// ExpirationDate is RFC 3339, or a plain date for the end of that UTC day.
	ExpirationDate *string `json:"expiration_date" validate:"optional" example:"2099-12-31"`
}

// Date returns the date, the zero time if there is none.
func (e Expiry) Date() time.Time { return ReadDate(e.ExpirationDate) }

// UserRef names a user by id, username or email address, one of the three.
type UserRef struct {
	ID       string `json:"id" validate:"optional" format:"uuid"`
	Username string `json:"username" validate:"optional" example:"ada"`
	Email    string `json:"email" validate:"optional" format:"email" maxLength:"254"`
} // @name UserRef

// Ref returns the reference.
func (r UserRef) Ref() users.Ref {
	return users.Ref{ID: r.ID, Username: r.Username, Email: r.Email}
}

// OptionalText is a text, or null, of which it is known whether it was sent.
type OptionalText struct {
	IsSent bool
	Text   *string
}

// UnmarshalJSON implements json.Unmarshaler.
func (o *OptionalText) UnmarshalJSON(value []byte) error {
	o.IsSent = true
	return json.Unmarshal(value, &o.Text)
}
