package ginauth

import (
	"cmp"
	"encoding/json"
	"net"
	"strings"
	"time"

	"github.com/ginauth/ginauth/problem"
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
	isFixed    bool       // the expiration date was given
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
func (r newKeyRequest) order(now time.Time, lifetime lifetime) (keyOrder, error) {
	var fields []problem.Field
	order := keyOrder{name: r.Name, isFixed: r.ExpirationDate != nil}
	if r.Name != "" {
		fields = appendInvalid(fields, "name", security.CheckName(r.Name))
	}
	if !r.isForUser() {
		lifetime.longest = 0 // that of a service is the administrator's to choose
	}
	if r.isForUser() || r.Name == "" {
		user, invalid := r.userOrder()
		order.user, fields = &user, append(fields, invalid...)
	}
	if !r.isForUser() && r.Name == "" {
		fields = append(fields, problem.NewField("name", "name_missing", "Send username, email and password for a user, or just name for a service."))
	}
	if !r.isForUser() && r.ClientAddress != "" {
		fields = append(fields, problem.NewField("client_address", "client_address_superfluous", "This goes with a password only."))
	}
	expiration, invalid := r.validity(now, lifetime)
	order.expiration, fields = expiration, append(fields, invalid...)
	if len(fields) > 0 {
		return order, problem.InvalidFields(fields...)
	}
	return order, nil
}

func (r newKeyRequest) isForUser() bool {
	return r.Username != "" || r.Email != "" || r.Password != ""
}

func (r newKeyRequest) userOrder() (user userOrder, fields []problem.Field) {
	user = userOrder{username: r.Username, email: r.Email, password: r.Password, address: r.ClientAddress}
	fields = addressErrors(r.ClientAddress)
	var err error
	if r.Username == "" {
		fields = append(fields, problem.Missing("username"))
	} else if user.canonicalUsername, err = security.CanonicalUsername(r.Username); err != nil {
		fields = append(fields, invalidField("username", err))
	}
	if r.Email == "" {
		fields = append(fields, problem.Missing("email"))
	} else if user.canonicalEmail, err = security.CanonicalEmail(r.Email); err != nil {
		fields = append(fields, invalidField("email", err))
	}
	if r.Password == "" {
		fields = append(fields, problem.Missing("password"))
	}
	return user, fields
}

func missing(field string) problem.Field {
	return problem.NewField(field, field+"_missing", "This field is required.")
}

func appendInvalid(fields []problem.Field, name string, err error) []problem.Field {
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
		fields = append(fields, problem.Missing("password"))
	}
	if len(fields) > 0 {
		return claim{}, problem.InvalidFields(fields...)
	}
	return claim{login: r.Username + r.Email, password: r.Password, address: cmp.Or(r.ClientAddress, caller)}, nil
}

// addressErrors says what is wrong with the address of a client, which may be
// left out.
func addressErrors(address string) []problem.Field {
	if address == "" || net.ParseIP(address) != nil {
		return nil
	}
	return []problem.Field{problem.NewField("client_address", "client_address_invalid", "This must be an IP address.")}
}

// loginErrors says what is wrong with a login: a username or an address, one
// of the two.
func loginErrors(username, email string) []problem.Field {
	switch {
	case username == "" && email == "":
		return []problem.Field{problem.Missing("username"), problem.Missing("email")}
	case username != "" && email != "":
		return []problem.Field{problem.NewField("email", "email_superfluous", "Send either username or email.")}
	case email != "" && !strings.Contains(email, "@"): // else it would be taken for a username
		return []problem.Field{problem.NewField("email", "email_invalid", "This must be an email address.")}
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
	var fields []problem.Field
	switch {
	case r == (userRef{}):
		fields = []problem.Field{problem.Missing("id"), problem.Missing("username"), problem.Missing("email")}
	case r.ID == "":
		fields = loginErrors(r.Username, r.Email)
	case r.Username != "" || r.Email != "":
		fields = []problem.Field{problem.NewField("id", "id_superfluous", "Send either id, username or email.")}
	default:
		fields = idErrors(r.ID)
	}
	if len(fields) > 0 {
		return problem.InvalidFields(fields...)
	}
	return nil
}

type deleteUserRequest struct {
	userRef
	// DetachKeys leaves the user's keys in force, without an owner.
	DetachKeys bool `json:"detach_keys" example:"false"`
}

// updateUserRequest sets what only administrators set of a user.
type updateUserRequest struct {
	userRef
	// AccessUntil ends what the user's keys open: RFC 3339, or a plain date for
	// the end of that UTC day; null for no end.
	AccessUntil optionalText `json:"access_until" swaggertype:"string" extensions:"x-nullable" example:"2099-12-31"`
}

// accessUntil returns the date, the zero time for none.
func (r updateUserRequest) accessUntil() (time.Time, error) {
	if err := r.check(); err != nil {
		return time.Time{}, err
	}
	switch {
	case !r.AccessUntil.isSent:
		return time.Time{}, problem.InvalidFields(problem.Missing("access_until"))
	case r.AccessUntil.text == nil:
		return time.Time{}, nil
	}
	date, err := parseDate(*r.AccessUntil.text)
	if err != nil || !isWritable(date) || date.Year() < 1970 { // the zero time would be no end
		return time.Time{}, problem.InvalidFields(problem.NewField("access_until", "access_until_invalid", dateForms+", from 1970 on, or null."))
	}
	return date, nil
}

// optionalText is a text, or null, of which it is known whether it was sent.
type optionalText struct {
	isSent bool
	text   *string
}

// UnmarshalJSON implements json.Unmarshaler.
func (o *optionalText) UnmarshalJSON(value []byte) error {
	o.isSent = true
	return json.Unmarshal(value, &o.text)
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

func (r accountKeyRequest) order(now time.Time, lifetime lifetime) (keyOrder, error) {
	var fields []problem.Field
	if r.Name != "" {
		fields = appendInvalid(fields, "name", security.CheckName(r.Name))
	}
	expiration, invalid := r.validity(now, lifetime)
	if fields = append(fields, invalid...); len(fields) > 0 {
		return keyOrder{}, problem.InvalidFields(fields...)
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
		return "", problem.InvalidFields(problem.Missing("email"))
	}
	canonical, err := security.CanonicalEmail(r.Email)
	if err != nil {
		return "", problem.InvalidFields(invalidField("email", err))
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
