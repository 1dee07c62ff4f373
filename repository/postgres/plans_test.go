package postgres_test

import (
	"strings"
	"testing"

	postgresdriver "gorm.io/driver/postgres"
	"gorm.io/gorm"

	"github.com/ginauth/ginauth/internal/test/testdatabase"
	"github.com/ginauth/ginauth/repository/internal/gormrepo"
	"github.com/ginauth/ginauth/repository/internal/plantest"
	"github.com/ginauth/ginauth/repository/postgres"
)

// No list reads a table from its beginning, and none sorts what it has read.
func TestPlans(t *testing.T) {
	t.Parallel()
	uri := testdatabase.New(t, "postgres")
	repo, err := postgres.Open(t.Context(), uri.String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = repo.Close() })
	db, err := gorm.Open(postgresdriver.Open(uri.String()), gormrepo.Config())
	if err != nil {
		t.Fatal(err)
	}
	pool, err := db.DB()
	if err != nil {
		t.Fatal(err)
	}
	pool.SetMaxOpenConns(1) // whose settings stay
	t.Cleanup(func() { _ = pool.Close() })
	plantest.Fill(t, db)
	for _, setting := range []string{"ANALYZE", "SET enable_seqscan = off", "SET enable_bitmapscan = off"} { // the tables are small
		if err := db.Exec(setting).Error; err != nil {
			t.Fatal(err)
		}
	}
	plantest.Expect(t, db, "EXPLAIN ", func(plan string) bool {
		return strings.Contains(plan, "Sort") || strings.Contains(plan, "Seq Scan") || strings.Contains(plan, "HashAggregate")
	})
}
