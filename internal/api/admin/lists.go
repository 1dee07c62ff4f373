package admin

import (
	"github.com/gin-gonic/gin"

	"github.com/ginauth/ginauth/internal/api"
)

// Logs lists keys with their usage.
//
//	@Summary		Usage of keys
//	@Description	One row for each key that was ever issued, deleted ones included; newest use first unless told otherwise. A request that passed the guard shows here within two seconds.
//	@ID				listKeys
//	@Tags			keys
//	@Produce		json
//	@Param			id					query		string	false	"one key, by its id"
//	@Param			user_id				query		string	false	"keys of this user, by the user's id"
//	@Param			username			query		string	false	"keys of this user"
//	@Param			email				query		string	false	"keys of the user with this address"
//	@Param			name				query		string	false	"keys of this name"
//	@Param			name_prefix			query		string	false	"keys whose names begin so"
//	@Param			hint				query		string	false	"keys with this hint, which lists show"
//	@Param			issued_by			query		string	false	"keys that this actor has issued"
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
//	@Failure		422					{object}	ginauth.Problem	"filter_too_broad"
//	@Security		AdminSecret
//	@Router			/logs [get]
func (a *API) Logs(c *gin.Context) {
	query, ctx := api.KeyQuery{}, a.context(c)
	if !a.ReadQuery(ctx, c, "key.list", query.Set) {
		return
	}
	list, err := a.Keys.List(ctx, query.Filter, query.Ordered())
	a.Answer(c, api.NewKeyList(list, a.Now()), err)
}

// Usage shows usage over time.
//
//	@Summary		Usage over time
//	@Description	How often keys were used in each hour or day of UTC, oldest first; intervals without use have no row. Hours are kept for 90 days, days for 400, unless configured otherwise. A deleted key keeps its series. A request that passed the guard shows here within two seconds.
//	@ID				listUsage
//	@Tags			keys
//	@Produce		json
//	@Param			id					query		string	false	"one key, by its id"
//	@Param			user_id				query		string	false	"keys of this user, by the user's id"
//	@Param			username			query		string	false	"keys of this user"
//	@Param			email				query		string	false	"keys of the user with this address"
//	@Param			route				query		string	false	"one route, by its template, such as /users/:id"
//	@Param			interval			query		string	false	"what there is a row for"	Enums(hour, day)	default(day)
//	@Param			from				query		string	false	"RFC 3339, or a plain date; 30 days before to if left out. The hour or day in which it lies is shown whole"
//	@Param			to					query		string	false	"RFC 3339, or a plain date for the end of that day; now if left out. At most 400 days after from, or 31 by hour"
//	@Param			by					query		string	false	"what to break the series down by: key, user and route, separated by commas"	default(key)
//	@Param			limit				query		int		false	"rows on a page"																minimum(1)	maximum(1000)	default(100)
//	@Param			cursor				query		string	false	"next_cursor of the page before"
//	@Success		200					{object}	api.UsageList
//	@Failure		400,401,429,503		{object}	ginauth.Problem
//	@Failure		422					{object}	ginauth.Problem	"filter_too_broad"
//	@Security		AdminSecret
//	@Router			/usage [get]
func (a *API) Usage(c *gin.Context) {
	query, ctx := api.UsageQuery{}, a.context(c)
	if !a.ReadQuery(ctx, c, "usage.list", query.Set) {
		return
	}
	series, err := a.Keys.Usage(ctx, query.Filter, query.Page)
	a.Answer(c, api.NewUsageList(series), err)
}

// Totals counts keys.
//
//	@Summary		How many keys there are
//	@Description	In each state, as they were at most a minute ago.
//	@ID				countKeys
//	@Tags			keys
//	@Produce		json
//	@Success		200				{object}	api.KeyTotals
//	@Failure		401,422,429,503	{object}	ginauth.Problem
//	@Security		AdminSecret
//	@Router			/totals [get]
func (a *API) Totals(c *gin.Context) {
	ctx := a.context(c)
	if !a.ReadQuery(ctx, c, "key.totals", api.NoQuery{}.Set) {
		return
	}
	totals, err := a.Keys.Totals(ctx)
	a.Answer(c, api.NewKeyTotals(totals), err)
}

// ExportKeys streams all keys.
//
//	@Summary		Export keys
//	@Description	All keys that meet the filters, which are those of /logs, with their usage, in the order of issue: a JSON object in each line, or CSV (RFC 4180). An export that cannot be finished is cut off. Spreadsheets may take a name that begins with = for a formula.
//	@ID				exportKeys
//	@Tags			keys
//	@Produce		application/x-ndjson,text/csv
//	@Param			format				query		string	false	"how the rows are written"	Enums(jsonl, csv)	default(jsonl)
//	@Param			user_id				query		string	false	"keys of this user, by the user's id"
//	@Param			username			query		string	false	"keys of this user"
//	@Param			email				query		string	false	"keys of the user with this address"
//	@Param			name				query		string	false	"keys of this name"
//	@Param			name_prefix			query		string	false	"keys whose names begin so"
//	@Param			hint				query		string	false	"keys with this hint"
//	@Param			issued_by			query		string	false	"keys that this actor has issued"
//	@Param			status				query		[]string	false	"keys in one of these states"	Enums(active, expired, revoked, disabled, deleted)	collectionFormat(csv)
//	@Param			created_since		query		string	false	"keys that were issued on this date or later"
//	@Param			created_before		query		string	false	"keys that were issued before"
//	@Param			expires_before		query		string	false	"keys that expire before, or have expired"
//	@Param			unused_since		query		string	false	"keys that were issued before and not used from then on"
//	@Success		200					{string}	string			"a row of /logs in each line"
//	@Failure		400,401,429,503		{object}	ginauth.Problem
//	@Failure		422					{object}	ginauth.Problem	"filter_too_broad"
//	@Security		AdminSecret
//	@Router			/logs/export [get]
func (a *API) ExportKeys(c *gin.Context) {
	query, ctx := api.ExportQuery{}, a.context(c)
	if !a.ReadQuery(ctx, c, "key.list", query.Set) {
		return
	}
	a.Export(c, query, a.Keys.All(withoutDeadline(ctx), query.Keys.Filter))
}
