package memory

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"

	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/repository"
)

// point is one interval of a key's use of a route; date is its beginning, in
// milliseconds since 1970.
type point struct {
	date       int64
	key, route string
}

func (p point) compare(other point) int {
	return cmp.Or(cmp.Compare(p.date, other.date), cmp.Compare(p.key, other.key), cmp.Compare(p.route, other.route))
}

// sum is how often a key was used at a point, and whose it was.
type sum struct {
	user  string
	total int64
}

// AddUsage implements repository.Usage.
func (s usageStore) AddUsage(ctx context.Context, flush repository.Flush) error {
	return s.write(ctx, func() error {
		if flush.Number <= s.flushes[flush.Node] {
			return nil
		}
		s.flushes[flush.Node] = flush.Number
		for _, u := range flush.Usages {
			s.addTotal(u)
		}
		for _, h := range flush.Hours {
			s.addToSeries(repository.IntervalHour, h)
			s.addToSeries(repository.IntervalDay, h)
		}
		return nil
	})
}

func (s usageStore) addTotal(u models.Usage) {
	total := s.totals[u.KeyID]
	total.KeyID = u.KeyID
	total.TotalQueries += u.TotalQueries
	if latest := stored(u.LatestQueryDate); latest.After(total.LatestQueryDate) {
		total.LatestQueryDate = latest
	}
	s.totals[u.KeyID] = total
}

func (s usageStore) addToSeries(interval repository.Interval, h models.HourUsage) {
	if h.TotalQueries == 0 {
		return
	}
	p := point{stored(interval.Begin(h.Hour)).UnixMilli(), h.KeyID, h.Route}
	if s.series[interval][p] == nil {
		s.series[interval][p] = &sum{user: h.UserID}
	}
	s.series[interval][p].total += h.TotalQueries
}

// UsageSeries implements repository.Usage.
func (s usageStore) UsageSeries(ctx context.Context, filter repository.SeriesFilter, page repository.SeriesPage) (repository.Series, error) {
	position, err := page.Position()
	if err != nil {
		return repository.Series{}, err
	}
	var rows []repository.SeriesRow
	err = s.read(ctx, func() error {
		rows = s.rows(filter, page)
		return nil
	})
	if err != nil {
		return repository.Series{}, err
	}
	if position != (repository.SeriesPosition{}) {
		last := repository.SeriesRow{
			Date: time.UnixMilli(position.Date).UTC(), KeyID: position.KeyID, UserID: position.UserID, Route: position.Route,
		}
		rows = slices.DeleteFunc(rows, func(row repository.SeriesRow) bool { return compareRows(row, last) <= 0 })
	}
	return page.Cut(rows[:min(len(rows), page.Limit+1)]), nil
}

// rows returns all rows of a series in their order.
func (s usageStore) rows(filter repository.SeriesFilter, page repository.SeriesPage) []repository.SeriesRow {
	sums := map[repository.SeriesRow]int64{}
	for p, counted := range s.series[page.Interval] {
		if !s.isAsked(p, counted.user, filter) {
			continue
		}
		row := repository.SeriesRow{Date: time.UnixMilli(p.date).UTC()}
		if page.By.Key {
			row.KeyID = p.key
		}
		if page.By.Key || page.By.User {
			row.UserID, row.Username = counted.user, s.users[counted.user].Username
		}
		if page.By.Route {
			row.Route = p.route
		}
		sums[row] += counted.total
	}
	rows := slices.SortedFunc(maps.Keys(sums), compareRows)
	for i, row := range rows {
		rows[i].TotalQueries = sums[row]
	}
	return append([]repository.SeriesRow{}, rows...)
}

func compareRows(a, b repository.SeriesRow) int {
	return cmp.Or(a.Date.Compare(b.Date), cmp.Compare(a.KeyID, b.KeyID), cmp.Compare(a.UserID, b.UserID), cmp.Compare(a.Route, b.Route))
}

func (s usageStore) isAsked(p point, userID string, f repository.SeriesFilter) bool {
	user := s.users[userID]
	return meets(f.KeyID, p.key) && meets(f.UserID, userID) && meets(f.Route, p.route) &&
		meets(f.Username, user.CanonicalUsername) && meets(f.Email, user.CanonicalEmail) &&
		(f.From.IsZero() || p.date >= stored(f.From).UnixMilli()) && (f.To.IsZero() || p.date < stored(f.To).UnixMilli())
}

// removedAtOnce bounds how many points one call removes.
const removedAtOnce = 1000

// RollUpUsage implements repository.Usage.
func (s usageStore) RollUpUsage(ctx context.Context, before time.Time) (more bool, err error) {
	err = s.write(ctx, func() error {
		more = s.remove(repository.IntervalHour, before)
		return nil
	})
	return more, err
}

// DeleteUsage implements repository.Usage.
func (s usageStore) DeleteUsage(ctx context.Context, before time.Time) (more bool, err error) {
	err = s.write(ctx, func() error {
		more = s.remove(repository.IntervalHour, before) || s.remove(repository.IntervalDay, before)
		return nil
	})
	return more, err
}

// remove removes the oldest points of days that had ended.
func (s usageStore) remove(interval repository.Interval, before time.Time) (more bool) {
	end := stored(repository.IntervalDay.Begin(before)).UnixMilli()
	old := slices.SortedFunc(func(yield func(point) bool) {
		for p := range s.series[interval] {
			if p.date < end && !yield(p) {
				return
			}
		}
	}, point.compare)
	for _, p := range old[:min(len(old), removedAtOnce)] {
		delete(s.series[interval], p)
	}
	return len(old) > removedAtOnce
}
