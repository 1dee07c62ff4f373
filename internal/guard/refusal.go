package guard

import (
	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/problem"
)

// refusal returns the problem of a key that is not active, its owner's disabling
// included.
func refusal(status models.Status) error {
	switch status {
	case models.StatusActive:
		return nil
	case models.StatusRevoked:
		return problem.Unauthenticated("key_revoked", "The API key was revoked.")
	case models.StatusExpired:
		return problem.Unauthenticated("key_expired", "The API key has expired.")
	case models.StatusDisabled:
		return problem.Unauthenticated("user_disabled", "The user of the API key is disabled.")
	default:
		return keyInvalid()
	}
}

func keyInvalid() *problem.Error {
	return problem.Unauthenticated("key_invalid", "The API key is not valid.")
}
