// Package users registers and authenticates the people who hold keys, and looks
// after their passwords and email addresses.
//
// An application reaches the service by ginauth.Auth's method Users; the HTTP
// calls use it too. A change is in effect when its method returns, on other nodes
// within a second. Each method is safe for concurrent use and is
// recorded in the audit log.
//
// Errors are problems (package problem): a kind, a stable code, and a sentence
// for the client. A failing database is one of the kind problem.KindUnavailable.
//
// The context says who acts: the application, unless ginauth.WithActor or an
// HTTP call says otherwise.
package users

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/ginauth/ginauth/internal/audit"
	"github.com/ginauth/ginauth/internal/hashpool"
	"github.com/ginauth/ginauth/keys"
	"github.com/ginauth/ginauth/mail"
	"github.com/ginauth/ginauth/repository"
	"github.com/ginauth/ginauth/security"
)

// Service is the users of one Auth.
type Service struct {
	directory
	registrar *registrar
	passwords *passwords
	emails    *emails
	auth      *authenticator
	keys      *keys.Service
	records   *audit.Recorder
	tokens    *emailTokens
	mails     *mailer        // nil without a mail.Mailer
	resets    *resetRequests // likewise
}

// Options are what a service is made of. All but Mailer, PublicURL, LinkPath and
// Resolver are required.
type Options struct {
	Repository repository.Repository
	Keys       *keys.Service
	Records    *audit.Recorder
	Hashing    *hashpool.Pool
	// PasswordPolicy says what is wrong with a new password.
	PasswordPolicy func(password string) []security.RuleError
	Resolver       Resolver
	Mailer         mail.Mailer
	// PublicURL and LinkPath are what links in mails begin with; LinkPath is
	// empty while there is nothing to link to.
	PublicURL string
	// Templates replace what mails say.
	Templates mail.Templates
	LinkPath  func() string
	// RequireConfirmedEmail has a new user's first key revoked from the start.
	RequireConfirmedEmail bool
	Logger                *slog.Logger
	Now                   func() time.Time
}

// New returns a service, which needs to be closed. It is for package ginauth,
// which makes the service of an Auth.
func New(o Options) *Service {
	d, rules := directory{o.Repository, o.Now}, passwordRules{o.PasswordPolicy}
	s := &Service{directory: d, auth: newAuthenticator(d, o), keys: o.Keys, records: o.Records, tokens: newEmailTokens(d, o.Logger)}
	if o.Mailer != nil {
		s.mails = startMailer(d, s.tokens, o)
		s.resets = startResetRequests(s.auth, s.mails, o)
	}
	s.registrar = &registrar{d, s.auth, o.Keys, o.Hashing, rules, o.Resolver, s.mails, o.RequireConfirmedEmail}
	s.passwords = &passwords{d, o.Hashing, rules, s.tokens, s.mails}
	s.emails = &emails{d, o.Resolver, s.tokens, s.mails}
	return s
}

// Close tries once what waits to be mailed, until the context ends; the error says
// how much was not sent.
func (s *Service) Close(ctx context.Context) error {
	if s.mails == nil {
		return nil
	}
	return errors.Join(s.resets.close(ctx), s.mails.close(ctx))
}
