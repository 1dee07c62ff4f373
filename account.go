package ginauth

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/problem"
	"github.com/ginauth/ginauth/repository"
)

// accountChallenge is how to authenticate for the account calls (RFC 7617).
const accountChallenge = `Basic realm="account", charset="UTF-8"`

// RegisterAccount mounts the calls with which users look after their own keys
// on a group of routes:
//
//	GET  /          who they are
//	GET  /logs      their keys with their usage
//	GET  /usage     their usage over time
//	POST /new       issue a further key (*)
//	POST /renew     move a key's expiration date, but not of a revoked one (*)
//	POST /revoke    refuse a key from now on
//	POST /password  change the password (*)
//	POST /email     change the email address (*), once the new one is confirmed
//
// They authenticate by HTTP Basic, with username or email address and the
// password, or by one of their keys; what is marked (*) needs the password. Of
// both, a key decides, or where the password is needed, Basic.
// With a Config.Mailer there are, too:
//
//	POST /confirm/send  mail a link that confirms the address
//	GET  /confirm       the page that the link leads to
//	POST /confirm       confirm the address, a new one with the password
//	POST /forgot        mail a link to a new password
//	GET  /reset         the page that the link leads to
//	POST /reset         set a new password
//
// What changes something wants application/json and no other origin's pages
// (http.CrossOriginProtection). The links lead to Config.PublicURL and the
// group's path; where there are several groups, to the first.
func (a *Auth) RegisterAccount(group interface {
	gin.IRouter
	BasePath() string
}) {
	account := group.Group("", a.protectAccount)
	account.GET("", a.accountShow("user.show", a.showAccount))
	account.GET("/logs", a.accountShow("key.list", a.accountLogs))
	account.GET("/usage", a.accountShow("usage.list", a.accountUsage))
	account.POST("/new", a.accountChange("key.create", withPassword, a.accountNewKey))
	account.POST("/renew", a.accountChange("key.renew", withPassword, a.accountRenewKey))
	account.POST("/revoke", a.accountChange("key.revoke", withAny, a.accountRevokeKey))
	account.POST("/password", a.accountChange("user.password", withPassword, a.accountPassword))
	account.POST("/email", a.accountChange("user.email", withPassword, a.accountEmail))
	if a.letters != nil {
		account.POST("/confirm/send", a.accountChange("user.confirm.send", withAny, a.sendConfirmation))
		account.GET("/confirm", showPage)
		account.POST("/confirm", a.confirmAddress)
		account.POST("/forgot", a.publicChange("user.forgot", a.forgot))
		account.GET("/reset", showPage)
		account.POST("/reset", a.publicChange("user.password", a.limitTokens(a.resetPassword)))
	}
	a.mounts.add(&a.mounts.account, group.BasePath())
}

// protectAccount keeps other origins' pages from changing anything with what a
// browser sends along by itself.
func (a *Auth) protectAccount(c *gin.Context) {
	c.Header("Cache-Control", "no-store")
	a.takeSecretFromQuery(c)
	dropSecretHeaders(c.Request)
	if err := a.origins.Check(c.Request); err != nil {
		a.refuse(c, accountChallenge, problem.Forbidden("cross_origin", "A page of another origin cannot do this."))
	}
}

// originsOf also trusts the origin that the application is reached under, in
// case a proxy changes the host.
func originsOf(publicURL string) *http.CrossOriginProtection {
	origins := http.NewCrossOriginProtection()
	if parsed, err := url.Parse(publicURL); err == nil && publicURL != "" {
		_ = origins.AddTrustedOrigin(parsed.Scheme + "://" + parsed.Host) // it was validated
	}
	return origins
}

// proofKind is by what a user may have proved themselves.
type proofKind int

const (
	withAny proofKind = iota
	withPassword
)

// accountShow makes a route of a call that shows a user what is theirs, which is
// audited.
func (a *Auth) accountShow(action string, call func(ctx context.Context, user models.User, rawQuery string) (any, error)) gin.HandlerFunc {
	return func(c *gin.Context) {
		user, err := a.accountUser(c, withAny)
		if err != nil {
			a.refuse(c, accountChallenge, err)
			return
		}
		ctx, cancel := storeContext(c)
		defer cancel()
		response, err := call(ctx, user, c.Request.URL.RawQuery)
		a.recordList(c, user.ID, action, response, err)
		if err != nil {
			a.refuse(c, accountChallenge, err)
			return
		}
		c.JSON(http.StatusOK, response)
	}
}

// accountChange makes a route of a call with which a user changes something of
// theirs and returns its id; each is audited.
func (a *Auth) accountChange(action string, kind proofKind, call func(c *gin.Context, user models.User) (id string, err error)) gin.HandlerFunc {
	return func(c *gin.Context) {
		fetchBody(c.Request) // first: who holds it back would else be taken for who they once were
		user, err := a.accountUser(c, kind)
		id := ""
		if err == nil {
			id, err = call(c, user)
		}
		a.audit(c, user.ID, action, id, err)
		if err != nil {
			a.refuse(c, accountChallenge, err)
		}
	}
}

// publicChange makes a route of a call that needs no proof but what is in its
// body.
func (a *Auth) publicChange(action string, call func(c *gin.Context) (id string, err error)) gin.HandlerFunc {
	return func(c *gin.Context) {
		_ = takeBasic(c.Request) // nobody asked for it
		a.dropKeyHeaders(c)
		id, err := call(c)
		a.audit(c, id, action, id, err)
		if err != nil {
			a.refuse(c, accountChallenge, err)
		}
	}
}

// confirmAddress is the route of confirm, which needs Basic for some tokens.
func (a *Auth) confirmAddress(c *gin.Context) {
	login := takeBasic(c.Request)
	a.publicChange("user.confirm", a.limitTokens(func(c *gin.Context) (id string, err error) { return a.confirm(c, login) }))(c)
}

// accountUser returns the user who calls, and records the login.
func (a *Auth) accountUser(c *gin.Context, kind proofKind) (models.User, error) {
	login, user, err := a.findAccountUser(c, kind)
	a.recordLogin(c, login, user, err)
	return user, err
}

// findAccountUser returns the user who calls, and the login by which they are
// known, if it is not by a key. For calls that a key may make, a key that is sent
// decides, and Basic beside it says nothing: a browser may repeat there what it
// sends to a proxy of the site. For calls that need the password, Basic decides,
// and a key beside it says nothing.
func (a *Auth) findAccountUser(c *gin.Context, kind proofKind) (name string, user models.User, err error) {
	login := takeBasic(c.Request)
	if kind == withAny || !login.sent {
		user, err := a.userByKey(c, kind)
		if !login.sent || !problem.Is(err, "credentials_missing") {
			return "", user, err
		}
	}
	a.dropKeyHeaders(c)
	if login.err != nil {
		return "", models.User{}, login.err
	}
	user, err = a.userByPassword(c, login.name, login.password)
	return login.name, user, err
}

// userByPassword returns the user whose login and password these are.
func (a *Auth) userByPassword(c *gin.Context, login, password string) (models.User, error) {
	user, right, err := a.prove(c.Request.Context(), claim{login: login, password: password, address: a.config.ClientIP(c)})
	if err != nil {
		return models.User{}, err
	}
	if !right {
		return models.User{}, problem.Unauthenticated("credentials_wrong", "The username or the password is wrong.")
	}
	if user.IsDisabled() {
		return models.User{}, userDisabled()
	}
	return user, nil
}

// basicLogin is what a request carries of HTTP Basic (RFC 7617).
type basicLogin struct {
	name, password string
	sent           bool
	err            error // it cannot be read
}

// takeBasic takes username and password out of the request.
func takeBasic(r *http.Request) basicLogin {
	values := r.Header["Authorization"]
	isBasic := func(value string) bool {
		scheme, _, _ := strings.Cut(value, " ")
		return strings.EqualFold(scheme, "Basic")
	}
	if !slices.ContainsFunc(values, isBasic) {
		return basicLogin{}
	}
	name, password, ok := r.BasicAuth()
	delete(r.Header, "Authorization")
	if !ok || len(values) > 1 {
		return basicLogin{sent: true, err: problem.Unauthenticated("credentials_invalid", "The Authorization header cannot be read.")}
	}
	return basicLogin{name: name, password: password, sent: true}
}

// userByKey returns the owner of the key that the request carries.
func (a *Auth) userByKey(c *gin.Context, kind proofKind) (models.User, error) {
	key, err := a.authenticate(c)
	if problem.Is(err, "key_missing") {
		return models.User{}, problem.Unauthenticated("credentials_missing", "Send username and password by HTTP Basic, or an API key.")
	}
	if err != nil {
		return models.User{}, err
	}
	if key.UserID() == "" {
		return models.User{}, problem.Forbidden("user_missing", "The key belongs to a service, which has no account.")
	}
	if kind == withPassword {
		return models.User{}, problem.Forbidden("password_needed", "This needs the username and password, by HTTP Basic.")
	}
	ctx, cancel := storeContext(c)
	defer cancel()
	user, err := a.repo.UserByID(ctx, key.UserID())
	if err == nil && user.IsDisabled() {
		return models.User{}, userDisabled()
	}
	return user, asUser(err)
}

// ownKey returns the id of the key that is meant, if it is the user's.
func (a *Auth) ownKey(ctx context.Context, user models.User, ref keyRef) (id string, err error) {
	if fields := a.refErrors(ref); len(fields) > 0 {
		return "", problem.InvalidFields(fields...)
	}
	if id, err = a.resolve(ctx, ref); err != nil {
		return "", err
	}
	list, err := a.repo.ListUsage(ctx, repository.UsageFilter{KeyID: id, UserID: user.ID}, repository.Page{Sort: repository.SortID, Limit: 1})
	if err == nil && len(list.Rows) == 0 {
		err = repository.ErrNotFound
	}
	return id, err
}
