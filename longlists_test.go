package ginauth_test

import (
	"database/sql"
	"net/http"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/ginauth/ginauth"
)

// While a user with 100,000 keys lists them as fast as they can, the guard lets
// others in, though it has to ask for their keys.
func TestGuardBesideLongLists(t *testing.T) {
	if testing.Short() {
		t.Skip("it makes 100,000 keys")
	}
	path := filepath.Join(t.TempDir(), "test.db")
	a := newNode(t, path, func(c *ginauth.Config) { c.CacheSize = 1 })
	a.auth.RegisterAccount(a.engine.Group("/account"))
	ada := a.register("ada")
	others := []string{a.register("bob").key, a.register("cyd").key}
	addKeys(t, path, ada.id, 100_000)
	var done atomic.Bool
	var group sync.WaitGroup
	var listed atomic.Int64
	for range 100 {
		group.Go(func() {
			for !done.Load() {
				if a.with(ada.key, "/account/logs?limit=1000", "").Code == http.StatusOK { // else it was busy
					listed.Add(1)
				}
			}
		})
	}
	eventually(t, "lists are under way", func() bool { return listed.Load() > 0 })
	for i := range 400 {
		if answer := a.guarded(others[i%2]); answer.Code != http.StatusOK {
			t.Fatalf("after %d lists the guard answers %d: %s", listed.Load(), answer.Code, answer.Body)
		}
	}
	done.Store(true)
	group.Wait()
}

// addKeys stores keys of a user past ginauth, in one statement for each table.
func addKeys(t *testing.T, path, userID string, n int) {
	t.Helper()
	driver := "sqlite3"
	if slices.Contains(sql.Drivers(), "sqlite") { // without cgo
		driver = "sqlite"
	}
	db, err := sql.Open(driver, path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, statement := range []string{
		`INSERT INTO ginauth_keys (id, hash, hint, name, user_id, creation_date, expiration_date, revocation_date, version)
			WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
			SELECT 'many-' || i, randomblob(32), 'ga_x', 'many', ?, 1, 0, 0, 1 FROM n`,
		`INSERT INTO ginauth_usage (key_id, total_queries, latest_query_date)
			WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
			SELECT 'many-' || i, i % 7, CASE WHEN ? = '' THEN 0 ELSE i * 1000 END FROM n`,
	} {
		if _, err := db.ExecContext(t.Context(), statement, n, userID); err != nil {
			t.Fatal(err)
		}
	}
}
