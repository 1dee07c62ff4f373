package repositorytest

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/repository"
)

// used makes a count of a key on a route.
func used(key models.APIKey, route string, at time.Time, total int64) models.HourUsage {
	return models.HourUsage{KeyID: key.ID, UserID: key.UserID, Route: route, Hour: at, TotalQueries: total}
}

// flushHours makes a flush of hours with their totals.
func flushHours(node string, number int64, hours ...models.HourUsage) repository.Flush {
	totals := map[string]int64{}
	for _, h := range hours {
		totals[h.KeyID] += h.TotalQueries
	}
	flush := repository.Flush{Node: node, Number: number, Hours: hours}
	for id, total := range totals {
		flush.Usages = append(flush.Usages, models.Usage{KeyID: id, TotalQueries: total, LatestQueryDate: hour(2)})
	}
	return flush
}

func byAll() repository.Breakdown { return repository.Breakdown{Key: true, User: true, Route: true} }

func wholeSeries(interval repository.Interval, by repository.Breakdown) repository.SeriesPage {
	return repository.SeriesPage{Interval: interval, By: by, Limit: repository.MaxLimit}
}

// readSeries reads a series that has to be one page.
func readSeries(s *suite, filter repository.SeriesFilter, interval repository.Interval, by repository.Breakdown) []repository.SeriesRow {
	s.Helper()
	series, err := s.repo.UsageSeries(s.Context(), filter, wholeSeries(interval, by))
	s.succeeds("UsageSeries", err)
	if series.Rows == nil || series.Next != "" {
		s.Errorf("the %d rows for %+v are nil or go on", len(series.Rows), filter)
	}
	return series.Rows
}

// readDays reads all days, by key and route.
func readDays(s *suite) []repository.SeriesRow {
	s.Helper()
	return readSeries(s, repository.SeriesFilter{}, repository.IntervalDay, byAll())
}

// readHours reads all hours, by key and route.
func readHours(s *suite) []repository.SeriesRow {
	s.Helper()
	return readSeries(s, repository.SeriesFilter{}, repository.IntervalHour, byAll())
}

// counted is what was counted, and by whom: what a series is to show follows
// from it.
type counted struct {
	hours []models.HourUsage
	users []models.User
}

// series is the contract of UsageSeries once more, in memory.
func (c counted) series(filter repository.SeriesFilter, interval repository.Interval, by repository.Breakdown) []repository.SeriesRow {
	sums := map[repository.SeriesRow]int64{}
	for _, h := range c.hours {
		row := repository.SeriesRow{Date: interval.Begin(h.Hour)}
		user := c.user(h.UserID)
		if !shows(filter, row.Date, h, user) {
			continue
		}
		if by.Key {
			row.KeyID = h.KeyID
		}
		if by.Key || by.User {
			row.UserID, row.Username = h.UserID, user.Username
		}
		if by.Route {
			row.Route = h.Route
		}
		sums[row] += h.TotalQueries
	}
	rows := slices.SortedFunc(maps.Keys(sums), func(a, b repository.SeriesRow) int {
		return cmp.Or(a.Date.Compare(b.Date), cmp.Compare(a.KeyID, b.KeyID), cmp.Compare(a.UserID, b.UserID), cmp.Compare(a.Route, b.Route))
	})
	for i, row := range rows {
		rows[i].TotalQueries = sums[row]
	}
	return append([]repository.SeriesRow{}, rows...)
}

func (c counted) user(id string) models.User {
	for _, user := range c.users {
		if user.ID == id {
			return user
		}
	}
	return models.User{}
}

func shows(filter repository.SeriesFilter, date time.Time, h models.HourUsage, user models.User) bool {
	return (filter.KeyID == "" || filter.KeyID == h.KeyID) &&
		(filter.UserID == "" || filter.UserID == h.UserID) &&
		(filter.Route == "" || filter.Route == h.Route) &&
		(filter.Username == "" || filter.Username == user.CanonicalUsername) &&
		(filter.Email == "" || filter.Email == user.CanonicalEmail) &&
		!date.Before(filter.From) && (filter.To.IsZero() || date.Before(filter.To))
}

// breakdowns are all there are.
func breakdowns() []repository.Breakdown {
	var all []repository.Breakdown
	for i := range 8 {
		all = append(all, repository.Breakdown{Key: i&1 != 0, User: i&2 != 0, Route: i&4 != 0})
	}
	return all
}

func intervals() []repository.Interval {
	return []repository.Interval{repository.IntervalHour, repository.IntervalDay}
}

// countAll stores the use of a few keys, by two users and a service, on several
// days; two nodes report it, and one day at once from both.
func countAll(s *suite) counted {
	s.Helper()
	ana, first := s.createUser("ana")
	bob, his := s.createUser("bob")
	second, service := newKeyFor(ana), newKey()
	s.createKey(second)
	s.createKey(service)
	c := counted{users: []models.User{ana, bob}}
	for i, key := range []models.APIKey{first, his, second, service} {
		for j, route := range []string{"/a", "/a/:id", ""} {
			for _, at := range []time.Time{hour(0), hour(23), hour(24), hour(24*3 + 5 + i)} {
				c.hours = append(c.hours, used(key, route, at, int64(1+10*i+100*j)))
			}
		}
	}
	s.addUsage(flushHours("one", 1, c.hours...))
	again := slices.Clone(c.hours[:20])
	s.addUsage(flushHours("other", 1, again...))
	c.hours = append(c.hours, again...)
	return c
}
