package api

import (
	"slices"
	"strings"
	"time"

	"github.com/ginauth/ginauth/keys"
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
	return a == ForAccount && slices.Contains([]string{"username", "email", "user_id", "issued_by"}, name)
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
	ordered  bool
}

// Set reads one parameter.
func (q *KeyQuery) Set(p *Query, name, value string) {
	known := q.Audience.offers("id", "user_id", "username", "email", "name", "name_prefix", "hint", "issued_by", "status", "created_since",
		"created_before", "expires_before", "unused_since", "sort", "order", "limit", "cursor")
	switch {
	case q.Audience.refuses(name):
		p.RefuseUnknown(name, known...)
	case q.setText(p, name, value), q.setDate(p, name, value):
	case name == "status":
		q.Filter.Statuses = p.statuses(name, value)
	case name == "sort":
		q.Page.Sort = parseEnum(p, name, value, repository.SortLatestQuery, repository.SortTotalQueries, repository.SortID, repository.SortCreation, repository.SortExpiration)
	default:
		q.ordered = q.ordered || name == "order"
		setPage(p, &q.Page, name, value, known...)
	}
}

// Ordered returns the page with the sort that goes with the filter, unless the
// parameters name one.
func (q *KeyQuery) Ordered() repository.Page {
	page := keys.DefaultSort(q.Filter, q.Page)
	if q.ordered {
		page.Ascending = q.Page.Ascending
	}
	return page
}

// ReadKeyFilter reads a filter from the fields of a body, which are named as the
// parameters of a list of keys are; those that are empty ask nothing.
func ReadKeyFilter(fields map[string]*string) (repository.KeyFilter, error) {
	p, query := &Query{}, KeyQuery{}
	for name, value := range fields {
		if value != nil && *value != "" {
			query.Set(p, name, *value)
		}
	}
	return query.Filter, p.err()
}

func (q *KeyQuery) setText(p *Query, name, value string) bool {
	switch name {
	case "id":
		q.Filter.KeyID = p.ID(value)
	case "user_id":
		q.Filter.UserID = p.id(name, value)
	case "username":
		q.Filter.Username = p.canonical(name, value, security.CanonicalUsername)
	case "email":
		q.Filter.Email = p.canonical(name, value, security.CanonicalEmail)
	case "name":
		q.Filter.Name = value
	case "name_prefix":
		q.Filter.NamePrefix = value
	case "hint":
		q.Filter.Hint = p.hint(name, value)
	case "issued_by":
		q.Filter.IssuedBy = value
	default:
		return false
	}
	return true
}

func (q *KeyQuery) setDate(p *Query, name, value string) bool {
	switch name {
	case "created_since":
		q.Filter.CreatedSince = p.date(name, value, 0)
	case "created_before":
		q.Filter.CreatedBefore = p.date(name, value, 0)
	case "expires_before":
		q.Filter.ExpiresBefore = p.date(name, value, 0)
	case "unused_since":
		q.Filter.UnusedSince = p.date(name, value, 0)
	default:
		return false
	}
	return true
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
	case "username_prefix":
		q.Filter.UsernamePrefix = strings.ToLower(value)
	case "email_prefix":
		q.Filter.EmailPrefix = strings.ToLower(value)
	case "disabled":
		q.Filter.Disabled = p.flag(name, value)
	case "confirmed":
		q.Filter.Confirmed = p.flag(name, value)
	default:
		setPage(p, &q.Page, name, value, "id", "username", "email", "username_prefix", "email_prefix", "disabled", "confirmed", "order", "limit", "cursor")
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
	known := q.Audience.offers("id", "user_id", "username", "email", "route", "interval", "from", "to", "by", "limit", "cursor")
	if q.Audience.refuses(name) {
		p.RefuseUnknown(name, known...)
		return
	}
	switch name {
	case "id":
		q.Filter.KeyID = p.ID(value)
	case "user_id":
		q.Filter.UserID = p.id(name, value)
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
