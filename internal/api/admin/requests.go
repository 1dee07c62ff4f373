package admin

import (
	"github.com/ginauth/ginauth/internal/api"
	"github.com/ginauth/ginauth/keys"
	"github.com/ginauth/ginauth/problem"
	"github.com/ginauth/ginauth/users"
)

// newKeyRequest asks for a key: for a user, or for a service by name.
type newKeyRequest struct {
	Username string `json:"username" validate:"optional" example:"ada" minLength:"3" maxLength:"64"`
	Email    string `json:"email" validate:"optional" example:"ada@example.com" format:"email" maxLength:"254"`
	Password string `json:"password" validate:"optional" example:"Analytical-1_Engine" minLength:"9" maxLength:"1024" format:"password"`
	// Name is a label; without a user it names the service.
	Name string `json:"name" validate:"optional" example:"notebook" minLength:"1" maxLength:"64"`
	// ClientAddress is whose password it is; the caller's if left out.
	ClientAddress string `json:"client_address" validate:"optional" format:"ip"`
	api.Expiry
} // @name NewKeyRequest

func (r newKeyRequest) isForUser() bool {
	return r.Username != "" || r.Email != "" || r.Password != ""
}

// check refuses what names neither a user nor a service.
func (r newKeyRequest) check() error {
	switch {
	case r.isForUser():
		return nil
	case r.Name == "":
		return problem.InvalidFields(
			problem.NewField("name", "name_missing", "Send username, email and password for a user, or just name for a service."),
			problem.Missing("username"), problem.Missing("email"), problem.Missing("password"),
		)
	case r.ClientAddress != "":
		return problem.InvalidFields(problem.NewField("client_address", "client_address_superfluous", "This goes with a password only."))
	default:
		return nil
	}
}

// keyID names a key by its id alone.
type keyID struct {
	ID string `json:"id" format:"uuid"`
} // @name KeyID

func (r keyID) ref() keys.Ref { return keys.ByID(r.ID) }

type renewKeyRequest struct {
	api.KeyRef
	api.Expiry
	// Reactivate lifts the revocation of a revoked key.
	Reactivate bool `json:"reactivate" validate:"optional" example:"false"`
} // @name RenewKeyRequest

// verifyRequest asks whether a password is a user's.
type verifyRequest struct {
	Username string `json:"username" validate:"optional" example:"ada"`
	Email    string `json:"email" validate:"optional" maxLength:"254"`
	Password string `json:"password" example:"Analytical-1_Engine" maxLength:"1024" format:"password"`
	// ClientAddress is whose guess it is; the caller's if left out.
	ClientAddress string `json:"client_address" validate:"optional" format:"ip"`
} // @name VerifyRequest

func (r verifyRequest) credentials() users.Credentials {
	return users.Credentials{Username: r.Username, Email: r.Email, Password: r.Password, ClientAddress: r.ClientAddress}
}

type deleteUserRequest struct {
	api.UserRef
	// DetachKeys leaves the user's keys in force, without an owner.
	DetachKeys bool `json:"detach_keys" validate:"optional" example:"false"`
} // @name DeleteUserRequest

// updateUserRequest sets what only administrators set of a user.
type updateUserRequest struct {
	api.UserRef
	// AccessUntil ends what the user's keys open: RFC 3339, or a plain date for
	// the end of that UTC day; null for no end.
	AccessUntil api.OptionalText `json:"access_until" swaggertype:"string" extensions:"x-nullable" example:"2099-12-31"`
} // @name UpdateUserRequest

type resetUserRequest struct {
	api.UserRef
	// RevokeKeys revokes the user's keys, too.
	RevokeKeys bool `json:"revoke_keys" validate:"optional" example:"false"`
} // @name ResetUserRequest
