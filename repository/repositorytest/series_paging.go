package repositorytest

import (
	"encoding/base64"
	"fmt"
	"slices"
	"time"

	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/repository"
)

func seriesPagingTests() []test {
	return []test{
		{"pages hold each row once", seriesPagesHoldEachRowOnce},
		{"rows added meanwhile neither repeat nor hide others", seriesAddedMeanwhile},
		{"a foreign cursor is invalid", invalidSeriesCursors},
		{"a page that cannot be is refused", impossibleSeries},
	}
}

// seriesPages reads a series page by page and puts it together.
func seriesPages(s *suite, filter repository.SeriesFilter, page repository.SeriesPage) []repository.SeriesRow {
	s.Helper()
	rows := []repository.SeriesRow{}
	eachSeriesPage(s, filter, page, func(read []repository.SeriesRow) { rows = append(rows, read...) })
	return rows
}

func eachSeriesPage(s *suite, filter repository.SeriesFilter, page repository.SeriesPage, visit func([]repository.SeriesRow)) {
	s.Helper()
	for range 1000 { // a cursor that stands still must not hang the suite
		series, err := s.repo.UsageSeries(s.Context(), filter, page)
		s.succeeds("UsageSeries", err)
		if len(series.Rows) > page.Limit || page.Cursor != "" && len(series.Rows) == 0 {
			s.Fatalf("%d rows come for a limit of %d", len(series.Rows), page.Limit)
		}
		visit(series.Rows)
		if page.Cursor = series.Next; page.Cursor == "" {
			return
		}
	}
	s.Fatalf("the series by %+v has no end", page.By)
}

func seriesPagesHoldEachRowOnce(s *suite) {
	c := countAll(s)
	for _, filter := range []repository.SeriesFilter{{}, {From: hour(1), To: hour(80)}, {Username: "ana"}} {
		for _, by := range breakdowns() {
			for _, limit := range []int{1, 2, 5, 12} {
				page := repository.SeriesPage{Interval: repository.IntervalHour, By: by, Limit: limit}
				want := c.series(filter, page.Interval, by)
				same(s, fmt.Sprintf("the series by %+v", page), seriesPages(s, filter, page), want)
			}
		}
	}
}

// Between two pages rows are added before, between and after those that are
// there, and to one that is still to come.
func seriesAddedMeanwhile(s *suite) {
	c, round := countAll(s), 0
	page := repository.SeriesPage{Interval: repository.IntervalHour, By: byAll(), Limit: 5}
	want := c.series(repository.SeriesFilter{}, page.Interval, page.By)
	read := []repository.SeriesRow{}
	eachSeriesPage(s, repository.SeriesFilter{}, page, func(rows []repository.SeriesRow) {
		read = append(read, rows...)
		round++
		key := models.APIKey{ID: fmt.Sprint(c.hours[0].KeyID, round)}
		s.addUsage(flushHours("late", int64(round), used(key, "/", hour(-1), 1), used(key, "/", hour(23), 1), used(key, "/", hour(99), 1)))
	})
	wanted := func(row repository.SeriesRow) bool { return slices.Contains(want, row) }
	same(s, "the rows that were there before", slices.DeleteFunc(slices.Clone(read), func(row repository.SeriesRow) bool { return !wanted(row) }), want)
	visits := map[repository.SeriesRow]int{}
	for _, row := range read {
		if visits[row]++; visits[row] > 1 {
			s.Errorf("the row %+v is repeated", row)
		}
	}
}

func invalidSeriesCursors(s *suite) {
	countAll(s)
	cursors := map[repository.SeriesPage]string{}
	for _, interval := range intervals() {
		for _, by := range breakdowns() {
			page := repository.SeriesPage{Interval: interval, By: by, Limit: 1}
			series, err := s.repo.UsageSeries(s.Context(), repository.SeriesFilter{}, page)
			s.succeeds("UsageSeries", err)
			cursors[page] = series.Next
		}
	}
	for page := range cursors {
		for other, cursor := range cursors {
			if page != other {
				refusesSeriesCursor(s, page, cursor)
			}
		}
		for _, cursor := range append(garbage(cursors[page]), withZeroByte(cursors[page])) {
			refusesSeriesCursor(s, page, cursor)
		}
	}
}

// withZeroByte returns a cursor that names a key which no database can hold.
func withZeroByte(cursor string) string {
	text, _ := base64.RawURLEncoding.DecodeString(cursor)
	return base64.RawURLEncoding.EncodeToString(append(text[:len(text)-1], `,"k":"a\u0000"}`...))
}

func refusesSeriesCursor(s *suite, page repository.SeriesPage, cursor string) {
	s.Helper()
	page.Cursor = cursor
	_, err := s.repo.UsageSeries(s.Context(), repository.SeriesFilter{}, page)
	s.failsWith(repository.ErrInvalidCursor, fmt.Sprintf("UsageSeries by %+v from %.40q", page.By, cursor), err)
}

func impossibleSeries(s *suite) {
	for _, page := range []repository.SeriesPage{
		{Interval: repository.IntervalDay}, {Interval: repository.IntervalDay, Limit: -1},
		{Interval: repository.IntervalDay, Limit: repository.MaxLimit + 1}, {Limit: 1}, {Interval: "year", Limit: 1},
	} {
		series, err := s.repo.UsageSeries(s.Context(), repository.SeriesFilter{From: hour(0), To: hour(0).Add(time.Hour)}, page)
		if err == nil {
			s.Errorf("the page %+v is %+v", page, series)
		}
		isNoSentinel(s, "UsageSeries", err)
	}
}
