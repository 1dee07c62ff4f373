package ginauth

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/ginauth/ginauth/repository"
	"github.com/ginauth/ginauth/security"
)

const (
	oneDay = 24 * time.Hour
	// defaultRange is how far back a series goes when not told.
	defaultRange = 30 * oneDay
	// maxHourRange and maxDayRange bound what one call adds up.
	maxHourRange = 31 * oneDay
	maxDayRange  = 400 * oneDay
)

// usageSeries shows usage over time.
//
//	@Summary		Usage over time
//	@Description	How often keys were used in each hour or day of UTC, oldest first; intervals without use have no row. Hours are kept for 90 days, days for 400, unless configured otherwise. A deleted key keeps its series. A request that passed the guard shows here within two seconds.
//	@Tags			keys
//	@Produce		json
//	@Param			id			query		string	false	"one key, by its id"
//	@Param			username	query		string	false	"keys of this user"
//	@Param			email		query		string	false	"keys of the user with this address"
//	@Param			route		query		string	false	"one route, by its template, such as /users/:id"
//	@Param			interval	query		string	false	"what there is a row for"	Enums(hour, day)	default(day)
//	@Param			from		query		string	false	"RFC 3339, or a plain date; 30 days before to if left out. The hour or day in which it lies is shown whole"
//	@Param			to			query		string	false	"RFC 3339, or a plain date for the end of that day; now if left out. At most 400 days after from, or 31 by hour"
//	@Param			by			query		string	false	"what to break the series down by: key, user and route, separated by commas"	default(key)
//	@Param			limit		query		int		false	"rows on a page"	minimum(1)	maximum(1000)	default(100)
//	@Param			cursor		query		string	false	"next_cursor of the page before"
//	@Success		200			{object}	seriesResponse
//	@Failure		401,422,429,503	{object}	Problem
//	@Security		AdminSecret
//	@Router			/usage [get]
func (a *Auth) usageSeries(ctx context.Context, rawQuery string) (any, error) {
	query, err := parseUsageQuery(rawQuery, a.now(), anybodys)
	if err != nil {
		return nil, err
	}
	return a.listSeries(ctx, query)
}

func (a *Auth) listSeries(ctx context.Context, query usageQuery) (any, error) {
	series, err := a.repo.UsageSeries(ctx, query.filter, query.page)
	return seriesResponse{Usage: each(series.Rows, describeSeriesRow), NextCursor: series.Next}, err
}

// usageQuery is what the parameters of usage ask for. The range in the filter
// is as it was sent.
type usageQuery struct {
	filter repository.SeriesFilter
	page   repository.SeriesPage
}

func parseUsageQuery(rawQuery string, now time.Time, whose scope) (usageQuery, error) {
	q := usageQuery{page: repository.SeriesPage{
		Interval: repository.IntervalDay, By: repository.Breakdown{Key: true}, Limit: defaultLimit,
	}}
	if err := parseQuery(rawQuery, whose.limit(q.set)); err != nil {
		return q, err
	}
	return q, q.settleRange(now)
}

func (q *usageQuery) set(p *queryParser, name, value string) {
	switch name {
	case "id":
		q.filter.KeyID = p.id(value)
	case "username":
		q.filter.Username = p.canonical(name, value, security.CanonicalUsername)
	case "email":
		q.filter.Email = p.canonical(name, value, security.CanonicalEmail)
	case "route":
		q.filter.Route = value
	case "interval":
		q.page.Interval = oneOf(p, name, value, repository.IntervalHour, repository.IntervalDay)
	case "from":
		q.filter.From = p.date(name, value, 0)
	case "to":
		q.filter.To = p.date(name, value, oneDay)
	case "by":
		q.page.By = p.breakdown(name, value)
	case "limit":
		q.page.Limit = p.limit(name, value)
	case "cursor":
		q.page.Cursor = value
	default:
		p.refuseUnknown(name)
	}
}

// date reads RFC 3339 or a plain date, which stands for so much after the
// beginning of that day.
func (p *queryParser) date(name, value string, plain time.Duration) time.Time {
	date, err := time.Parse(time.DateOnly, value)
	if err == nil {
		date = date.Add(plain)
	} else {
		date, err = time.Parse(time.RFC3339, value)
	}
	if err != nil || date.UTC().Year() < 1970 {
		p.refuse(name, "This must be a date (2006-01-02) or a date and time with zone (RFC 3339), from 1970 on.")
	}
	return date.UTC()
}

func (p *queryParser) breakdown(name, value string) (by repository.Breakdown) {
	dimensions := map[string]*bool{"key": &by.Key, "user": &by.User, "route": &by.Route}
	for part := range strings.SplitSeq(value, ",") {
		dimension, ok := dimensions[part]
		if !ok {
			p.refuse(name, "This must be key, user or route, or several of them separated by commas.")
			break
		}
		*dimension = true
	}
	return by
}

// settleRange fills in and checks the range. It begins with a whole interval.
func (q *usageQuery) settleRange(now time.Time) error {
	if q.filter.To.IsZero() {
		q.filter.To = now.Add(time.Millisecond) // what is counted now is in
	}
	if q.filter.From.IsZero() {
		q.filter.From = q.filter.To.Add(-defaultRange)
	}
	longest := maxDayRange
	if q.page.Interval == repository.IntervalHour {
		longest = maxHourRange
	}
	p := &queryParser{}
	if !q.filter.From.Before(q.filter.To) {
		p.refuse("from", "This must be before to, and before now if to is left out.")
	} else if q.filter.To.Sub(q.filter.From) > longest+time.Millisecond {
		p.refuse("from", fmt.Sprintf("This must be at most %d days before to, or before now if to is left out.", longest/oneDay))
	}
	q.filter.From = q.page.Interval.Begin(q.filter.From)
	return p.err()
}
