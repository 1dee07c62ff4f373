package keys

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/ginauth/ginauth/internal/audit"
	"github.com/ginauth/ginauth/internal/store"
	"github.com/ginauth/ginauth/problem"
	"github.com/ginauth/ginauth/repository"
)

// DefaultLimit is the size of a page when none is asked for.
const DefaultLimit = 100

const (
	oneDay = 24 * time.Hour
	// defaultRange is how far back a series goes when its filter has no From.
	defaultRange = 30 * oneDay
	// maxHourRange and maxDayRange bound what one call adds up.
	maxHourRange = 31 * oneDay
	maxDayRange  = 400 * oneDay
)

// List returns one page of keys with their usage, deleted keys included: as
// DefaultSort says, unless the page says otherwise, and DefaultLimit of them. A
// request that passed the guard shows within two seconds. It fails with the problems
// fields_invalid, for a limit or a cursor that is out of place, and filter_too_broad,
// where more than repository.RowBudget keys would have to be read.
func (s *Service) List(ctx context.Context, filter repository.KeyFilter, page repository.Page) (list repository.KeyPage, err error) {
	defer func() { s.records.Shown(ctx, "key.list", "", listFilters(filter), len(list.Rows), err) }()
	filter.Now = s.now()
	return s.page(ctx, filter, page)
}

// page reads one page, and records nothing.
func (s *Service) page(ctx context.Context, filter repository.KeyFilter, page repository.Page) (list repository.KeyPage, err error) {
	page = DefaultSort(filter, page)
	page.Limit = cmp.Or(page.Limit, DefaultLimit)
	if err := checkLimit(page.Limit); err != nil {
		return list, err
	}
	if actor := audit.ActorFrom(ctx); actor.Kind == audit.User {
		filter.UserID = actor.Name
	}
	ctx, cancel := store.Context(ctx)
	defer cancel()
	list, err = s.repo.ListKeys(ctx, filter, page)
	if errors.Is(err, repository.ErrTooBroad) {
		return list, tooBroad(narrowerList(filter)).WithCause(err)
	}
	return list, notFoundOr(err)
}

// DefaultSort returns the page with the sort that goes with the filter, unless it has
// one: the latest use first; for ExpiresBefore what expires first, for UnusedSince
// what was unused for longest, and for dates of creation the latest key.
func DefaultSort(filter repository.KeyFilter, page repository.Page) repository.Page {
	switch {
	case page.Sort != "":
	case !filter.ExpiresBefore.IsZero():
		page.Sort, page.Ascending = repository.SortExpiration, true
	case !filter.UnusedSince.IsZero():
		page.Sort, page.Ascending = repository.SortLatestQuery, true
	case !filter.CreatedSince.IsZero(), !filter.CreatedBefore.IsZero():
		page.Sort = repository.SortCreation
	default:
		page.Sort = repository.SortLatestQuery
	}
	return page
}

func tooBroad(nearest string) *problem.Error {
	return problem.Invalid("filter_too_broad", fmt.Sprintf("More than %d rows would have to be read. %s", repository.RowBudget, nearest))
}

// narrowerList says what makes a list of keys narrow enough.
func narrowerList(f repository.KeyFilter) string {
	switch {
	case !f.ExpiresBefore.IsZero():
		return "Sort by expiration_date, or add a user."
	case !f.UnusedSince.IsZero():
		return "Sort by latest_query_date, or add a user."
	case !f.CreatedSince.IsZero(), !f.CreatedBefore.IsZero():
		return "Sort by creation_date, or choose dates that are closer to each other."
	case f.NamePrefix != "":
		return "Send a longer name_prefix, the whole name, or a user."
	default:
		return "Sort by creation_date, or add a user."
	}
}

// All returns all keys that the filter lets through, in the order of their
// issue, each once. It reads a page at a time and ends at the first error. It is
// recorded once, at its end.
func (s *Service) All(ctx context.Context, filter repository.KeyFilter) iter.Seq2[repository.KeyUsage, error] {
	return func(yield func(repository.KeyUsage, error) bool) {
		rows, err := 0, error(nil)
		defer func() { s.records.Shown(ctx, "key.list", "", listFilters(filter), rows, err) }()
		asked := filter
		asked.Now = s.now()
		page := repository.Page{Sort: repository.SortID, Ascending: true, Limit: repository.MaxLimit}
		for {
			var list repository.KeyPage
			if list, err = s.page(ctx, asked, page); err != nil {
				yield(repository.KeyUsage{}, err)
				return
			}
			for _, row := range list.Rows {
				if rows++; !yield(row, nil) {
					return
				}
			}
			if page.Cursor = list.Next; page.Cursor == "" {
				return
			}
		}
	}
}

// Usage returns one page of usage over time: by day and key, defaultRange back
// and DefaultLimit rows, unless told otherwise. It fails with the problem
// fields_invalid for a range, limit or cursor that is out of place, and with
// filter_too_broad as List does.
func (s *Service) Usage(ctx context.Context, filter repository.SeriesFilter, page repository.SeriesPage) (series repository.Series, err error) {
	names := seriesFilters(filter)
	defer func() { s.records.Shown(ctx, "usage.list", "", names, len(series.Rows), err) }()
	page.Interval, page.Limit = cmp.Or(page.Interval, repository.IntervalDay), cmp.Or(page.Limit, DefaultLimit)
	if page.By == (repository.Breakdown{}) {
		page.By.Key = true
	}
	if err := checkLimit(page.Limit); err != nil {
		return series, err
	}
	if err := setRange(&filter, page.Interval, s.now()); err != nil {
		return series, err
	}
	if actor := audit.ActorFrom(ctx); actor.Kind == audit.User {
		filter.UserID = actor.Name
	}
	ctx, cancel := store.Context(ctx)
	defer cancel()
	series, err = s.repo.UsageSeries(ctx, filter, page)
	if errors.Is(err, repository.ErrTooBroad) {
		return series, tooBroad("Add id or a user, choose dates that are closer to each other, or break the series down by key.").WithCause(err)
	}
	return series, notFoundOr(err)
}

// setRange fills in and checks the range. It begins with a whole interval.
func setRange(filter *repository.SeriesFilter, interval repository.Interval, now time.Time) error {
	if filter.To.IsZero() {
		filter.To = now.Add(time.Millisecond) // what is counted now is in
	}
	if filter.From.IsZero() {
		filter.From = filter.To.Add(-defaultRange)
	}
	longest := maxDayRange
	if interval == repository.IntervalHour {
		longest = maxHourRange
	}
	switch {
	case !filter.From.Before(filter.To):
		return invalidParameter("from", "This must be before to, and before now if to is left out.")
	case filter.To.Sub(filter.From) > longest+time.Millisecond:
		return invalidParameter("from", fmt.Sprintf("This must be at most %d days before to, or before now if to is left out.", longest/oneDay))
	}
	filter.From = interval.Begin(filter.From)
	return nil
}

func checkLimit(limit int) error {
	if limit < 1 || limit > repository.MaxLimit {
		return invalidParameter("limit", fmt.Sprintf("This must be a number from 1 to %d.", repository.MaxLimit))
	}
	return nil
}

func invalidParameter(name, detail string) error {
	return problem.InvalidFields(problem.NewField(name, "parameter_invalid", detail))
}

// listFilters names what a filter asks for, in the words of the calls.
func listFilters(f repository.KeyFilter) []string {
	return audit.Names(map[string]bool{
		"id": f.KeyID != "", "name": f.Name != "", "username": f.Username != "", "email": f.Email != "",
		"status": len(f.States()) > 0, "user_id": f.UserID != "", "name_prefix": f.NamePrefix != "", "hint": f.Hint != "",
		"issued_by": f.IssuedBy != "", "created_since": !f.CreatedSince.IsZero(), "created_before": !f.CreatedBefore.IsZero(),
		"expires_before": !f.ExpiresBefore.IsZero(), "unused_since": !f.UnusedSince.IsZero(),
	})
}

func seriesFilters(f repository.SeriesFilter) []string {
	return audit.Names(map[string]bool{
		"id": f.KeyID != "", "username": f.Username != "", "email": f.Email != "", "user_id": f.UserID != "",
		"route": f.Route != "", "from": !f.From.IsZero(), "to": !f.To.IsZero(),
	})
}
