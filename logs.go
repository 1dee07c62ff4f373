package ginauth

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/repository"
	"github.com/ginauth/ginauth/security"
)

// defaultLimit is the size of a page of logs when none is asked for.
const defaultLimit = 100

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
//	@Param			status		query		string	false	"keys in this state"	Enums(active, expired, revoked, deleted)
//	@Param			sort		query		string	false	"what to sort by; id is the order of issue"	Enums(latest_query_date, total_queries, id)	default(latest_query_date)
//	@Param			order		query		string	false	"which way"	Enums(desc, asc)	default(desc)
//	@Param			limit		query		int		false	"rows on a page"	minimum(1)	maximum(1000)	default(100)
//	@Param			cursor		query		string	false	"next_cursor of the page before"
//	@Success		200			{object}	logsResponse
//	@Failure		401,422,429,503	{object}	Problem
//	@Security		AdminSecret
//	@Router			/logs [get]
func (a *Auth) logs(c *gin.Context) {
	filter, page, err := parseLogsQuery(c.Request.URL.RawQuery)
	if err != nil {
		a.refuse(c, secretChallenge, err)
		return
	}
	filter.Now = a.now()
	ctx, cancel := storeContext(c)
	defer cancel()
	list, err := a.repo.ListUsage(ctx, filter, page)
	if err != nil {
		a.refuse(c, secretChallenge, err)
		return
	}
	response := logsResponse{Logs: make([]usageResponse, len(list.Rows)), NextCursor: list.Next}
	for i, row := range list.Rows {
		response.Logs[i] = a.describeUsage(row)
	}
	c.JSON(http.StatusOK, response)
}

// parseLogsQuery reads the parameters of logs. Those it does not know are
// refused, since a misspelt filter would show more than was asked for.
func parseLogsQuery(rawQuery string) (repository.UsageFilter, repository.Page, error) {
	query, err := url.ParseQuery(rawQuery)
	if err != nil {
		return repository.UsageFilter{}, repository.Page{}, problem(http.StatusUnprocessableEntity, "query_invalid", "The query cannot be read.")
	}
	p := logsParser{page: repository.Page{Sort: repository.SortLatestQuery, Limit: defaultLimit}}
	for name, values := range query {
		p.parse(name, values)
	}
	if len(p.errors) > 0 {
		slices.SortFunc(p.errors, func(a, b FieldError) int { return strings.Compare(a.Field, b.Field) })
		return p.filter, p.page, invalidFields(p.errors...)
	}
	return p.filter, p.page, nil
}

// logsParser gathers what the parameters of logs say.
type logsParser struct {
	filter repository.UsageFilter
	page   repository.Page
	errors []FieldError
}

func (p *logsParser) parse(name string, values []string) {
	if len(values) != 1 || values[0] == "" {
		p.refuse(name, "Send this parameter once, with a value.")
		return
	}
	value := values[0]
	var err error
	switch name {
	case "id":
		p.filter.KeyID = value
	case "name":
		p.filter.Name = value
	case "username":
		p.filter.Username, err = security.CanonicalUsername(value)
	case "email":
		p.filter.Email, err = security.CanonicalEmail(value)
	case "status":
		p.filter.Status = oneOf(p, name, value, models.StatusActive, models.StatusExpired, models.StatusRevoked, models.StatusDeleted)
	case "sort":
		p.page.Sort = oneOf(p, name, value, repository.SortLatestQuery, repository.SortTotalQueries, repository.SortID)
	case "order":
		p.page.Ascending = oneOf(p, name, value, "desc", "asc") == "asc"
	case "limit":
		p.parseLimit(value)
	case "cursor":
		p.page.Cursor = value
	default:
		p.refuse(name, "This call has no such parameter.")
	}
	p.errors = appendInvalid(p.errors, name, err)
}

func (p *logsParser) parseLimit(value string) {
	limit, err := strconv.Atoi(value)
	if err != nil || limit < 1 || limit > repository.MaxLimit {
		p.refuse("limit", "This must be a number from 1 to "+strconv.Itoa(repository.MaxLimit)+".")
		return
	}
	p.page.Limit = limit
}

func (p *logsParser) refuse(name, detail string) {
	p.errors = append(p.errors, FieldError{name, "parameter_invalid", detail})
}

// oneOf accepts one of a few values.
func oneOf[T ~string](p *logsParser, name, value string, allowed ...T) T {
	if !slices.Contains(allowed, T(value)) {
		p.refuse(name, "This is none of the values that the call knows.")
	}
	return T(value)
}
