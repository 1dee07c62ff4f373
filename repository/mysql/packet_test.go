package mysql_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/ginauth/ginauth/internal/test/testdatabase"
	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/repository"
)

// A flush that is as large as one can be is written on a server that takes the
// smallest packets that ginauth accepts: each byte of its routes is quoted.
func TestLargestFlush(t *testing.T) {
	t.Parallel()
	server := testdatabase.OwnServer(t, "mysql", "--max-allowed-packet=4M")
	repo := openAt(t, testdatabase.NewAt(t, "mysql", server.URI).String())
	route := strings.Repeat("'", 500)
	flush := repository.Flush{Node: "node", Number: 1}
	hour := time.Date(2026, time.July, 1, 12, 0, 0, 0, time.UTC)
	for i := range 20_000 {
		id := fmt.Sprintf("%064d", i)
		flush.Usages = append(flush.Usages, models.Usage{KeyID: id, TotalQueries: 1, LatestQueryDate: hour})
		flush.Hours = append(flush.Hours, models.HourUsage{KeyID: id, Route: fmt.Sprint(route, i), Hour: hour, TotalQueries: 1})
	}
	if err := repo.AddUsage(t.Context(), flush); err != nil {
		t.Fatal(err)
	}
	page := repository.SeriesPage{Interval: repository.IntervalDay, By: repository.Breakdown{}, Limit: 1}
	series, err := repo.UsageSeries(t.Context(), repository.SeriesFilter{From: hour.Add(-24 * time.Hour), To: hour.Add(24 * time.Hour)}, page)
	if err != nil || len(series.Rows) != 1 || series.Rows[0].TotalQueries != 20_000 {
		t.Errorf("%+v are counted (%v)", series.Rows, err)
	}
}
