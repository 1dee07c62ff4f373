package account

import "github.com/ginauth/ginauth/internal/api"

// newKeyRequest asks for a further key of the user who calls.
type newKeyRequest struct {
	Name string `json:"name" example:"notebook"`
	api.Expiry
} // @name ginauth.AccountNewKeyRequest

type renewKeyRequest struct {
	api.KeyRef
	api.Expiry
} // @name ginauth.AccountRenewKeyRequest

type passwordRequest struct {
	Password string `json:"password" example:"Difference-2_Engine"`
	// RevokeKeys revokes all keys, too.
	RevokeKeys bool `json:"revoke_keys" example:"false"`
} // @name ginauth.AccountPasswordRequest

type emailRequest struct {
	Email string `json:"email" example:"ada@example.com"`
} // @name ginauth.AccountEmailRequest

type confirmRequest struct {
	// Token is what follows the # in the link.
	Token string `json:"token"`
} // @name ginauth.AccountConfirmRequest

type resetRequest struct {
	Token    string `json:"token"`
	Password string `json:"password" example:"Difference-2_Engine"`
	// RevokeKeys revokes all keys, too, for when they may be in others' hands.
	RevokeKeys bool `json:"revoke_keys" example:"false"`
} // @name ginauth.AccountResetRequest
