package account

import (
	"github.com/gin-gonic/gin"

	"github.com/ginauth/ginauth/internal/api"
	"github.com/ginauth/ginauth/keys"
	"github.com/ginauth/ginauth/users"
)

// Show tells users who they are.
//
//	@Summary		Who you are
//	@Description	Including a new address that is not confirmed yet.
//	@ID				getAccount
//	@Tags			account
//	@Produce		json
//	@Success		200				{object}	api.Account
//	@Failure		400,401,429,503	{object}	ginauth.Problem
//	@Failure		403				{object}	ginauth.Problem	"user_disabled, user_missing"
//	@Failure		404				{object}	ginauth.Problem	"user_not_found"
//	@Security		Account
//	@Security		ApiKeyHeader
//	@Router			/account [get]
func (a *API) Show(c *gin.Context) {
	user, ctx, ok := a.login(c, withAny, "")
	if !ok {
		return
	}
	account, err := a.Users.Get(ctx, users.Authenticated(user))
	a.Answer(c, api.NewAccount(account), err)
}

// Logs lists the user's keys with their usage.
//
//	@Summary		Your keys and their usage
//	@Description	One row for each of your keys; newest use first unless told otherwise.
//	@ID				listAccountKeys
//	@Tags			account
//	@Produce		json
//	@Param			id					query		string	false	"one key, by its id"
//	@Param			name				query		string	false	"keys of this name"
//	@Param			name_prefix			query		string	false	"keys whose names begin so"
//	@Param			hint				query		string	false	"keys with this hint, which lists show"
//	@Param			status				query		[]string	false	"keys in one of these states"	Enums(active, expired, revoked, disabled, deleted)	collectionFormat(csv)
//	@Param			created_since		query		string	false	"keys that were issued on this date or later: RFC 3339, or a plain date for the beginning of that day"
//	@Param			created_before		query		string	false	"keys that were issued before"
//	@Param			expires_before		query		string	false	"keys that expire before, or have expired"
//	@Param			unused_since		query		string	false	"keys that were issued before and not used from then on"
//	@Param			sort				query		string	false	"what to sort by; id is the order of issue. The default is latest_query_date, or what goes with a filter by a date"	Enums(latest_query_date, total_queries, creation_date, expiration_date, id)
//	@Param			order				query		string	false	"which way; the default is desc, and asc with expires_before and unused_since"	Enums(desc, asc)
//	@Param			limit				query		int		false	"rows on a page"							minimum(1)									maximum(1000)	default(100)
//	@Param			cursor				query		string	false	"next_cursor of the page before"
//	@Success		200					{object}	api.KeyList
//	@Failure		400,401,429,503		{object}	ginauth.Problem
//	@Failure		403					{object}	ginauth.Problem	"user_disabled, user_missing"
//	@Failure		404					{object}	ginauth.Problem	"user_not_found"
//	@Failure		422					{object}	ginauth.Problem	"filter_too_broad"
//	@Security		Account
//	@Security		ApiKeyHeader
//	@Router			/account/logs [get]
func (a *API) Logs(c *gin.Context) {
	_, ctx, ok := a.login(c, withAny, "")
	query := api.KeyQuery{Audience: api.ForAccount}
	if !ok || !a.ReadQuery(ctx, c, "key.list", query.Set) {
		return
	}
	list, err := a.Keys.List(ctx, query.Filter, query.Ordered())
	a.Answer(c, api.NewKeyList(list, a.Now()), err)
}

// Usage shows the user's usage over time.
//
//	@Summary		Your usage over time
//	@Description	How often your keys were used in each hour or day of UTC, oldest first.
//	@ID				listAccountUsage
//	@Tags			account
//	@Produce		json
//	@Param			id					query		string	false	"one key, by its id"
//	@Param			route				query		string	false	"one route, by its template, such as /users/:id"
//	@Param			interval			query		string	false	"what there is a row for"	Enums(hour, day)	default(day)
//	@Param			from				query		string	false	"RFC 3339, or a plain date; 30 days before to if left out"
//	@Param			to					query		string	false	"RFC 3339, or a plain date for the end of that day; now if left out"
//	@Param			by					query		string	false	"what to break the series down by: key, user and route, separated by commas"	default(key)
//	@Param			limit				query		int		false	"rows on a page"																minimum(1)	maximum(1000)	default(100)
//	@Param			cursor				query		string	false	"next_cursor of the page before"
//	@Success		200					{object}	api.UsageList
//	@Failure		400,401,429,503		{object}	ginauth.Problem
//	@Failure		403					{object}	ginauth.Problem	"user_disabled, user_missing"
//	@Failure		404					{object}	ginauth.Problem	"user_not_found"
//	@Failure		422					{object}	ginauth.Problem	"filter_too_broad"
//	@Security		Account
//	@Security		ApiKeyHeader
//	@Router			/account/usage [get]
func (a *API) Usage(c *gin.Context) {
	_, ctx, ok := a.login(c, withAny, "")
	query := api.UsageQuery{Audience: api.ForAccount}
	if !ok || !a.ReadQuery(ctx, c, "usage.list", query.Set) {
		return
	}
	series, err := a.Keys.Usage(ctx, query.Filter, query.Page)
	a.Answer(c, api.NewUsageList(series), err)
}

// NewKey issues a further key to the user.
//
//	@Summary		Issue a further key
//	@Description	The answer is the only place where the key is ever shown. This needs the password.
//	@ID				issueAccountKey
//	@Tags			account
//	@Accept			json
//	@Produce		json
//	@Param			body						body		newKeyRequest	true	"what to call it, and until when"
//	@Success		201							{object}	api.IssuedKey
//	@Failure		400,401,413,415,422,429,503	{object}	ginauth.Problem
//	@Failure		403							{object}	ginauth.Problem	"user_disabled, password_needed, access_ended, email_unconfirmed, cross_origin"
//	@Failure		404							{object}	ginauth.Problem	"user_not_found"
//	@Failure		409							{object}	ginauth.Problem	"too_many_keys, changed_meanwhile"
//	@Security		Account
//	@Router			/account/new [post]
func (a *API) NewKey(c *gin.Context) {
	var request newKeyRequest
	user, ctx, ok := a.login(c, withPassword, "key.create")
	if !ok || !a.Read(ctx, c, "key.create", &request) {
		return
	}
	issued, err := a.Users.IssueKey(ctx, users.Authenticated(user), keys.IssueParams{
		Name: request.Name, ExpirationDate: request.Date(), NeverExpires: request.NeverExpires,
	})
	a.Created(c, api.NewIssuedKey(issued, a.Now()), err)
}

// RenewKey moves the expiration date of one of the user's keys.
//
//	@Summary		Renew one of your keys
//	@Description	To expiration_date, or to the default counted from now. A revoked key stays revoked, and a date that is fixed stays. This needs the password.
//	@ID				renewAccountKey
//	@Tags			account
//	@Accept			json
//	@Produce		json
//	@Param			body						body		renewKeyRequest	true	"which key, and until when"
//	@Success		200							{object}	api.Key
//	@Failure		400,401,413,415,422,429,503	{object}	ginauth.Problem
//	@Failure		403							{object}	ginauth.Problem	"user_disabled, password_needed, access_ended, expiration_fixed, cross_origin"
//	@Failure		404							{object}	ginauth.Problem	"key_not_found"
//	@Failure		409							{object}	ginauth.Problem	"key_revoked"
//	@Security		Account
//	@Router			/account/renew [post]
func (a *API) RenewKey(c *gin.Context) {
	var request renewKeyRequest
	user, ctx, ok := a.login(c, withPassword, "key.renew")
	if !ok || !a.Read(ctx, c, "key.renew", &request) {
		return
	}
	renewed, err := a.Users.RenewKey(ctx, users.Authenticated(user), request.Ref(), keys.RenewParams{
		ExpirationDate: request.Date(), NeverExpires: request.NeverExpires,
	})
	a.Answer(c, api.NewKey(renewed.APIKey, a.Now()), err)
}

// RevokeKey refuses one of the user's keys from now on.
//
//	@Summary		Revoke one of your keys
//	@Description	May be repeated: the first date stays. A key is enough to revoke itself or another.
//	@ID				revokeAccountKey
//	@Tags			account
//	@Accept			json
//	@Produce		json
//	@Param			body						body		api.KeyRef	true	"which key"
//	@Success		200							{object}	api.Key
//	@Failure		400,401,413,415,422,429,503	{object}	ginauth.Problem
//	@Failure		403							{object}	ginauth.Problem	"user_disabled, user_missing, cross_origin"
//	@Failure		404							{object}	ginauth.Problem	"key_not_found"
//	@Security		Account
//	@Security		ApiKeyHeader
//	@Router			/account/revoke [post]
func (a *API) RevokeKey(c *gin.Context) {
	var request api.KeyRef
	_, ctx, ok := a.login(c, withAny, "key.revoke")
	if !ok || !a.Read(ctx, c, "key.revoke", &request) {
		return
	}
	key, err := a.Keys.Revoke(ctx, request.Ref())
	a.Answer(c, api.NewKey(key, a.Now()), err)
}
