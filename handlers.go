package ginauth

import (
	"github.com/gin-gonic/gin"

	"github.com/ginauth/ginauth/internal/api"
	"github.com/ginauth/ginauth/internal/api/methods"
)

// The annotations below are read by swag; package docs serves the result.
//
//	@title						ginauth
//	@version					1.0
//	@description				Issue, renew, revoke and list API keys.
//	@securityDefinitions.apikey	AdminSecret
//	@in							header
//	@name						secret-key
//	@description				The admin secret (GINAUTH_SECRET).
//	@securityDefinitions.basic	Account

// RegisterAdmin mounts the calls that administer keys on a group of routes,
// each guarded by the admin secret in the header secret-key:
//
//	POST /new     issue a key
//	POST /renew   move a key's expiration date
//	POST /revoke  refuse a key from now on
//	POST /delete  remove a key, but not its usage
//	GET  /logs    list keys with their usage
//	GET  /usage   usage over time
//	GET  /totals  how many keys there are in each state
//	POST /lookup  tell whose key a key is
//	POST /verify  tell whether a password is a user's
//	GET  /users   list users
//
//	POST /new/bulk     issue up to 1,000 keys, all or none
//	POST /revoke/bulk  revoke all keys that meet a filter
//	GET  /logs/export  all keys with their usage, as JSON lines or CSV
//
//	GET  /users/export   all that is held of a user
//	POST /users/update   end a user's access at a date
//	POST /users/disable  refuse a user and all their keys from now on
//	POST /users/enable   let them in again
//	POST /users/delete   erase a user
//	POST /users/reset    make a password worthless and mail a link to a new one
//
// The last is there only with a Config.Mailer. The group is a *gin.RouterGroup
// or a *gin.Engine. Other methods on these paths are answered 405, unless the
// application has mounted such a route before. It panics below a guard, which would
// take the admin secret away.
func (a *Auth) RegisterAdmin(group interface {
	gin.IRouter
	BasePath() string
}) {
	calls := methods.New("RegisterAdmin", group, api.Finish, a.admin.RequireSecret)
	calls.POST("/new", a.admin.NewKey)
	calls.POST("/renew", a.admin.RenewKey)
	calls.POST("/revoke", a.admin.RevokeKey)
	calls.POST("/delete", a.admin.DeleteKey)
	calls.GET("/logs", a.admin.Logs)
	calls.GET("/logs/export", a.admin.ExportKeys)
	calls.GET("/usage", a.admin.Usage)
	calls.GET("/totals", a.admin.Totals)
	calls.POST("/lookup", a.admin.Lookup)
	calls.POST("/new/bulk", a.admin.NewKeys)
	calls.POST("/revoke/bulk", a.admin.RevokeKeys)
	calls.POST("/verify", a.admin.Verify)
	calls.GET("/users", a.admin.ListUsers)
	calls.GET("/users/export", a.admin.ExportUser)
	calls.POST("/users/update", a.admin.UpdateUser)
	calls.POST("/users/disable", a.admin.DisableUser)
	calls.POST("/users/enable", a.admin.EnableUser)
	calls.POST("/users/delete", a.admin.DeleteUser)
	if a.SendsMail() {
		calls.POST("/users/reset", a.admin.ResetUser)
	}
	calls.RefuseOthers(a.admin.Responder.RefuseMethod)
	a.mounts.add(&a.mounts.admin, group.BasePath())
	a.Logger().Info("the admin calls are mounted", "path", group.BasePath())
}

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
//	POST /link          what a mailed link is for
//
// Calls that change something want application/json and no other origin's pages
// (http.CrossOriginProtection). The links lead to Config.PublicURL and the
// group's path; where there are several groups, to the first. For other methods and
// below a guard it does as RegisterAdmin.
func (a *Auth) RegisterAccount(group interface {
	gin.IRouter
	BasePath() string
}) {
	calls := methods.New("RegisterAccount", group, api.Finish, a.account.Protect)
	calls.GET("", a.account.Show)
	calls.GET("/logs", a.account.Logs)
	calls.GET("/usage", a.account.Usage)
	calls.POST("/new", a.account.NewKey)
	calls.POST("/renew", a.account.RenewKey)
	calls.POST("/revoke", a.account.RevokeKey)
	calls.POST("/password", a.account.ChangePassword)
	calls.POST("/email", a.account.ChangeEmail)
	if a.SendsMail() {
		calls.POST("/confirm/send", a.account.SendConfirmation)
		calls.GET("/confirm", a.account.ShowPage)
		calls.POST("/confirm", a.account.Confirm)
		calls.POST("/forgot", a.account.Forgot)
		calls.GET("/reset", a.account.ShowPage)
		calls.POST("/link", a.account.FindLink)
		calls.POST("/reset", a.account.Reset)
	}
	calls.RefuseOthers(a.admin.Responder.RefuseMethod)
	a.mounts.add(&a.mounts.account, group.BasePath())
}
