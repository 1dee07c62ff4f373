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

// newKeysRequest asks for many keys.
type newKeysRequest struct {
	// BatchID names the batch, so that the call may be repeated; a new one if left out.
	BatchID string  `json:"batch_id" validate:"optional" format:"uuid"`
	Keys    newKeys `json:"keys" minItems:"1" maxItems:"1000"`
} // @name NewKeysRequest

// MaxBody implements the limit of package api: a thousand keys with the longest fields.
func (newKeysRequest) MaxBody() int64 { return 1 << 20 }

type newKeys []newKeyOfBatch

// newKeyOfBatch asks for a key of a user, by the user's id, or of a service.
type newKeyOfBatch struct {
	// Name is a label; without a user it names the service.
	Name   string `json:"name" validate:"optional" example:"sensor 17" minLength:"1" maxLength:"64"`
	UserID string `json:"user_id" validate:"optional" format:"uuid"`
	api.Expiry
} // @name NewKeyOfBatch

// UnmarshalJSON implements json.Unmarshaler.
func (k *newKeys) UnmarshalJSON(body []byte) (err error) {
	*k, err = api.DecodeRows[newKeyOfBatch]("keys", body)
	return err
}

func (r newKeysRequest) params() keys.IssueManyParams {
	params := keys.IssueManyParams{BatchID: r.BatchID}
	for _, key := range r.Keys {
		params.Keys = append(params.Keys, keys.IssueParams{Name: key.Name, UserID: key.UserID, ExpirationDate: key.Date(), NeverExpires: key.NeverExpires})
	}
	return params
}

// revokeKeysRequest says which keys are to be revoked: those that meet all the filters.
type revokeKeysRequest struct {
	UserID     string `json:"user_id" validate:"optional" format:"uuid"`
	Username   string `json:"username" validate:"optional" example:"ada"`
	Email      string `json:"email" validate:"optional" maxLength:"254"`
	Name       string `json:"name" validate:"optional" example:"sensor 17"`
	NamePrefix string `json:"name_prefix" validate:"optional" example:"sensor"`
	Hint       string `json:"hint" validate:"optional" example:"ga_3kF9"`
	IssuedBy   string `json:"issued_by" validate:"optional" example:"application:signup"`
	// Status is one state, or several that are separated by commas.
	Status        string  `json:"status" validate:"optional" example:"active,expired"`
	CreatedSince  *string `json:"created_since" validate:"optional" example:"2026-01-01"`
	CreatedBefore *string `json:"created_before" validate:"optional" example:"2026-12-31"`
	ExpiresBefore *string `json:"expires_before" validate:"optional" example:"2026-12-31"`
	// UnusedSince is an hour ago or more.
	UnusedSince *string `json:"unused_since" validate:"optional" example:"2026-06-30"`
	// Except is the id of a key that stays.
	Except string `json:"except" validate:"optional" format:"uuid"`
	// Expect is how many keys a dry run has told.
	Expect *int `json:"expect" validate:"optional" minimum:"0" example:"120"`
	// DryRun counts, and revokes nothing.
	DryRun bool `json:"dry_run" validate:"optional" example:"true"`
} // @name RevokeKeysRequest

// params reads the filters as the parameters of a list are read.
func (r revokeKeysRequest) params() (keys.RevokeManyParams, error) {
	filter, err := api.ReadKeyFilter(map[string]*string{
		"user_id": &r.UserID, "username": &r.Username, "email": &r.Email, "name": &r.Name, "name_prefix": &r.NamePrefix, "hint": &r.Hint,
		"issued_by": &r.IssuedBy, "status": &r.Status, "created_since": r.CreatedSince, "created_before": r.CreatedBefore,
		"expires_before": r.ExpiresBefore, "unused_since": r.UnusedSince,
	})
	params := keys.RevokeManyParams{Filter: filter, DryRun: r.DryRun, Except: r.Except}
	if r.Expect != nil {
		params.Expect = *r.Expect
	} else if err == nil && !r.DryRun {
		err = problem.InvalidFields(problem.NewField("expect", "expect_missing", "Send the number of keys that a call with dry_run has told."))
	}
	return params, err
}

// lookupRequest names a key by itself.
type lookupRequest struct {
	APIKey string `json:"api_key" example:"ga_3kF9dE1mXw7RtY2uPqLz8NvBc5HsJg4aTn6QeKxM1wZ0b"`
} // @name LookupRequest
