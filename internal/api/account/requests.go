package account

import "github.com/ginauth/ginauth/internal/api"

// newKeyRequest asks for a further key of the user who calls.
type newKeyRequest struct {
	Name string `json:"name" validate:"optional" example:"notebook" minLength:"1" maxLength:"64"`
	api.Expiry
} // @name AccountNewKeyRequest

type renewKeyRequest struct {
	api.KeyRef
	api.Expiry
} // @name AccountRenewKeyRequest

type passwordRequest struct {
	Password string `json:"password" example:"Difference-2_Engine" minLength:"9" maxLength:"1024" format:"password"`
	// RevokeKeys revokes all keys, too.
	RevokeKeys bool `json:"revoke_keys" validate:"optional" example:"false"`
} // @name AccountPasswordRequest

type emailRequest struct {
	Email string `json:"email" example:"ada@example.com" format:"email" maxLength:"254"`
} // @name AccountEmailRequest

type confirmRequest struct {
	// Token is what follows the # in the link.
	Token string `json:"token" minLength:"1"`
} // @name AccountConfirmRequest

type resetRequest struct {
	Token    string `json:"token" minLength:"1"`
	Password string `json:"password" example:"Difference-2_Engine" minLength:"9" maxLength:"1024" format:"password"`
	// RevokeKeys revokes all keys, too, for when they may be in others' hands.
	RevokeKeys bool `json:"revoke_keys" validate:"optional" example:"false"`
} // @name AccountResetRequest
