package repositorytest

import (
	"context"
	"fmt"
	"time"

	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/repository"
)

func foldingTests() []test {
	return []test{
		{"folding takes the hours of whole days and leaves the days", foldingLeavesDays},
		{"folding again changes nothing", foldingAgain},
		{"what comes late to a folded day counts", lateToFoldedDay},
		{"a flush that is repeated after folding adds nothing", repeatedAfterFolding},
		{"many fold at once while counts come in", foldingAtOnce},
		{"folding and deleting go on in steps", removingInSteps},
		{"deleting takes whole days and leaves totals", deletingLeavesTotals},
		{"many delete at once", deletingAtOnce},
	}
}

// fold folds until nothing is left to fold.
func fold(s *suite, before time.Time) (steps int) {
	s.Helper()
	return removeAll(s, "RollUpUsage", s.repo.RollUpUsage, before)
}

// deleteUsage deletes until nothing is left to delete.
func deleteUsage(s *suite, before time.Time) (steps int) {
	s.Helper()
	return removeAll(s, "DeleteUsage", s.repo.DeleteUsage, before)
}

type removing func(ctx context.Context, before time.Time) (more bool, err error)

func removeAll(s *suite, name string, remove removing, before time.Time) (steps int) {
	s.Helper()
	for more := true; more; steps++ {
		var err error
		more, err = remove(s.Context(), before)
		s.succeeds(name, err)
		if steps > 100 {
			s.Fatalf("%s has no end", name)
		}
	}
	return steps
}

// newHours returns what the suite counts in folding: three days of a key.
func newHours(key models.APIKey) []models.HourUsage {
	return []models.HourUsage{
		used(key, "/a", hour(0), 1), used(key, "/a", hour(23), 2), used(key, "/b", hour(23), 3),
		used(key, "/a", hour(24), 4), used(key, "/a", hour(47), 5), used(key, "", hour(48), 6),
	}
}

// since leaves out the rows of earlier intervals.
func since(date time.Time, rows []repository.SeriesRow) []repository.SeriesRow {
	left := []repository.SeriesRow{}
	for _, row := range rows {
		if !row.Date.Before(date) {
			left = append(left, row)
		}
	}
	return left
}

func foldingLeavesDays(s *suite) {
	_, key := s.createUser("ana")
	s.addUsage(flushHours("node", 1, newHours(key)...))
	hours, days := readHours(s), readDays(s)
	same(s, "the number of days, by route", len(days), 4)
	for _, c := range []struct{ before, left time.Time }{
		{hour(0), hour(0)}, {hour(24).Add(-time.Millisecond), hour(0)}, {hour(24), hour(24)},
		{hour(47).In(time.FixedZone("Kathmandu", 20_700)), hour(24)}, {hour(48), hour(48)}, {hour(30), hour(48)}, {hour(99), hour(72)},
	} {
		fold(s, c.before)
		same(s, "the hours", readHours(s), since(c.left, hours))
		same(s, "the days", readDays(s), days)
	}
	hasUsage(s, key.ID, 21, hour(2))
}

func foldingAgain(s *suite) {
	same(s, "the steps of folding nothing", fold(s, hour(99)), 1)
	s.addUsage(flushHours("node", 1, newHours(newKey())...))
	days := readDays(s)
	for range 3 {
		fold(s, hour(99))
		same(s, "the hours", len(readHours(s)), 0)
		same(s, "the days", readDays(s), days)
	}
}

// A node that could not reach the database for long brings counts for days
// that others have folded already.
func lateToFoldedDay(s *suite) {
	key := newKey()
	c := counted{hours: newHours(key)}
	s.addUsage(flushHours("node", 1, c.hours...))
	for number := range int64(3) {
		fold(s, hour(48))
		late := []models.HourUsage{used(key, "/a", hour(0), 10), used(key, "/new", hour(30), 1)}
		s.addUsage(flushHours("late", number+1, late...))
		c.hours = append(c.hours, late...)
		same(s, "the days", readDays(s), c.series(repository.SeriesFilter{}, repository.IntervalDay, byAll()))
	}
	same(s, "the hours that are not folded", len(readHours(s)), 3)
	fold(s, hour(48))
	same(s, "the hours", len(readHours(s)), 1)
	same(s, "the days", readDays(s), c.series(repository.SeriesFilter{}, repository.IntervalDay, byAll()))
}

// The answer to a flush was lost, and it is repeated when another node has
// folded what it brought.
func repeatedAfterFolding(s *suite) {
	flush := flushHours("node", 1, newHours(newKey())...)
	s.addUsage(flush)
	days := readDays(s)
	fold(s, hour(99))
	s.addUsage(flush)
	same(s, "the days", readDays(s), days)
	fold(s, hour(99))
	same(s, "the days", readDays(s), days)
	same(s, "the hours", len(readHours(s)), 0)
}

func foldingAtOnce(s *suite) {
	key := s.createKey(newKey())
	errs := race(40, func(i int) error {
		if i%4 == 0 {
			_, err := s.repo.RollUpUsage(s.Context(), hour(48))
			return err
		}
		return s.repo.AddUsage(s.Context(), flushHours(fmt.Sprint("node-", i), 1, newHours(key)...))
	})
	s.allSucceed("the race", errs)
	c := counted{}
	for range 30 {
		c.hours = append(c.hours, newHours(key)...)
	}
	fold(s, hour(48))
	same(s, "the days", readDays(s), c.series(repository.SeriesFilter{}, repository.IntervalDay, byAll()))
	same(s, "the hours", readHours(s), c.series(repository.SeriesFilter{From: hour(48)}, repository.IntervalHour, byAll()))
}

// A step is small, so that nothing is locked for long; more says that another
// is due.
func removingInSteps(s *suite) {
	hours := []models.HourUsage{}
	for i := range 1_100 {
		hours = append(hours, used(models.APIKey{ID: fmt.Sprint("key-", i)}, "/a", hour(i%24), 1))
	}
	s.addUsage(flushHours("node", 1, hours...))
	if steps := fold(s, hour(24)); steps < 2 {
		s.Errorf("1,100 rows are folded in %d steps", steps)
	}
	same(s, "the hours", len(readHours(s)), 0)
	all := readSeries(s, repository.SeriesFilter{}, repository.IntervalDay, repository.Breakdown{})
	same(s, "the day", all, []repository.SeriesRow{{Date: hour(0), TotalQueries: 1_100}})
	if steps := deleteUsage(s, hour(24)); steps < 2 {
		s.Errorf("1,100 rows are deleted in %d steps", steps)
	}
	same(s, "the days", len(readDays(s)), 0)
}

func deletingLeavesTotals(s *suite) {
	key := s.createKey(newKey())
	s.addUsage(flushHours("node", 1, newHours(key)...))
	hours, days := readHours(s), readDays(s)
	for _, c := range []struct{ before, left time.Time }{
		{hour(23), hour(0)}, {hour(24), hour(24)}, {hour(24), hour(24)}, {hour(71), hour(48)}, {hour(99), hour(72)},
	} {
		deleteUsage(s, c.before)
		same(s, "the hours", readHours(s), since(c.left, hours))
		same(s, "the days", readDays(s), since(c.left, days))
	}
	hasUsage(s, key.ID, 21, hour(2))
	s.addUsage(flushHours("node", 2, used(key, "/a", hour(0), 1)))
	same(s, "the days after a late count", len(readDays(s)), 1)
	deleteUsage(s, hour(99))
	same(s, "the days", len(readDays(s)), 0)
	hasUsage(s, key.ID, 22, hour(2))
}

func deletingAtOnce(s *suite) {
	key := s.createKey(newKey())
	s.addUsage(flushHours("node", 1, newHours(key)...))
	days := readDays(s)
	s.allSucceed("the race", race(20, func(i int) error {
		remove := []removing{s.repo.DeleteUsage, s.repo.RollUpUsage}[i%2]
		_, err := remove(s.Context(), hour(48))
		return err
	}))
	deleteUsage(s, hour(48))
	same(s, "the days", readDays(s), since(hour(48), days))
	hasUsage(s, key.ID, 21, hour(2))
}
