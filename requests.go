package ginauth

import (
	"cmp"
	"net"
	"strings"
	"time"

	"github.com/ginauth/ginauth/security"
)

// newKeyRequest asks for a key: for a user, or for a service by name.
type newKeyRequest struct {
	Username string `json:"username" example:"ada"`
	Email    string `json:"email" example:"ada@example.com"`
	Password string `json:"password" example:"Analytical-1_Engine"`
	// Name is a label; without a user it names the service.
	Name string `json:"name" example:"notebook"`
	// ClientAddress is whose password it is; the caller's if left out.
	ClientAddress string `json:"client_address"`
	expiry
}

// expiry says until when a key is to be valid.
type expiry struct {
	NeverExpires bool `json:"never_expires" example:"false"`
	// ExpirationDate is RFC 3339, or a plain date for the end of that UTC day.
	ExpirationDate *string `json:"expiration_date" example:"2099-12-31"`
}

// keyRef names a key by its id or by itself.
type keyRef struct {
	ID     string `json:"id"`
	APIKey string `json:"api_key"`
}

// keyID names a key by its id alone.
type keyID struct {
	ID string `json:"id"`
}

type renewKeyRequest struct {
	keyRef
	expiry
	// Reactivate lifts the revocation of a revoked key.
	Reactivate bool `json:"reactivate" example:"false"`
}

// keyOrder is a newKeyRequest that can be carried out.
type keyOrder struct {
	name       string
	expiration time.Time
	user       *userOrder // nil for a service
}

// userOrder names a user in full.
type userOrder struct {
	username, canonicalUsername string
	email, canonicalEmail       string
	password                    string
	address                     string // whose guess it is
}

// order checks the request and reports everything that is wrong with it.
func (r newKeyRequest) order(now time.Time, automatic time.Duration) (keyOrder, error) {
	var fields []FieldError
	order := keyOrder{name: r.Name}
	if r.Name != "" {
		fields = appendInvalid(fields, "name", security.CheckName(r.Name))
	}
	if r.isForUser() || r.Name == "" {
		user, invalid := r.userOrder()
		order.user, fields = &user, append(fields, invalid...)
	}
	if !r.isForUser() && r.Name == "" {
		fields = append(fields, FieldError{"name", "name_missing", "Send username, email and password for a user, or just name for a service."})
	}
	if !r.isForUser() && r.ClientAddress != "" {
		fields = append(fields, FieldError{"client_address", "client_address_superfluous", "This goes with a password only."})
	}
	expiration, invalid := r.validity(now, automatic)
	order.expiration, fields = expiration, append(fields, invalid...)
	if len(fields) > 0 {
		return order, invalidFields(fields...)
	}
	return order, nil
}

func (r newKeyRequest) isForUser() bool {
	return r.Username != "" || r.Email != "" || r.Password != ""
}

func (r newKeyRequest) userOrder() (user userOrder, fields []FieldError) {
	user = userOrder{username: r.Username, email: r.Email, password: r.Password, address: r.ClientAddress}
	fields = addressErrors(r.ClientAddress)
	var err error
	if r.Username == "" {
		fields = append(fields, missing("username"))
	} else if user.canonicalUsername, err = security.CanonicalUsername(r.Username); err != nil {
		fields = append(fields, invalidField("username", err))
	}
	if r.Email == "" {
		fields = append(fields, missing("email"))
	} else if user.canonicalEmail, err = security.CanonicalEmail(r.Email); err != nil {
		fields = append(fields, invalidField("email", err))
	}
	if r.Password == "" {
		fields = append(fields, missing("password"))
	}
	return user, fields
}

// validity returns the expiration date that is asked for, zero for never.
func (e expiry) validity(now time.Time, automatic time.Duration) (time.Time, []FieldError) {
	switch {
	case e.NeverExpires && e.ExpirationDate != nil:
		return now, []FieldError{{"expiration_date", "expiration_date_superfluous", "Send either never_expires or expiration_date."}}
	case e.NeverExpires:
		return time.Time{}, nil
	case e.ExpirationDate != nil:
		return parseExpiration(*e.ExpirationDate, now)
	default:
		return now.Add(automatic), nil
	}
}

func parseExpiration(text string, now time.Time) (time.Time, []FieldError) {
	date, err := parseDate(text)
	if err != nil || date.Year() > 9999 { // beyond it, RFC 3339 cannot write the answer
		return date, []FieldError{{"expiration_date", "expiration_date_invalid", "This must be a date (2006-01-02) or a date and time with zone (RFC 3339)."}}
	}
	if !date.After(now) {
		return date, []FieldError{{"expiration_date", "expiration_date_past", "This must be in the future."}}
	}
	return date, nil
}

// parseDate reads RFC 3339, cut to milliseconds as the store would, or a plain
// date as the last millisecond of that UTC day.
func parseDate(text string) (time.Time, error) {
	if day, err := time.Parse(time.DateOnly, text); err == nil {
		return day.AddDate(0, 0, 1).Add(-time.Millisecond), nil
	}
	date, err := time.Parse(time.RFC3339, text)
	return date.UTC().Truncate(time.Millisecond), err
}

func missing(field string) FieldError {
	return FieldError{field, field + "_missing", "This field is required."}
}

func appendInvalid(fields []FieldError, name string, err error) []FieldError {
	if err == nil {
		return fields
	}
	return append(fields, invalidField(name, err))
}

// verifyRequest asks whether a password is a user's.
type verifyRequest struct {
	Username string `json:"username" example:"ada"`
	Email    string `json:"email"`
	Password string `json:"password" example:"Analytical-1_Engine"`
	// ClientAddress is whose guess it is; the caller's if left out.
	ClientAddress string `json:"client_address"`
}

func (r verifyRequest) claim(caller string) (claim, error) {
	fields := append(loginErrors(r.Username, r.Email), addressErrors(r.ClientAddress)...)
	if r.Password == "" {
		fields = append(fields, missing("password"))
	}
	if len(fields) > 0 {
		return claim{}, invalidFields(fields...)
	}
	return claim{login: r.Username + r.Email, password: r.Password, address: cmp.Or(r.ClientAddress, caller)}, nil
}

// addressErrors says what is wrong with the address of a client, which may be
// left out.
func addressErrors(address string) []FieldError {
	if address == "" || net.ParseIP(address) != nil {
		return nil
	}
	return []FieldError{{"client_address", "client_address_invalid", "This must be an IP address."}}
}

// loginErrors says what is wrong with a login: a username or an address, one
// of the two.
func loginErrors(username, email string) []FieldError {
	switch {
	case username == "" && email == "":
		return []FieldError{missing("username"), missing("email")}
	case username != "" && email != "":
		return []FieldError{{"email", "email_superfluous", "Send either username or email."}}
	case email != "" && !strings.Contains(email, "@"): // else it would be taken for a username
		return []FieldError{{"email", "email_invalid", "This must be an email address."}}
	default:
		return nil
	}
}

// userRef names a user by id, username or email address, one of the three.
type userRef struct {
	ID       string `json:"id"`
	Username string `json:"username" example:"ada"`
	Email    string `json:"email"`
}

func (r userRef) check() error {
	var fields []FieldError
	switch {
	case r == (userRef{}):
		fields = []FieldError{missing("id"), missing("username"), missing("email")}
	case r.ID == "":
		fields = loginErrors(r.Username, r.Email)
	case r.Username != "" || r.Email != "":
		fields = []FieldError{{"id", "id_superfluous", "Send either id, username or email."}}
	default:
		fields = idErrors(r.ID)
	}
	if len(fields) > 0 {
		return invalidFields(fields...)
	}
	return nil
}

type deleteUserRequest struct {
	userRef
	// DetachKeys leaves the user's keys in force, without an owner.
	DetachKeys bool `json:"detach_keys" example:"false"`
}

type resetUserRequest struct {
	userRef
	// RevokeKeys revokes the user's keys, too.
	RevokeKeys bool `json:"revoke_keys" example:"false"`
}

// accountKeyRequest asks for a further key of one's own.
type accountKeyRequest struct {
	Name string `json:"name" example:"notebook"`
	expiry
}

func (r accountKeyRequest) order(now time.Time, automatic time.Duration) (keyOrder, error) {
	var fields []FieldError
	if r.Name != "" {
		fields = appendInvalid(fields, "name", security.CheckName(r.Name))
	}
	expiration, invalid := r.validity(now, automatic)
	if fields = append(fields, invalid...); len(fields) > 0 {
		return keyOrder{}, invalidFields(fields...)
	}
	return keyOrder{name: r.Name, expiration: expiration}, nil
}

type accountRenewRequest struct {
	keyRef
	expiry
}

type passwordRequest struct {
	Password string `json:"password" example:"Difference-2_Engine"`
	// RevokeKeys revokes all keys, too.
	RevokeKeys bool `json:"revoke_keys" example:"false"`
}

type emailRequest struct {
	Email string `json:"email" example:"ada@example.com"`
}

func (r emailRequest) canonical() (string, error) {
	if r.Email == "" {
		return "", invalidFields(missing("email"))
	}
	canonical, err := security.CanonicalEmail(r.Email)
	if err != nil {
		return "", invalidFields(invalidField("email", err))
	}
	return canonical, nil
}

type confirmRequest struct {
	// Token is what follows the # in the link.
	Token string `json:"token"`
}

type resetRequest struct {
	Token    string `json:"token"`
	Password string `json:"password" example:"Difference-2_Engine"`
	// RevokeKeys revokes all keys, too, for when they may be in others' hands.
	RevokeKeys bool `json:"revoke_keys" example:"false"`
}
