package ginauth

import (
	"context"
	"net/http"

	"github.com/gin-gonic/gin"

	"github.com/ginauth/ginauth/problem"
)

// secretChallenge is how to authenticate for the admin calls.
const secretChallenge = `ApiKey realm="admin", in="header", name="` + secretHeader + `"`

// RegisterAdmin mounts the calls that administer keys on a group of routes,
// each guarded by the admin secret in the header secret-key:
//
//	POST /new     issue a key
//	POST /renew   move a key's expiration date
//	POST /revoke  refuse a key from now on
//	POST /delete  remove a key, but not its usage
//	GET  /logs    list keys with their usage
//	GET  /usage   usage over time
//	POST /verify  tell whether a password is a user's
//	GET  /users   list users
//
//	GET  /users/export   all that is held of a user
//	POST /users/update   end a user's access at a date
//	POST /users/disable  refuse a user and all their keys from now on
//	POST /users/enable   let them in again
//	POST /users/delete   erase a user
//	POST /users/reset    make a password worthless and mail a link to a new one
//
// The last is there only with a Config.Mailer. The group is a *gin.RouterGroup
// or a *gin.Engine.
func (a *Auth) RegisterAdmin(group interface {
	gin.IRouter
	BasePath() string
}) {
	admin := group.Group("", a.requireSecret)
	admin.POST("/new", a.change("key.create", a.newKey))
	admin.POST("/renew", a.change("key.renew", a.renewKey))
	admin.POST("/revoke", a.change("key.revoke", a.revokeKey))
	admin.POST("/delete", a.change("key.delete", a.deleteKey))
	admin.GET("/logs", a.show("key.list", a.logs))
	admin.GET("/usage", a.show("usage.list", a.usageSeries))
	admin.POST("/verify", a.answer(a.verify))
	admin.GET("/users", a.show("user.list", a.users))
	admin.GET("/users/export", a.show("user.export", a.exportUser))
	admin.POST("/users/update", a.change("user.update", a.updateUser))
	admin.POST("/users/disable", a.change("user.disable", a.disableUser))
	admin.POST("/users/enable", a.change("user.enable", a.enableUser))
	admin.POST("/users/delete", a.change("user.delete", a.deleteUser))
	if a.letters != nil {
		admin.POST("/users/reset", a.change("user.reset", a.resetUser))
	}
	a.mounts.add(&a.mounts.admin, group.BasePath())
}

// requireSecret lets nobody pass without the admin secret.
func (a *Auth) requireSecret(c *gin.Context) {
	c.Header("Cache-Control", "no-store")
	err := a.checkSecret(c)
	a.recordSecret(c, err)
	if err != nil {
		a.refuse(c, secretChallenge, err)
	}
}

// checkSecret takes the secret from its header and compares it.
func (a *Auth) checkSecret(c *gin.Context) error {
	if err := checkQuerySize(c.Request); err != nil {
		return err
	}
	values := takeHeader(c.Request, canonicalSecretHeader)
	a.dropKeyHeaders(c)
	if a.takeSecretFromQuery(c) {
		return problem.Unauthenticated("secret_in_query", "The admin secret belongs in the header secret-key, never in a URL: change it, since URLs are logged.")
	}
	if len(values) == 0 || values[0] == "" {
		return problem.Unauthenticated("secret_missing", "The header secret-key is missing or empty.")
	}
	if len(values) > 1 {
		return problem.Unauthenticated("secret_repeated", "The header secret-key was sent more than once.")
	}
	if err := a.compareSecret(a.config.ClientIP(c), values[0]); err != nil {
		return err
	}
	a.recordPosition(c, a.secrets.Position(values[0]))
	return nil
}

// dropKeyHeaders removes a key that a client sends with everything. In a query
// it is left: there it was meant for something that these calls do not do, and
// is refused.
func (a *Auth) dropKeyHeaders(c *gin.Context) {
	for _, source := range a.sources {
		if source.In != InQuery {
			takeFrom(c, source, a.config.KeyPrefix)
		}
	}
	a.cleanHeaders(c.Request, "")
}

// show makes a route of a call that changes nothing and answers with what it
// finds for the parameters of the query. Who was shown what is audited.
func (a *Auth) show(action string, call func(ctx context.Context, rawQuery string) (any, error)) gin.HandlerFunc {
	return func(c *gin.Context) {
		ctx, cancel := storeContext(c)
		defer cancel()
		response, err := call(ctx, c.Request.URL.RawQuery)
		a.recordList(c, actorAdmin, action, response, err)
		if err != nil {
			a.refuse(c, secretChallenge, err)
			return
		}
		c.JSON(http.StatusOK, response)
	}
}

// answer makes a route of a call that reads a body and changes nothing.
func (a *Auth) answer(call func(*gin.Context) error) gin.HandlerFunc {
	return func(c *gin.Context) {
		if err := call(c); err != nil {
			a.refuse(c, secretChallenge, err)
		}
	}
}

// change makes a route of a call that changes something and returns the id of
// what it changed; each is audited, the refused ones too.
func (a *Auth) change(action string, call func(*gin.Context) (id string, err error)) gin.HandlerFunc {
	return func(c *gin.Context) {
		id, err := call(c)
		a.audit(c, actorAdmin, action, id, err)
		if err != nil {
			a.refuse(c, secretChallenge, err)
		}
	}
}
