package account

import (
	"context"
	"net/http"

	"github.com/gin-gonic/gin"

	"github.com/ginauth/ginauth/internal/api"
	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/problem"
	"github.com/ginauth/ginauth/users"
)

// ChangePassword changes the user's password.
//
//	@Summary		Change your password
//	@Description	The old one is in the Authorization header. With revoke_keys all keys are revoked, too.
//	@ID				changePassword
//	@Tags			account
//	@Accept			json
//	@Produce		json
//	@Param			body					body		passwordRequest	true	"the new password"
//	@Success		200						{object}	api.User
//	@Failure		400,401,413,415,429,503	{object}	ginauth.Problem
//	@Failure		403						{object}	ginauth.Problem	"user_disabled, password_needed, cross_origin"
//	@Failure		404						{object}	ginauth.Problem	"user_not_found"
//	@Failure		409						{object}	ginauth.Problem	"changed_meanwhile"
//	@Failure		422						{object}	ginauth.Problem{proposed_password=string}
//	@Security		Account
//	@Router			/account/password [post]
func (a *API) ChangePassword(c *gin.Context) {
	var request passwordRequest
	user, ctx, ok := a.login(c, withPassword, "user.password")
	if !ok || !a.Read(ctx, c, "user.password", &request) {
		return
	}
	changed, err := a.Users.ChangePassword(ctx, users.Authenticated(user), users.PasswordParams{
		Password: request.Password, RevokeKeys: request.RevokeKeys,
	})
	a.Answer(c, api.NewUser(changed), err)
}

// ChangeEmail changes the user's address.
//
//	@Summary		Change your email address
//	@Description	If mail can be sent, the new address is pending until it is confirmed: a link goes there, the address in effect is told, and the answer is the same if the new one is somebody else's. Without mail the change is in effect at once, and the new address is not confirmed.
//	@ID				changeEmail
//	@Tags			account
//	@Accept			json
//	@Produce		json
//	@Param			body						body		emailRequest	true	"the new address"
//	@Success		200							{object}	api.Account
//	@Failure		400,401,413,415,422,429,503	{object}	ginauth.Problem
//	@Failure		403							{object}	ginauth.Problem	"user_disabled, password_needed, cross_origin"
//	@Failure		404							{object}	ginauth.Problem	"user_not_found"
//	@Failure		409							{object}	ginauth.Problem	"email_taken, changed_meanwhile"
//	@Security		Account
//	@Router			/account/email [post]
func (a *API) ChangeEmail(c *gin.Context) {
	var request emailRequest
	user, ctx, ok := a.login(c, withPassword, "user.email")
	if !ok || !a.Read(ctx, c, "user.email", &request) {
		return
	}
	changed, err := a.Users.ChangeEmail(ctx, users.Authenticated(user), request.Email)
	a.Answer(c, api.NewAccount(changed), err)
}

// SendConfirmation mails a link that confirms the user's address.
//
//	@Summary		Mail a link that confirms your address
//	@Description	The body is empty. The link is good for a day.
//	@ID				sendConfirmation
//	@Tags			account
//	@Success		202
//	@Failure		401,415,429,503	{object}	ginauth.Problem
//	@Failure		403				{object}	ginauth.Problem	"user_disabled, user_missing, cross_origin"
//	@Failure		404				{object}	ginauth.Problem	"user_not_found"
//	@Failure		409				{object}	ginauth.Problem	"email_confirmed, changed_meanwhile"
//	@Security		Account
//	@Security		ApiKeyHeader
//	@Router			/account/confirm/send [post]
func (a *API) SendConfirmation(c *gin.Context) {
	user, ctx, ok := a.login(c, withAny, "user.confirm.send")
	if !ok {
		return
	}
	if err := api.RequireNoForm(c); err != nil {
		a.Records.Call(ctx, "user.confirm.send", "", err)
		a.Refuse(c, err)
		return
	}
	a.Done(c, http.StatusAccepted, a.Users.SendConfirmation(ctx, users.Authenticated(user)))
}

// Confirm uses a token that was mailed up, to confirm the address.
//
//	@Summary		Confirm an address
//	@Description	With the token of the link. A first confirmation revokes the keys issued before, since somebody else may have given the address. A new address needs the login, by HTTP Basic, of the user who asked for it; if it was taken meanwhile, nothing changes.
//	@ID				confirmEmail
//	@Tags			account
//	@Accept			json
//	@Param			body	body	confirmRequest	true	"the token"
//	@Success		204
//	@Failure		400,401,413,415,422,429,503	{object}	ginauth.Problem
//	@Failure		403							{object}	ginauth.Problem	"token_invalid, user_disabled, cross_origin"
//	@Failure		409							{object}	ginauth.Problem	"email_taken, changed_meanwhile"
//	@Router			/account/confirm [post]
func (a *API) Confirm(c *gin.Context) {
	var request confirmRequest
	login := takeBasic(c.Request)
	ctx := a.public(c)
	if !a.Read(ctx, c, "user.confirm", &request) {
		return
	}
	_, err := a.Users.Confirm(ctx, users.ConfirmParams{Token: request.Token, Login: func(ctx context.Context) (models.User, error) {
		if !login.sent {
			return models.User{}, problem.Unauthenticated("credentials_missing", "Log in to confirm a new address: send username and password by HTTP Basic.")
		}
		return a.byPassword(ctx, login)
	}})
	a.Done(c, http.StatusNoContent, err)
}

// Forgot mails a link to a new password.
//
//	@Summary		Mail a link to a new password
//	@Description	The answer is the same whether anybody has the address or not.
//	@ID				forgotPassword
//	@Tags			account
//	@Accept			json
//	@Param			body	body	emailRequest	true	"the address"
//	@Success		202
//	@Failure		400,413,415,422,429,503	{object}	ginauth.Problem
//	@Failure		403						{object}	ginauth.Problem	"cross_origin"
//	@Router			/account/forgot [post]
func (a *API) Forgot(c *gin.Context) {
	var request emailRequest
	ctx := a.public(c)
	if !a.Read(ctx, c, "user.forgot", &request) {
		return
	}
	a.Done(c, http.StatusAccepted, a.Users.RequestReset(ctx, request.Email))
}

// Reset uses a token that was mailed up, to set a new password.
//
//	@Summary		Set a new password
//	@Description	With the token of the link, which confirms the address, too. If it was not confirmed before, the keys are revoked, since somebody else may have registered the address; else they are if revoke_keys is sent.
//	@ID				resetPassword
//	@Tags			account
//	@Accept			json
//	@Param			body	body	resetRequest	true	"the token and the new password"
//	@Success		204
//	@Failure		400,413,415,429,503	{object}	ginauth.Problem
//	@Failure		403					{object}	ginauth.Problem	"token_invalid, cross_origin"
//	@Failure		409					{object}	ginauth.Problem	"changed_meanwhile"
//	@Failure		422					{object}	ginauth.Problem{proposed_password=string}
//	@Router			/account/reset [post]
func (a *API) Reset(c *gin.Context) {
	var request resetRequest
	ctx := a.public(c)
	if !a.Read(ctx, c, "user.password", &request) {
		return
	}
	_, err := a.Users.Reset(ctx, users.ResetParams{Token: request.Token, Password: request.Password, RevokeKeys: request.RevokeKeys})
	a.Done(c, http.StatusNoContent, err)
}

// FindLink tells what a mailed link is for.
//
//	@Summary		What a mailed link is for
//	@Description	The token stays as it is. The page that the link leads to shows this before a button is pressed.
//	@ID				findLink
//	@Tags			account
//	@Accept			json
//	@Produce		json
//	@Param			body	body		confirmRequest	true	"the token"
//	@Success		200		{object}	api.Link
//	@Failure		400,413,415,422,429,503	{object}	ginauth.Problem
//	@Failure		403	{object}	ginauth.Problem	"token_invalid, cross_origin"
//	@Security
//	@Router			/account/link [post]
func (a *API) FindLink(c *gin.Context) {
	var request confirmRequest
	ctx := a.public(c)
	if !a.Read(ctx, c, "user.link", &request) {
		return
	}
	link, err := a.Users.FindLink(ctx, request.Token)
	a.Answer(c, api.NewLink(link), err)
}
