package migrationtest

import (
	"database/sql"
	"testing"

	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/repository"
)

// toSchema4 takes away what step 5 has added, but for its indexes.
func toSchema4() []string {
	return []string{
		"DROP TABLE ginauth_usage_day_routes", "DROP TABLE ginauth_usage_day_users",
		"ALTER TABLE ginauth_keys DROP COLUMN issued_by", "ALTER TABLE ginauth_keys DROP COLUMN end_date",
		"ALTER TABLE ginauth_keys DROP COLUMN status", "ALTER TABLE ginauth_usage DROP COLUMN status",
		"DELETE FROM ginauth_migrations WHERE number > 4",
	}
}

// dropListIndexes drops the indexes of step 5 that columns are in which are to go.
func dropListIndexes(t *testing.T, db *sql.DB) {
	t.Helper()
	for table, indexes := range map[string][]string{
		"ginauth_users": {"disabled", "confirmed"}, "ginauth_keys": {"status", "end", "creation", "issued_by"},
		"ginauth_usage": {"status_latest", "status_total", "deleted"},
	} {
		for _, name := range indexes {
			drop := "DROP INDEX idx_" + table + "_" + name
			if _, err := db.ExecContext(t.Context(), drop); err != nil { // MySQL asks for the table
				_, err = db.ExecContext(t.Context(), drop+" ON "+table)
				succeeds(t, err)
			}
		}
	}
}

// listsMove checks that the keys of schema 4 are listed by status and end, at the
// first start and after a migration that has died in the middle of the step.
func listsMove(t *testing.T, db *sql.DB, open func() (repository.Repository, error)) (repo repository.Repository) {
	t.Helper()
	dropListIndexes(t, db)
	past := toSchema4()
	for _, statements := range [][]string{past, past[len(past)-1:]} {
		for _, statement := range statements {
			_, err := db.ExecContext(t.Context(), statement)
			succeeds(t, err)
		}
		repo = opened(t, open)
		for _, sort := range []repository.Sort{repository.SortID, repository.SortExpiration, repository.SortLatestQuery} {
			revoked := repository.KeyFilter{Status: models.StatusRevoked, Now: noon()}
			list, err := repo.ListKeys(t.Context(), revoked, repository.Page{Sort: sort, Limit: 10})
			succeeds(t, err)
			if len(list.Rows) != 1 || list.Rows[0].SortValue(repository.SortExpiration) != noon().UnixMilli() {
				t.Errorf("the revoked keys by %s are %+v", sort, list.Rows)
			}
		}
		days := repository.SeriesPage{Interval: repository.IntervalDay, By: repository.Breakdown{Route: true}, Limit: 10}
		series, err := repo.UsageSeries(t.Context(), repository.SeriesFilter{}, days)
		succeeds(t, err)
		if len(series.Rows) != 1 || series.Rows[0].Route != "/a" || series.Rows[0].TotalQueries != 2 {
			t.Errorf("the days by route are %+v", series.Rows)
		}
		if len(statements) == len(past) {
			succeeds(t, repo.Close())
		}
	}
	return repo
}
