package users

import (
	"strings"

	"github.com/ginauth/ginauth/internal/audit"
	"github.com/ginauth/ginauth/internal/fields"
	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/problem"
)

// Ref names a user by id, username or email address, one of the three.
type Ref struct {
	ID, Username, Email string
	// authenticatedBy is the hash of the password by which they were authenticated,
	// and canonicalEmail their address then; empty if it does not matter.
	authenticatedBy, canonicalEmail string
}

// ByID names a user by their id, in any form of RFC 9562.
func ByID(id string) Ref { return Ref{ID: id} }

// ByUsername names a user by their username.
func ByUsername(name string) Ref { return Ref{Username: name} }

// ByEmail names a user by their email address.
func ByEmail(address string) Ref { return Ref{Email: address} }

// Authenticated names a user as Authenticate has returned them. A change that
// begins after their password was changed, or after they were disabled, fails
// with the problem changed_meanwhile.
func Authenticated(user models.User) Ref {
	return Ref{ID: user.ID, authenticatedBy: user.PasswordHash, canonicalEmail: user.CanonicalEmail}
}

// isOutdated reports whether the user is no more as they were authenticated.
func (r Ref) isOutdated(user models.User) bool {
	return r.authenticatedBy != "" && (user.PasswordHash != r.authenticatedBy || user.IsDisabled())
}

// names names what the reference consists of, in the words of the calls.
func (r Ref) names() []string {
	return audit.Names(map[string]bool{"id": r.ID != "", "username": r.Username != "", "email": r.Email != ""})
}

// check says what is wrong with a reference.
func (r Ref) check() []problem.Field {
	switch {
	case r.ID == "" && r.Username == "" && r.Email == "":
		return []problem.Field{problem.Missing("id"), problem.Missing("username"), problem.Missing("email")}
	case r.ID == "":
		return checkLogin(r.Username, r.Email)
	case r.Username != "" || r.Email != "":
		return []problem.Field{problem.NewField("id", "id_superfluous", "Send either id, username or email.")}
	default:
		return fields.ID(r.ID)
	}
}

// checkLogin says what is wrong with a login: a username or an address, one of
// the two.
func checkLogin(username, email string) []problem.Field {
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
