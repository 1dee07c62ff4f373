package admin

import (
	"github.com/gin-gonic/gin"

	"github.com/ginauth/ginauth/internal/api"
)

// NewKeys issues many keys.
//
//	@Summary		Issue many keys
//	@Description	Up to 1,000 keys of services and users, all or none. A batch_id makes the call safe to repeat: the second time it answers 409 with the ids of the keys, which are never shown again. Errors of a key name it as keys[index].field.
//	@ID				issueKeys
//	@Tags			keys
//	@Accept			json
//	@Produce		json
//	@Param			body					body		newKeysRequest	true	"whom the keys are for, and until when"
//	@Success		201						{object}	api.IssuedBatch
//	@Failure		400,401,413,415,429,503	{object}	ginauth.Problem
//	@Failure		409						{object}	ginauth.Problem{ids=[]string}	"batch_exists, too_many_keys, changed_meanwhile"
//	@Failure		422						{object}	ginauth.Problem
//	@Security		AdminSecret
//	@Router			/new/bulk [post]
func (a *API) NewKeys(c *gin.Context) {
	var request newKeysRequest
	ctx := a.context(c)
	if !a.Read(ctx, c, "key.create_many", &request) {
		return
	}
	issued, err := a.Keys.IssueMany(ctx, request.params())
	a.Created(c, api.NewIssuedBatch(issued, a.Now()), err)
}

// RevokeKeys revokes many keys.
//
//	@Summary		Revoke many keys
//	@Description	All keys that meet the filters, at most 100,000. Ask with dry_run first, and send the number that it tells as expect: if there are more by then, nothing is revoked. Keys are revoked in steps of 1,000, in each of which they are looked at again. A call that answers with more is repeated.
//	@ID				revokeKeys
//	@Tags			keys
//	@Accept			json
//	@Produce		json
//	@Param			body					body		revokeKeysRequest	true	"which keys"
//	@Success		200						{object}	api.RevokedBatch
//	@Failure		400,401,413,415,429,503	{object}	ginauth.Problem
//	@Failure		404						{object}	ginauth.Problem	"user_not_found"
//	@Failure		409						{object}	ginauth.Problem{matching=int}	"more_than_expected"
//	@Failure		422						{object}	ginauth.Problem	"filter_too_broad"
//	@Security		AdminSecret
//	@Router			/revoke/bulk [post]
func (a *API) RevokeKeys(c *gin.Context) {
	var request revokeKeysRequest
	ctx := a.context(c)
	if !a.Read(ctx, c, "key.revoke_many", &request) {
		return
	}
	params, err := request.params()
	if err != nil {
		a.Records.Call(ctx, "key.revoke_many", "", err)
		a.Refuse(c, err)
		return
	}
	done, err := a.Keys.RevokeMany(ctx, params)
	a.Answer(c, api.NewRevokedBatch(done), err)
}
