package api

import (
	"slices"
	"time"

	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/repository"
	"github.com/ginauth/ginauth/security"
)

const oneDay = 24 * time.Hour

// Audience is who a list is for: an account's own calls cannot name a user.
type Audience int

// The audiences of lists.
const (
	ForAdmins Audience = iota
	ForAccount
)

// refuses reports whether a parameter that names a user is refused.
func (a Audience) refuses(name string) bool {
	return a == ForAccount && (name == "username" || name == "email")
}

// offers returns the parameters of a list for this audience.
func (a Audience) offers(names ...string) []string {
	return slices.DeleteFunc(names, a.refuses)
}

// KeyQuery is what the parameters of a list of keys ask for.
type KeyQuery struct {
	Audience Audience
	Filter   repository.KeyFilter
	Page     repository.Page
}

// Set reads one parameter.
func (q *KeyQuery) Set(p *Query, name, value string) {
	known := q.Audience.offers("id", "name", "username", "email", "status", "sort", "order", "limit", "cursor")
	if q.Audience.refuses(name) {
		p.RefuseUnknown(name, known...)
		return
	}
	switch name {
	case "id":
		q.Filter.KeyID = p.ID(value)
	case "name":
		q.Filter.Name = value
	case "username":
		q.Filter.Username = p.canonical(name, value, security.CanonicalUsername)
	case "email":
		q.Filter.Email = p.canonical(name, value, security.CanonicalEmail)
	case "status":
		q.Filter.Status = parseEnum(p, name, value, models.StatusActive, models.StatusExpired, models.StatusRevoked, models.StatusDisabled, models.StatusDeleted)
	case "sort":
		q.Page.Sort = parseEnum(p, name, value, repository.SortLatestQuery, repository.SortTotalQueries, repository.SortID)
	default:
		setPage(p, &q.Page, name, value, known...)
	}
}

// setPage reads a parameter that lists of keys and users have in common.
func setPage(p *Query, page *repository.Page, name, value string, known ...string) {
	switch name {
	case "order":
		page.Ascending = parseEnum(p, name, value, "desc", "asc") == "asc"
	case "limit":
		page.Limit = p.limit(name, value)
	case "cursor":
		page.Cursor = value
	default:
		p.RefuseUnknown(name, known...)
	}
}

// UserQuery is what the parameters of a list of users ask for.
type UserQuery struct {
	Filter repository.UserFilter
	Page   repository.Page
}

// Set reads one parameter.
func (q *UserQuery) Set(p *Query, name, value string) {
	switch name {
	case "id":
		q.Filter.ID = p.ID(value)
	case "username":
		q.Filter.Username = p.canonical(name, value, security.CanonicalUsername)
	case "email":
		q.Filter.Email = p.canonical(name, value, security.CanonicalEmail)
	case "disabled":
		q.Filter.Disabled = p.flag(name, value)
	case "confirmed":
		q.Filter.Confirmed = p.flag(name, value)
	default:
		setPage(p, &q.Page, name, value, "id", "username", "email", "disabled", "confirmed", "order", "limit", "cursor")
	}
}

// UsageQuery is what the parameters of usage over time ask for.
type UsageQuery struct {
	Audience Audience
	Filter   repository.SeriesFilter
	Page     repository.SeriesPage
}

// Set reads one parameter.
func (q *UsageQuery) Set(p *Query, name, value string) {
	known := q.Audience.offers("id", "username", "email", "route", "interval", "from", "to", "by", "limit", "cursor")
	if q.Audience.refuses(name) {
		p.RefuseUnknown(name, known...)
		return
	}
	switch name {
	case "id":
		q.Filter.KeyID = p.ID(value)
	case "username":
		q.Filter.Username = p.canonical(name, value, security.CanonicalUsername)
	case "email":
		q.Filter.Email = p.canonical(name, value, security.CanonicalEmail)
	case "route":
		q.Filter.Route = value
	case "interval":
		q.Page.Interval = parseEnum(p, name, value, repository.IntervalHour, repository.IntervalDay)
	case "from":
		q.Filter.From = p.date(name, value, 0)
	case "to":
		q.Filter.To = p.date(name, value, oneDay)
	case "by":
		q.Page.By = p.breakdown(name, value)
	case "limit":
		q.Page.Limit = p.limit(name, value)
	case "cursor":
		q.Page.Cursor = value
	default:
		p.RefuseUnknown(name, known...)
	}
}
