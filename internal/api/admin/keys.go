package admin

import (
	"context"
	"net/http"

	"github.com/gin-gonic/gin"

	"github.com/ginauth/ginauth/internal/api"
	"github.com/ginauth/ginauth/keys"
	"github.com/ginauth/ginauth/problem"
	"github.com/ginauth/ginauth/users"
)

// NewKey issues a key.
//
//	@Summary		Issue a key
//	@Description	For a user, with username, email and password: a new user, or one more key for a user whose password is right. Or for a service, with just a name. A user's keys are bounded in number and lifetime; an expiration_date that is sent is not moved by the user. The answer is the only place where the key is ever shown.
//	@ID				issueKey
//	@Tags			keys
//	@Accept			json
//	@Produce		json
//	@Param			body					body		newKeyRequest	true	"whom the key is for, and until when"
//	@Success		201						{object}	api.IssuedKey
//	@Failure		400,401,413,415,429,503	{object}	ginauth.Problem
//	@Failure		403						{object}	ginauth.Problem	"wrong_password, user_disabled, access_ended, email_unconfirmed"
//	@Failure		404						{object}	ginauth.Problem	"user_not_found"
//	@Failure		409						{object}	ginauth.Problem	"username_taken, email_taken, too_many_keys, changed_meanwhile"
//	@Failure		422						{object}	ginauth.Problem{proposed_password=string}
//	@Security		AdminSecret
//	@Router			/new [post]
func (a *API) NewKey(c *gin.Context) {
	var request newKeyRequest
	ctx := a.context(c)
	if !a.Read(ctx, c, "key.create", &request) {
		return
	}
	issued, err := a.issue(ctx, request)
	a.Created(c, api.NewIssuedKey(issued, a.Now()), err)
}

// issue issues a key to a service or to a user.
func (a *API) issue(ctx context.Context, request newKeyRequest) (keys.Issued, error) {
	if err := request.check(); err != nil {
		a.Records.Call(ctx, "key.create", "", err)
		return keys.Issued{}, err
	}
	key := keys.IssueParams{Name: request.Name, ExpirationDate: request.Date(), NeverExpires: request.NeverExpires}
	if !request.isForUser() {
		return a.Keys.Issue(ctx, key)
	}
	return a.Users.RegisterOrIssue(ctx, users.RegisterParams{
		Username: request.Username, Email: request.Email, Password: request.Password, ClientAddress: request.ClientAddress, Key: key,
	})
}

// RenewKey moves a key's expiration date.
//
//	@Summary		Renew a key
//	@Description	To expiration_date, or to the default counted from now, which may be earlier than the date it had. A revoked key is renewed only with reactivate. An expiration_date that is sent is not moved by the key's user from then on.
//	@ID				renewKey
//	@Tags			keys
//	@Accept			json
//	@Produce		json
//	@Param			body						body		renewKeyRequest	true	"which key, and until when"
//	@Success		200							{object}	api.RenewedKey
//	@Failure		400,401,413,415,422,429,503	{object}	ginauth.Problem
//	@Failure		404							{object}	ginauth.Problem	"key_not_found"
//	@Failure		409							{object}	ginauth.Problem	"key_revoked"
//	@Security		AdminSecret
//	@Router			/renew [post]
func (a *API) RenewKey(c *gin.Context) {
	var request renewKeyRequest
	ctx := a.context(c)
	if !a.Read(ctx, c, "key.renew", &request) {
		return
	}
	renewed, err := a.Keys.Renew(ctx, request.Ref(), keys.RenewParams{
		ExpirationDate: request.Date(), NeverExpires: request.NeverExpires, Reactivate: request.Reactivate,
	})
	a.Answer(c, api.NewRenewedKey(renewed, a.Now()), err)
}

// RevokeKey refuses a key from now on.
//
//	@Summary		Revoke a key
//	@Description	May be repeated: the first date stays.
//	@ID				revokeKey
//	@Tags			keys
//	@Accept			json
//	@Produce		json
//	@Param			body						body		api.KeyRef	true	"which key"
//	@Success		200							{object}	api.Key
//	@Failure		400,401,413,415,422,429,503	{object}	ginauth.Problem
//	@Failure		404							{object}	ginauth.Problem	"key_not_found"
//	@Security		AdminSecret
//	@Router			/revoke [post]
func (a *API) RevokeKey(c *gin.Context) {
	var request api.KeyRef
	ctx := a.context(c)
	if !a.Read(ctx, c, "key.revoke", &request) {
		return
	}
	key, err := a.Keys.Revoke(ctx, request.Ref())
	a.Answer(c, api.NewKey(key, a.Now()), err)
}

// DeleteKey removes a key for good.
//
//	@Summary		Delete a key
//	@Description	Its usage stays in the logs under its id, which is never used again.
//	@ID				deleteKey
//	@Tags			keys
//	@Accept			json
//	@Param			body	body	keyID	true	"which key"
//	@Success		204
//	@Failure		400,401,413,415,422,429,503	{object}	ginauth.Problem
//	@Failure		404							{object}	ginauth.Problem	"key_not_found"
//	@Security		AdminSecret
//	@Router			/delete [post]
func (a *API) DeleteKey(c *gin.Context) {
	var request keyID
	ctx := a.context(c)
	if !a.Read(ctx, c, "key.delete", &request) {
		return
	}
	a.Done(c, http.StatusNoContent, a.Keys.Delete(ctx, request.ref()))
}

// Lookup tells whose key a key is.
//
//	@Summary		Whose key is this?
//	@Description	For a key that was found somewhere: its id, owner, status and use, never the key itself. An unknown key counts in the limit on unknown keys of the client address.
//	@ID				lookupKey
//	@Tags			keys
//	@Accept			json
//	@Produce		json
//	@Param			body						body		lookupRequest	true	"the key"
//	@Success		200							{object}	api.KeyUsage
//	@Failure		400,401,413,415,422,429,503	{object}	ginauth.Problem
//	@Failure		404							{object}	ginauth.Problem	"key_not_found"
//	@Security		AdminSecret
//	@Router			/lookup [post]
func (a *API) Lookup(c *gin.Context) {
	var request lookupRequest
	ctx := a.context(c)
	if !a.Read(ctx, c, "key.show", &request) {
		return
	}
	done, err := a.admitUnknown(ctx, a.ClientIP(c))
	if err != nil {
		a.Records.Shown(ctx, "key.show", "", nil, 0, err)
		a.Refuse(c, err)
		return
	}
	key, err := a.Keys.Get(ctx, keys.ByKey(request.APIKey))
	done(problem.Is(err, "key_not_found"))
	a.Answer(c, api.NewKeyRow(key, a.Now()), err)
}
