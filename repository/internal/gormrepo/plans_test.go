package gormrepo_test

import (
	"strings"
	"testing"
	"time"

	"gorm.io/driver/sqlite"
	"gorm.io/gorm"

	"github.com/ginauth/ginauth/repository/internal/gormrepo"
	"github.com/ginauth/ginauth/repository/internal/plantest"
)

// No list reads a table from its beginning, and none sorts what it has read. The other
// SQL backends have this test too.
func TestPlans(t *testing.T) {
	d := newDatabase(t)
	db, err := gorm.Open(sqlite.New(sqlite.Config{Conn: d.sql}), gormrepo.Config())
	if err != nil {
		t.Fatal(err)
	}
	plantest.Fill(t, db)
	plantest.Expect(t, db, "EXPLAIN QUERY PLAN ", func(plan string) bool {
		return strings.Contains(plan, "TEMP B-TREE") || strings.Contains(plan, "SCAN") && !strings.Contains(plan, "USING")
	})
}

func planTime() time.Time { return time.Date(2026, time.July, 1, 12, 0, 0, 0, time.UTC) }
