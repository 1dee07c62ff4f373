package ginauth

import (
	"context"

	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/repository"
	"github.com/ginauth/ginauth/security"
)

// logs lists keys with their usage.
//
//	@Summary		Usage of keys
//	@Description	One row for each key that was ever issued, deleted ones included; newest use first unless told otherwise. A request that passed the guard shows here within two seconds.
//	@Tags			keys
//	@Produce		json
//	@Param			id			query		string	false	"one key, by its id"
//	@Param			name		query		string	false	"keys of this name"
//	@Param			username	query		string	false	"keys of this user"
//	@Param			email		query		string	false	"keys of the user with this address"
//	@Param			status		query		string	false	"keys in this state"	Enums(active, expired, revoked, disabled, deleted)
//	@Param			sort		query		string	false	"what to sort by; id is the order of issue"	Enums(latest_query_date, total_queries, id)	default(latest_query_date)
//	@Param			order		query		string	false	"which way"	Enums(desc, asc)	default(desc)
//	@Param			limit		query		int		false	"rows on a page"	minimum(1)	maximum(1000)	default(100)
//	@Param			cursor		query		string	false	"next_cursor of the page before"
//	@Success		200			{object}	logsResponse
//	@Failure		401,422,429,503	{object}	Problem
//	@Security		AdminSecret
//	@Router			/logs [get]
func (a *Auth) logs(ctx context.Context, rawQuery string) (any, error) {
	query, err := parseLogsQuery(rawQuery, anybodys)
	if err != nil {
		return nil, err
	}
	return a.listUsage(ctx, query)
}

func (a *Auth) listUsage(ctx context.Context, query logsQuery) (any, error) {
	query.filter.Now = a.now()
	list, err := a.repo.ListUsage(ctx, query.filter, query.page)
	return logsResponse{Logs: each(list.Rows, a.describeUsage), NextCursor: list.Next}, err
}

// logsQuery is what the parameters of logs ask for.
type logsQuery struct {
	filter repository.UsageFilter
	page   repository.Page
}

func parseLogsQuery(rawQuery string, whose scope) (logsQuery, error) {
	q := logsQuery{page: repository.Page{Sort: repository.SortLatestQuery, Limit: defaultLimit}}
	return q, parseQuery(rawQuery, whose.limit(q.set))
}

func (q *logsQuery) set(p *queryParser, name, value string) {
	switch name {
	case "id":
		q.filter.KeyID = p.id(value)
	case "name":
		q.filter.Name = value
	case "username":
		q.filter.Username = p.canonical(name, value, security.CanonicalUsername)
	case "email":
		q.filter.Email = p.canonical(name, value, security.CanonicalEmail)
	case "status":
		q.filter.Status = oneOf(p, name, value, models.StatusActive, models.StatusExpired, models.StatusRevoked, models.StatusDisabled, models.StatusDeleted)
	case "sort":
		q.page.Sort = oneOf(p, name, value, repository.SortLatestQuery, repository.SortTotalQueries, repository.SortID)
	case "order":
		q.page.Ascending = oneOf(p, name, value, "desc", "asc") == "asc"
	case "limit":
		q.page.Limit = p.limit(name, value)
	case "cursor":
		q.page.Cursor = value
	default:
		p.refuseUnknown(name)
	}
}
