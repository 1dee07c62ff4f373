package mysql_test

import (
	"fmt"
	"strings"
	"testing"

	mysqldriver "gorm.io/driver/mysql"
	"gorm.io/gorm"

	"github.com/ginauth/ginauth/internal/test/testdatabase"
	"github.com/ginauth/ginauth/repository/internal/gormrepo"
	"github.com/ginauth/ginauth/repository/internal/plantest"
	"github.com/ginauth/ginauth/repository/mysql"
)

// No list reads a table from its beginning, and none sorts what it has read.
func TestPlans(t *testing.T) {
	t.Parallel()
	uri := testdatabase.New(t, "mysql")
	repo, err := mysql.Open(t.Context(), uri.String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = repo.Close() })
	db, err := gorm.Open(mysqldriver.Open(fmt.Sprintf("%s@tcp(%s)%s?%s", uri.User, uri.Host, uri.Path, uri.RawQuery)), gormrepo.Config())
	if err != nil {
		t.Fatal(err)
	}
	pool, err := db.DB()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = pool.Close() })
	plantest.Fill(t, db)
	const tables = "ginauth_keys, ginauth_usage, ginauth_users, ginauth_usage_days, ginauth_usage_day_users, ginauth_usage_day_routes"
	if err := db.Exec("ANALYZE TABLE " + tables).Error; err != nil {
		t.Fatal(err)
	}
	plantest.Expect(t, db, "EXPLAIN ", func(plan string) bool {
		return strings.Contains(plan, "Using filesort") || strings.Contains(plan, "Using temporary") || strings.Contains(plan, " ALL ")
	})
}
