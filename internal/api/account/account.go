// Package account is the calls with which users look after their own keys over
// HTTP: it authenticates the user, reads a request, calls a service and writes the
// answer.
package account

import (
	"context"
	"net/http"

	"github.com/gin-gonic/gin"

	"github.com/ginauth/ginauth/internal/api"
	"github.com/ginauth/ginauth/internal/audit"
	"github.com/ginauth/ginauth/internal/guard"
	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/problem"
	"github.com/ginauth/ginauth/users"
)

// Challenge is how to authenticate for the account calls (RFC 7617).
const Challenge = `Basic realm="account", charset="UTF-8"`

// challenge has no browser ask for a password where a script calls: no browser knows
// the scheme xBasic. Sec-Fetch-Dest is set by browsers alone (Fetch Metadata).
func challenge(r *http.Request) string {
	if r.Header.Get("Sec-Fetch-Dest") == "empty" || r.Header.Get("X-Requested-With") == "XMLHttpRequest" {
		return "x" + Challenge
	}
	return Challenge
}

// API holds the account calls.
type API struct {
	api.Base
	guard   *guard.Guard
	origins *http.CrossOriginProtection
	page    Page
}

// New returns the account calls.
func New(base api.Base, guard *guard.Guard, page Page) *API {
	base.Challenge = challenge
	return &API{base, guard, originsFrom(page.publicURL), page}
}

// loginKind is by what a user may be authenticated.
type loginKind int

const (
	withAny loginKind = iota
	withPassword
)

// login returns the user who calls, and the context of what they do. Where it
// refuses the call, it records that, for one that changes something with the
// action.
func (a *API) login(c *gin.Context, kind loginKind, action string) (models.User, context.Context, bool) {
	if action != "" {
		api.FetchBody(c.Request) // first: a client that holds it back would else be taken for who they once were
	}
	ctx := a.Context(c, audit.Anonymous, "")
	user, err := a.authenticate(ctx, c, kind)
	if err == nil {
		return user, a.Context(c, audit.User, user.ID), true
	}
	if action != "" {
		a.Records.Call(ctx, action, "", err)
	}
	a.Refuse(c, err)
	return user, ctx, false
}

// public is the context of a call that needs no credential but what is in its body.
// Others that a client sends are removed.
func (a *API) public(c *gin.Context) context.Context {
	_ = takeBasic(c.Request)
	a.Reader.DropKeyHeaders(c)
	return a.Context(c, audit.Anonymous, "")
}

// authenticate returns the user who calls. For calls that a key may make, a key
// that is sent decides, and Basic beside it says nothing: a browser may repeat
// there what it sends to a proxy of the site. For calls that need the password,
// Basic decides, and a key beside it says nothing.
func (a *API) authenticate(ctx context.Context, c *gin.Context, kind loginKind) (models.User, error) {
	login := takeBasic(c.Request)
	if kind == withAny || !login.sent {
		user, err := a.byKey(ctx, c, kind)
		if !login.sent || !problem.Is(err, "credentials_missing") {
			a.recordLogin(ctx, user, err)
			return user, err
		}
	}
	a.Reader.DropKeyHeaders(c)
	return a.byPassword(ctx, login)
}

// byPassword returns the user whose login and password these are.
func (a *API) byPassword(ctx context.Context, login basicLogin) (models.User, error) {
	if login.err != nil {
		a.recordLogin(ctx, models.User{}, login.err)
		return models.User{}, login.err
	}
	return a.Users.Authenticate(ctx, users.Credentials{Username: login.name, Password: login.password})
}

// byKey returns the owner of the key that the request carries.
func (a *API) byKey(ctx context.Context, c *gin.Context, kind loginKind) (models.User, error) {
	key, err := a.guard.Authenticate(c)
	switch {
	case problem.Is(err, "key_missing"):
		return models.User{}, problem.Unauthenticated("credentials_missing", "Send username and password by HTTP Basic, or an API key.")
	case err != nil:
		return models.User{}, err
	case key.UserID() == "":
		return models.User{}, problem.Forbidden("user_missing", "The key belongs to a service, which has no account.")
	case kind == withPassword:
		return models.User{}, problem.Forbidden("password_needed", "This needs the username and password, by HTTP Basic.")
	}
	return a.Users.Owner(ctx, key.UserID())
}

// recordLogin records a login that is not by a password, which package users
// records. By a key, users may log in as fast as they like.
func (a *API) recordLogin(ctx context.Context, user models.User, err error) {
	record := audit.NewRecord(ctx, "user.login", user.ID, err)
	record.Actor = user.ID
	a.Records.RecordLimited(ctx, record)
}
