package gormrepo_test

import (
	"errors"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"gorm.io/driver/sqlite"
	"gorm.io/gorm"

	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/repository"
	"github.com/ginauth/ginauth/repository/internal/gormrepo"
	"github.com/ginauth/ginauth/repository/repositorytest"
)

// newBudgeted opens a repository that reads so many rows for a list.
func newBudgeted(t *testing.T, first, last int) *gormrepo.Repository {
	t.Helper()
	pool := openSQL(t, filepath.Join(t.TempDir(), "test.db"))
	pool.SetMaxOpenConns(1)
	db, err := gorm.Open(sqlite.New(sqlite.Config{Conn: pool}), gormrepo.Config())
	if err != nil {
		t.Fatal(err)
	}
	repo, err := gormrepo.New(t.Context(), gormrepo.Backend{
		Read: db, Write: db, Log: db, IsUniqueViolation: isUniqueViolation, Migrate: inTransaction, Clock: "SELECT 0",
	})
	if err != nil {
		t.Fatal(err)
	}
	repo.SetBudget(first, last)
	t.Cleanup(func() { closed(t, repo) })
	return repo
}

// Lists are the same where no filter is narrow, so that keys are read in the order of
// the list.
func TestListsReadInOrder(t *testing.T) {
	repositorytest.RunLists(t, func(t *testing.T) repository.Repository { return newBudgeted(t, 1, 1000) })
}

// Of fifty keys the first ten have one name and were never used, and the others
// another.
func fillBudget(t *testing.T, repo repository.Repository) {
	t.Helper()
	by := repository.Attribution{Actor: "admin", At: planTime()}
	flush := repository.Flush{Node: "node", Number: 1}
	for i := range 50 {
		key := models.APIKey{ID: fmt.Sprintf("%02d", i), Hash: fmt.Append(nil, i), Name: "busy", CreationDate: planTime().Add(time.Duration(i) * time.Hour)}
		if i < 10 {
			key.Name = "idle"
		} else {
			flush.Usages = append(flush.Usages, models.Usage{KeyID: key.ID, TotalQueries: 1, LatestQueryDate: planTime().Add(time.Duration(i) * time.Minute)})
		}
		if err := repo.CreateKey(t.Context(), by, key, repository.CreateKeyOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	if err := repo.AddUsage(t.Context(), flush); err != nil {
		t.Fatal(err)
	}
}

// A list that would read too much is refused; one that a filter, an order or a date
// makes narrow enough is not, and neither is a small database's.
func TestTooBroadLists(t *testing.T) {
	idle := repository.KeyFilter{Name: "idle"}
	late := repository.KeyFilter{CreatedBefore: planTime().Add(10 * time.Hour)}
	byUse, byCreation := repository.Page{Sort: repository.SortLatestQuery, Limit: 3}, repository.Page{Sort: repository.SortCreation, Limit: 3}
	for _, c := range []struct {
		narrow, rows int
		filter       repository.KeyFilter
		page         repository.Page
		tooBroad     bool
	}{
		{2, 9, idle, byUse, true},    // the ten are the last, and more than nine
		{2, 10, idle, byUse, false},  // ten may be read
		{10, 10, idle, byUse, false}, // they are few enough to begin with
		{2, 9, idle, repository.Page{Sort: repository.SortLatestQuery, Ascending: true, Limit: 3}, false}, // the ten are the first
		{2, 9, repository.KeyFilter{Name: "busy"}, byUse, false},
		{2, 9, late, byUse, true},
		{2, 9, late, byCreation, false},
		{2, 9, repository.KeyFilter{}, byUse, false},
		{2, 9, repository.KeyFilter{KeyID: "03"}, byUse, false},
		{2, 9, repository.KeyFilter{Name: "idle", Status: models.StatusRevoked, Now: planTime()}, byUse, false}, // there is none
		{2, 50, idle, byUse, false},
		{2, 50, late, byUse, false},
	} {
		repo := newBudgeted(t, c.narrow, c.rows)
		fillBudget(t, repo)
		list, err := repo.ListKeys(t.Context(), c.filter, c.page)
		if errors.Is(err, repository.ErrTooBroad) != c.tooBroad || !c.tooBroad && err != nil {
			t.Errorf("%d, %d, %+v by %+v: %d rows and %v", c.narrow, c.rows, c.filter, c.page, len(list.Rows), err)
		}
	}
}

// Usage that would have to be added up of too many rows is refused.
func TestTooBroadSeries(t *testing.T) {
	repo := newBudgeted(t, 2, 9)
	flush := repository.Flush{Node: "node", Number: 1}
	for i := range 10 {
		flush.Hours = append(flush.Hours, models.HourUsage{KeyID: fmt.Sprint(i), UserID: "u", Route: fmt.Sprint("/", i%2), Hour: planTime(), TotalQueries: 1})
	}
	if err := repo.AddUsage(t.Context(), flush); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		filter   repository.SeriesFilter
		interval repository.Interval
		by       repository.Breakdown
		want     int
		tooBroad bool
	}{
		{repository.SeriesFilter{}, repository.IntervalDay, repository.Breakdown{Key: true}, 10, false},
		{repository.SeriesFilter{}, repository.IntervalDay, repository.Breakdown{Route: true}, 2, false},
		{repository.SeriesFilter{}, repository.IntervalDay, repository.Breakdown{User: true}, 1, false},
		{repository.SeriesFilter{UserID: "u"}, repository.IntervalDay, repository.Breakdown{User: true}, 1, false},
		{repository.SeriesFilter{Route: "/1"}, repository.IntervalDay, repository.Breakdown{Key: true}, 5, false},
		{repository.SeriesFilter{KeyID: "1"}, repository.IntervalHour, repository.Breakdown{Route: true}, 1, false},
		{repository.SeriesFilter{}, repository.IntervalDay, repository.Breakdown{User: true, Route: true}, 0, true},
		{repository.SeriesFilter{UserID: "u"}, repository.IntervalDay, repository.Breakdown{Key: true}, 0, true},
		{repository.SeriesFilter{}, repository.IntervalHour, repository.Breakdown{Route: true}, 0, true},
		{repository.SeriesFilter{From: planTime().Add(time.Hour)}, repository.IntervalHour, repository.Breakdown{Route: true}, 0, false},
	} {
		series, err := repo.UsageSeries(t.Context(), c.filter, repository.SeriesPage{Interval: c.interval, By: c.by, Limit: 100})
		if errors.Is(err, repository.ErrTooBroad) != c.tooBroad || !c.tooBroad && err != nil || len(series.Rows) != c.want {
			t.Errorf("%+v by %s and %+v: %d rows and %v", c.filter, c.interval, c.by, len(series.Rows), err)
		}
	}
}
