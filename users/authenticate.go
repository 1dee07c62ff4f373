package users

import (
	"context"
	"net"

	"github.com/ginauth/ginauth/internal/audit"
	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/problem"
)

// Credentials are somebody's word for who they are.
type Credentials struct {
	// Username or Email is the login, one of the two.
	Username, Email string
	Password        string
	// ClientAddress is whose guess it is, an IP address. If it is empty, that is
	// where the call comes from; a call from Go comes from nowhere, so all its
	// guesses count as one client's.
	ClientAddress string
}

// login is a username or an email address; the latter has an @.
func (c Credentials) login() string { return c.Username + c.Email }

// check says what is wrong with credentials. Of those of an account's own calls
// nothing is said: they are right or wrong.
func (c Credentials) check(ctx context.Context) error {
	if audit.ActorFrom(ctx).Kind == audit.Anonymous {
		return nil
	}
	invalid := append(checkLogin(c.Username, c.Email), checkAddress(c.ClientAddress)...)
	if c.Password == "" {
		invalid = append(invalid, problem.Missing("password"))
	}
	if len(invalid) > 0 {
		return problem.InvalidFields(invalid...)
	}
	return nil
}

// checkAddress says what is wrong with the address of a client.
func checkAddress(address string) []problem.Field {
	if address == "" || net.ParseIP(address) != nil {
		return nil
	}
	return []problem.Field{problem.NewField("client_address", "client_address_invalid", "This must be an IP address.")}
}

// Authenticate returns the user whose login and password these are. It fails
// with the problems credentials_wrong, whether the user or the password is
// wrong; user_disabled; too_many_attempts, after wrong passwords for the account
// from the address, or after many right ones; and busy.
func (s *Service) Authenticate(ctx context.Context, c Credentials) (models.User, error) {
	a := newAttempt(ctx, c.login(), c.Password, c.ClientAddress)
	if err := c.check(ctx); err != nil {
		s.auth.record(ctx, a, models.User{}, err)
		return models.User{}, err
	}
	user, err := s.auth.authenticate(ctx, a)
	if err == nil && user.IsDisabled() {
		err = problem.Forbidden("user_disabled", "The user is disabled.")
	}
	s.auth.record(ctx, a, user, err)
	if err != nil {
		return models.User{}, err
	}
	return user, nil
}
