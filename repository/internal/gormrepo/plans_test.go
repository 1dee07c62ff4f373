package gormrepo_test

import (
	"database/sql"
	"fmt"
	"strings"
	"testing"
	"time"

	mysqldriver "gorm.io/driver/mysql"
	postgresdriver "gorm.io/driver/postgres"
	"gorm.io/driver/sqlite"
	"gorm.io/gorm"

	"github.com/ginauth/ginauth/internal/test/testdatabase"
	"github.com/ginauth/ginauth/repository/internal/gormrepo"
	"github.com/ginauth/ginauth/repository/mysql"
	"github.com/ginauth/ginauth/repository/postgres"
)

// planRows is how many keys there are where plans are asked for.
const planRows = 3000

// Lists begin at an index and read it in order: none reads a table from its beginning,
// and none sorts what it has read.
func TestPlansOnSQLite(t *testing.T) {
	d := newDatabase(t)
	db, err := gorm.Open(sqlite.New(sqlite.Config{Conn: d.sql}), gormrepo.Config())
	if err != nil {
		t.Fatal(err)
	}
	fillForPlans(t, db)
	expectPlans(t, db, "EXPLAIN QUERY PLAN ", func(plan string) bool {
		return strings.Contains(plan, "TEMP B-TREE") || strings.Contains(plan, "SCAN") && !strings.Contains(plan, "USING")
	})
}

func TestPlansOnPostgres(t *testing.T) {
	uri := testdatabase.New(t, "postgres")
	repo, err := postgres.Open(t.Context(), uri.String())
	if err != nil {
		t.Fatal(err)
	}
	closed(t, repo)
	db := openServer(t, postgresdriver.Open(uri.String()))
	fillForPlans(t, db)
	for _, setting := range []string{"ANALYZE", "SET enable_seqscan = off", "SET enable_bitmapscan = off"} { // the tables are small
		if err := db.Exec(setting).Error; err != nil {
			t.Fatal(err)
		}
	}
	expectPlans(t, db, "EXPLAIN ", func(plan string) bool {
		return strings.Contains(plan, "Sort") || strings.Contains(plan, "Seq Scan") || strings.Contains(plan, "HashAggregate")
	})
}

func TestPlansOnMySQL(t *testing.T) {
	uri := testdatabase.New(t, "mysql")
	repo, err := mysql.Open(t.Context(), uri.String())
	if err != nil {
		t.Fatal(err)
	}
	closed(t, repo)
	db := openServer(t, mysqldriver.Open(fmt.Sprintf("%s@tcp(%s)%s?%s", uri.User, uri.Host, uri.Path, uri.RawQuery)))
	fillForPlans(t, db)
	if err := db.Exec("ANALYZE TABLE ginauth_keys, ginauth_usage, ginauth_users, ginauth_usage_days, ginauth_usage_day_users, ginauth_usage_day_routes").Error; err != nil {
		t.Fatal(err)
	}
	expectPlans(t, db, "EXPLAIN ", func(plan string) bool {
		return strings.Contains(plan, "Using filesort") || strings.Contains(plan, "Using temporary") || strings.Contains(plan, " ALL ")
	})
}

// openServer has one connection, whose settings stay.
func openServer(t *testing.T, dialector gorm.Dialector) *gorm.DB {
	t.Helper()
	db, err := gorm.Open(dialector, gormrepo.Config())
	if err != nil {
		t.Fatal(err)
	}
	pool, err := db.DB()
	if err != nil {
		t.Fatal(err)
	}
	pool.SetMaxOpenConns(1)
	t.Cleanup(func() { _ = pool.Close() })
	return db
}

// fillForPlans makes enough rows for an index to be worth it, past ginauth.
func fillForPlans(t *testing.T, db *gorm.DB) {
	t.Helper()
	keys, usages, users, days := []map[string]any{}, []map[string]any{}, []map[string]any{}, []map[string]any{}
	for i := range planRows {
		id, date := fmt.Sprintf("%08d", i), planTime().Add(time.Duration(-i)*time.Hour).UnixMilli()
		keys = append(keys, map[string]any{
			"id": id, "hash": []byte(id), "hint": id, "name": id, "creation_date": date, "expiration_date": date, "revocation_date": 0, "version": 1,
			"issued_by": id, "end_date": date, "status": 1 + i%4,
		})
		usages = append(usages, map[string]any{"key_id": id, "total_queries": i, "latest_query_date": date, "status": i % 5})
		users = append(users, map[string]any{
			"id": id, "username": id, "canonical_username": id, "email": id, "canonical_email": id, "password_hash": "", "creation_date": date,
			"disabled_date": i % 50, "confirmation_date": i % 40,
		})
		days = append(days, map[string]any{"date": date, "key_id": id, "route": fmt.Sprint("/", i%100), "user_id": id, "total_queries": 1})
	}
	for table, rows := range map[string][]map[string]any{"ginauth_keys": keys, "ginauth_usage": usages, "ginauth_users": users, "ginauth_usage_days": days} {
		if err := db.Table(table).CreateInBatches(rows, 500).Error; err != nil {
			t.Fatal(err)
		}
	}
	for _, sum := range []string{"ginauth_usage_day_routes (date, route", "ginauth_usage_day_users (date, user_id"} {
		columns := strings.Split(sum, "(")[1]
		if err := db.Exec("INSERT INTO " + sum + ", total_queries) SELECT " + columns + ", 1 FROM ginauth_usage_days").Error; err != nil {
			t.Fatal(err)
		}
	}
}

func planTime() time.Time { return time.Date(2026, time.July, 1, 12, 0, 0, 0, time.UTC) }

func expectPlans(t *testing.T, db *gorm.DB, prefix string, isBad func(plan string) bool) {
	t.Helper()
	statements := gormrepo.ListStatements(db.WithContext(t.Context()), planTime().AddDate(0, -3, 0))
	if len(statements) < 100 {
		t.Fatalf("there are %d statements", len(statements))
	}
	pool, err := db.DB()
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range statements {
		if plan := explain(t, pool, prefix+s.SQL, s.Values); isBad(plan) {
			t.Errorf("%s: %s\n%s", s.Name, s.SQL, plan)
		}
	}
}

// explain returns all that the database says of a statement.
func explain(t *testing.T, pool *sql.DB, statement string, values []any) (plan string) {
	t.Helper()
	rows, err := pool.QueryContext(t.Context(), statement, values...)
	if err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
	defer func() { _ = rows.Close() }()
	names, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	for rows.Next() {
		cells, targets := make([]sql.NullString, len(names)), make([]any, len(names))
		for i := range cells {
			targets[i] = &cells[i]
		}
		if err := rows.Scan(targets...); err != nil {
			t.Fatal(err)
		}
		for _, cell := range cells {
			plan += " " + cell.String
		}
		plan += "\n"
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return plan
}
