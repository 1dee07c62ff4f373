// Package plantest checks how the SQL databases plan the statements that begin lists:
// each begins at an index and reads it in order.
package plantest

import (
	"database/sql"
	"fmt"
	"strings"
	"testing"
	"time"

	"gorm.io/gorm"

	"github.com/ginauth/ginauth/repository/internal/gormrepo"
)

// rowCount is how many keys there are where plans are asked for.
const rowCount = 3000

// Fill makes enough rows for an index to be worth it, past ginauth.
func Fill(t *testing.T, db *gorm.DB) {
	t.Helper()
	keys, usages, users, days := []map[string]any{}, []map[string]any{}, []map[string]any{}, []map[string]any{}
	for i := range rowCount {
		id, date := fmt.Sprintf("%08d", i), noon().Add(time.Duration(-i)*time.Hour).UnixMilli()
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

func noon() time.Time { return time.Date(2026, time.July, 1, 12, 0, 0, 0, time.UTC) }

// Expect reports the plans of lists that are bad.
func Expect(t *testing.T, db *gorm.DB, prefix string, isBad func(plan string) bool) {
	t.Helper()
	statements := gormrepo.ListStatements(db.WithContext(t.Context()), noon().AddDate(0, -3, 0))
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
