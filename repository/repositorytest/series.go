package repositorytest

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/repository"
)

func seriesTests() []test {
	return []test{
		{"a series of nothing is empty", emptySeries},
		{"a series is what was counted, however it is asked for", seriesAreWhatWasCounted},
		{"a repeated flush adds nothing to a series", repeatedSeries},
		{"no count of a series is lost", noCountOfSeriesIsLost},
		{"a deleted key keeps its series", deletedKeyKeepsSeries},
		{"hours are those of UTC", hoursAreUTC},
		{"hostile strings in a series are plain values", hostileSeries},
		{"long routes are told apart", longRoutes},
		{"a flush may hold thousands of hours", bigSeries},
		{"sums of a series are exact beyond 2^53", exactSeries},
		{"totals need no hours", totalsWithoutHours},
	}
}

func emptySeries(s *suite) {
	s.createUser("ana")
	for _, interval := range intervals() {
		for _, by := range breakdowns() {
			same(s, "the series", len(readSeries(s, repository.SeriesFilter{}, interval, by)), 0)
		}
	}
}

func seriesAreWhatWasCounted(s *suite) {
	c := countAll(s)
	key, user := c.hours[0].KeyID, c.hours[0].UserID
	for _, filter := range []repository.SeriesFilter{
		{}, {KeyID: key}, {KeyID: "none"}, {UserID: user}, {UserID: "none"}, {UserID: user, Username: "bob"},
		{Username: "ana"}, {Username: "Ana"}, {Email: "bob@example.org"},
		{Username: "ana", Email: "bob@example.org"}, {Username: "ana", Email: "ana@example.org"}, {Route: "/a"}, {Route: "/"},
		{KeyID: key, Route: "/a/:id", Username: "ana"}, {KeyID: key, Username: "bob"},
		{From: hour(24)}, {To: hour(24)}, {From: hour(23), To: hour(25)}, {From: hour(24).Add(time.Millisecond)},
		{To: hour(24).Add(time.Millisecond)}, {From: hour(48), To: hour(24)}, {Username: "bob", From: hour(1), Route: "/a"},
	} {
		for _, interval := range intervals() {
			for _, by := range breakdowns() {
				got, want := readSeries(s, filter, interval, by), c.series(filter, interval, by)
				same(s, fmt.Sprintf("the series of %s for %+v by %+v", interval, filter, by), got, want)
			}
		}
	}
}

func repeatedSeries(s *suite) {
	key := s.createKey(newKey())
	first := flushHours("node", 1, used(key, "/a", hour(1), 3), used(key, "/b", hour(1), 1))
	second := flushHours("node", 2, used(key, "/a", hour(1), 5), used(key, "/a", hour(2), 7))
	for _, flush := range []repository.Flush{first, first, second, second, first} {
		s.addUsage(flush)
	}
	c := counted{hours: slices.Concat(first.Hours, second.Hours)}
	same(s, "the hours", readHours(s), c.series(repository.SeriesFilter{}, repository.IntervalHour, byAll()))
	same(s, "the days", readDays(s), c.series(repository.SeriesFilter{}, repository.IntervalDay, byAll()))
	hasUsage(s, key.ID, 16, hour(2))
}

// Nodes meet on rows that none of them has seen yet, each in another order and
// each sending what it sends twice.
func noCountOfSeriesIsLost(s *suite) {
	a, b := s.createKey(newKey()), s.createKey(newKey())
	const flushes = 2
	lines := []models.HourUsage{
		used(a, "/a", hour(1), 1), used(b, "/a", hour(1), 1), used(a, "/b", hour(2), 1), used(b, "/b", hour(25), 1), used(a, "/a", hour(25), 1),
	}
	errs := race(goroutines, func(i int) error {
		mine := slices.Concat(lines[i%5:], lines[:i%5])
		failures := []error{}
		for number := range 2 * flushes {
			failures = append(failures, s.repo.AddUsage(s.Context(), flushHours(fmt.Sprint("node-", i), int64(number/2+1), mine...)))
		}
		return errors.Join(failures...)
	})
	s.allSucceed("AddUsage", errs)
	for i := range lines {
		lines[i].TotalQueries = goroutines * flushes
	}
	c := counted{hours: lines}
	same(s, "the hours", readHours(s), c.series(repository.SeriesFilter{}, repository.IntervalHour, byAll()))
	same(s, "the days", readDays(s), c.series(repository.SeriesFilter{}, repository.IntervalDay, byAll()))
}

func deletedKeyKeepsSeries(s *suite) {
	user, key := s.createUser("ana")
	s.addUsage(flushHours("node", 1, used(key, "/a", hour(1), 3)))
	s.deleteKey(key.ID)
	s.addUsage(flushHours("node", 2, used(key, "/a", hour(1), 4)))
	want := []repository.SeriesRow{{Date: hour(1), KeyID: key.ID, UserID: user.ID, Username: user.Username, Route: "/a", TotalQueries: 7}}
	same(s, "the hours", readHours(s), want)
	same(s, "the user's hours", readSeries(s, repository.SeriesFilter{Username: "ana"}, repository.IntervalHour, byAll()), want)
}

// One instant is one hour and one day, whatever zone its clock is in.
func hoursAreUTC(s *suite) {
	key := s.createKey(newKey())
	kathmandu, honolulu := time.FixedZone("Kathmandu", 20_700), time.FixedZone("Honolulu", -36_000)
	s.addUsage(flushHours("node", 1, used(key, "", hour(0), 1), used(key, "", hour(23), 1)))
	s.addUsage(flushHours("node", 2, used(key, "", hour(0).In(honolulu), 1), used(key, "", hour(23).In(kathmandu), 1)))
	hours := []repository.SeriesRow{{Date: hour(0), KeyID: key.ID, TotalQueries: 2}, {Date: hour(23), KeyID: key.ID, TotalQueries: 2}}
	same(s, "the hours", readHours(s), hours)
	same(s, "the days", readDays(s), []repository.SeriesRow{{Date: hour(0), KeyID: key.ID, TotalQueries: 4}})
	filter := repository.SeriesFilter{From: hour(23).In(honolulu), To: hour(24).In(kathmandu)}
	same(s, "the last hour", readSeries(s, filter, repository.IntervalHour, byAll()), hours[1:])
}

func hostileSeries(s *suite) {
	c := counted{}
	for _, value := range hostile() {
		c.hours = append(c.hours, models.HourUsage{KeyID: value, Route: value, UserID: value, Hour: hour(1), TotalQueries: 1})
	}
	s.addUsage(flushHours("node", 1, c.hours...))
	for _, by := range breakdowns() {
		got := seriesPages(s, repository.SeriesFilter{}, repository.SeriesPage{Interval: repository.IntervalDay, By: by, Limit: 7})
		same(s, "the number of rows", len(got), len(c.series(repository.SeriesFilter{}, repository.IntervalDay, by)))
	}
	for i, value := range hostile() {
		for _, filter := range []repository.SeriesFilter{{KeyID: value}, {Route: value}} {
			rows := readSeries(s, filter, repository.IntervalHour, byAll())
			want := []repository.SeriesRow{{Date: hour(1), KeyID: value, UserID: value, Route: c.hours[i].Route, TotalQueries: 1}}
			same(s, "the rows of "+value, rows, want)
		}
		same(s, "the rows of a user", len(readSeries(s, repository.SeriesFilter{Username: value}, repository.IntervalHour, byAll())), 0)
	}
}

// Two routes that differ in the last byte alone tell a store that cuts them,
// and one that sorts by their beginnings.
func longRoutes(s *suite) {
	key, c := keyWithID(long("k", 64, "")), counted{}
	for _, filling := range []string{"x", "é", "😀", `\`, "\x01"} {
		for _, end := range []string{"a", "b"} {
			c.hours = append(c.hours, used(key, long(filling, 512, end), hour(1), 1))
		}
	}
	s.addUsage(flushHours("node", 1, c.hours...))
	s.addUsage(flushHours("node", 2, c.hours...))
	c.hours = append(c.hours, c.hours...)
	for _, interval := range intervals() {
		page := repository.SeriesPage{Interval: interval, By: byAll(), Limit: 1}
		if got := seriesPages(s, repository.SeriesFilter{}, page); !slices.Equal(got, c.series(repository.SeriesFilter{}, interval, byAll())) {
			s.Errorf("the series of each %s has %d rows, or others than %d that were counted", interval, len(got), len(c.hours)/2)
		}
	}
}

// It is more than any backend puts into one statement.
func bigSeries(s *suite) {
	c := counted{}
	for i := range 5_040 { // of 210 keys and routes, in 24 hours
		key := models.APIKey{ID: fmt.Sprint("key-", i%30)}
		c.hours = append(c.hours, used(key, fmt.Sprint("/", i/30%7), hour(i/210), int64(i%3+1)))
	}
	flush := flushHours("node", 1, c.hours...)
	s.addUsage(flush)
	s.addUsage(flush)
	for _, interval := range intervals() {
		got := seriesPages(s, repository.SeriesFilter{}, wholeSeries(interval, byAll()))
		if !slices.Equal(got, c.series(repository.SeriesFilter{}, interval, byAll())) {
			s.Errorf("the series of each %s has %d rows and is not what was counted", interval, len(got))
		}
	}
}

func exactSeries(s *suite) {
	const big = 1<<53 + 1
	a, b := newKey(), newKey()
	s.addUsage(flushHours("node", 1, used(a, "", hour(1), big), used(b, "", hour(1), 1)))
	s.addUsage(flushHours("node", 2, used(a, "", hour(2), 1)))
	rows := readSeries(s, repository.SeriesFilter{}, repository.IntervalDay, repository.Breakdown{})
	same(s, "the sum", rows, []repository.SeriesRow{{Date: hour(0), TotalQueries: big + 2}})
}

// A node that is short of memory gives up hours before totals.
func totalsWithoutHours(s *suite) {
	key := s.createKey(newKey())
	flush := flushHours("node", 1, used(key, "", hour(1), 1))
	flush.Usages[0].TotalQueries = 5
	s.addUsage(flush)
	hasUsage(s, key.ID, 5, hour(2))
	same(s, "the days", readDays(s), []repository.SeriesRow{{Date: hour(0), KeyID: key.ID, TotalQueries: 1}})
}
