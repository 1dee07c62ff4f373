package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
	"gorm.io/gorm"

	"github.com/ginauth/ginauth"
	"github.com/ginauth/ginauth/repository"
)

// adminSecret is that of the measured application.
const adminSecret = "an-admin-secret-for-benchmarks-0123456789"

// printAdmin prints what the calls of administrators and users take.
func printAdmin(ctx context.Context, args []string, out io.Writer) (err error) {
	flags := flag.NewFlagSet("admin", flag.ContinueOnError)
	keys := flags.Int("keys", 1_000_000, "how many keys there are")
	rows := flags.Int("usage", 10_000_000, "how many rows of usage by day there are")
	rounds := flags.Int("rounds", 5, "how often each call is made")
	only := flags.String("only", "", "the databases, separated by commas; all that are at hand if empty")
	if err := flags.Parse(args); err != nil {
		return err
	}
	list, err := databases(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, dropAll(ctx, list)) }()
	list = slices.DeleteFunc(list, func(d *database) bool {
		return d.dialector == nil || *only != "" && !slices.Contains(strings.Split(*only, ","), d.kind)
	})
	columns := []adminColumn{}
	for _, d := range list {
		column, err := measureAdmin(ctx, d, newPopulation(*keys, *rows), *rounds)
		if err != nil {
			return fmt.Errorf("%s: %w", d.kind, err)
		}
		columns = append(columns, column)
	}
	return printColumns(out, columns)
}

// adminColumn is what one database has taken, by the calls.
type adminColumn struct {
	kind  string
	calls []adminCall
}

type adminCall struct {
	name   string
	median time.Duration
	status int
	text   string // in place of the time
}

func measureAdmin(ctx context.Context, d *database, p population, rounds int) (column adminColumn, err error) {
	repo, err := d.open(ctx) // which makes the tables
	if err != nil {
		return column, err
	}
	db, err := d.gorm()
	if err == nil {
		err = p.fill(ctx, db)
	}
	if err == nil {
		err = analyze(db.WithContext(ctx))
	}
	if err != nil {
		return column, errors.Join(err, repo.Close())
	}
	auth, err := ginauth.New(repo, ginauth.Config{Secrets: []string{adminSecret}, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return column, errors.Join(err, repo.Close())
	}
	defer func() { err = errors.Join(err, auth.Close()) }()
	engine := gin.New()
	auth.RegisterAdmin(engine.Group("/auth"))
	auth.RegisterAccount(engine.Group("/account"))
	column.kind = d.kind
	for _, path := range adminCalls(p) {
		column.calls = append(column.calls, measureCall(ctx, engine, path, rounds))
	}
	sizes, err := measureRows(db.WithContext(ctx))
	if err != nil {
		return column, err
	}
	column.calls = append(column.calls, sizes...)
	writes, err := measureWrites(ctx, auth, repo, engine, p)
	column.calls = append(column.calls, writes...)
	return column, err
}

// measureCall takes the median, after one round that is not measured.
func measureCall(ctx context.Context, engine *gin.Engine, path string, rounds int) adminCall {
	times, status := []time.Duration{}, 0
	for range rounds + 1 {
		request := httptest.NewRequestWithContext(ctx, http.MethodGet, path, nil)
		request.Header.Set("secret-key", adminSecret)
		answer := httptest.NewRecorder()
		begin := time.Now()
		engine.ServeHTTP(answer, request)
		times, status = append(times, time.Since(begin)), answer.Code
	}
	times = times[1:]
	slices.Sort(times)
	return adminCall{name: path, median: times[len(times)/2], status: status}
}

func printColumns(out io.Writer, columns []adminColumn) error {
	if len(columns) == 0 {
		return errors.New("there is no database")
	}
	header, rule := "| call |", "|---|"
	for _, column := range columns {
		header, rule = header+" "+column.kind+" |", rule+"--:|"
	}
	fmt.Fprintln(out, header)
	fmt.Fprintln(out, rule)
	for i, call := range columns[0].calls {
		line := "| `" + call.name + "` |"
		for _, column := range columns {
			call := column.calls[i]
			cell := cmp.Or(call.text, fmt.Sprintf("%.1f ms", float64(call.median.Microseconds())/1000))
			if call.status != http.StatusOK {
				cell += fmt.Sprintf(" (%d)", call.status)
			}
			line += " " + cell + " |"
		}
		fmt.Fprintln(out, line)
	}
	return nil
}

// adminCalls are the calls that read.
func adminCalls(p population) []string {
	n := p.keys / 2
	key, user := fmt.Sprintf("%08x-0001-7000-8000-000000000000", n), fmt.Sprintf("%08x-0002-7000-8000-000000000000", n%p.users+1)
	day := func(days int) string { return time.Now().UTC().AddDate(0, 0, days).Format(time.DateOnly) }
	username := fmt.Sprintf("user-%d", n%p.users+1)
	filters := []string{
		"", "id=" + key, "user_id=" + user, "username=" + username, "email=" + username + "@example.org", "name=rare-1", "name=job-500", "name_prefix=rare-", "name_prefix=job",
		fmt.Sprintf("hint=ga_%d", n), "issued_by=application", "created_since=" + day(-2), "created_before=" + day(-2),
		"expires_before=" + day(7), "unused_since=" + day(-2),
		"status=active", "status=expired", "status=revoked", "status=disabled", "status=deleted", "status=active,expired",
	}
	calls := []string{"/auth/totals", "/auth/users", "/auth/usage"}
	for _, filter := range filters {
		for _, sort := range []repository.Sort{"", repository.SortLatestQuery, repository.SortTotalQueries, repository.SortCreation, repository.SortExpiration} {
			for _, order := range []string{"", "asc"} {
				if sort == "" && order != "" {
					continue
				}
				calls = append(calls, path("/auth/logs", filter, with("sort=", string(sort)), with("order=", order)))
			}
		}
	}
	for _, status := range filters[15:20] {
		for _, filter := range filters[1:15] {
			calls = append(calls, path("/auth/logs", status, filter))
		}
	}
	for _, filter := range []string{"id=" + user, "username=" + username, "email=" + username + "@example.org", "username_prefix=user-1", "username_prefix=user-77777", "email_prefix=user-1", "disabled=true", "disabled=false", "confirmed=true", "confirmed=false", "disabled=true&confirmed=false"} {
		calls = append(calls, path("/auth/users", filter))
	}
	for _, filter := range []string{"", "id=" + key, "user_id=" + user, "username=" + username, "route=/route/1", "from=" + day(-1), "interval=hour"} {
		for _, by := range []string{"", "by=key", "by=user", "by=route", "by=key,route", "by=user,route"} {
			calls = append(calls, path("/auth/usage", filter, by))
		}
	}
	return slices.Compact(calls)
}

func with(name, value string) string {
	if value == "" {
		return ""
	}
	return name + value
}

func path(call string, parameters ...string) string {
	given := slices.DeleteFunc(parameters, func(p string) bool { return p == "" })
	if len(given) == 0 {
		return call
	}
	return call + "?" + strings.Join(given, "&")
}

// analyze brings the statistics up to date that a database plans by, as it does itself
// in time.
func analyze(db *gorm.DB) error {
	statement := "ANALYZE"
	if db.Name() == "mysql" {
		statement = "ANALYZE TABLE ginauth_keys, ginauth_usage, ginauth_users, ginauth_usage_days, ginauth_usage_hours, ginauth_usage_day_routes, ginauth_usage_day_users"
	}
	if db.Name() == "sqlite" { // which ginauth never analyzes
		return nil
	}
	return db.Exec(statement).Error
}

// measureRows tells how many bytes a row of usage takes, with its indexes. SQLite does
// not tell.
func measureRows(db *gorm.DB) (calls []adminCall, err error) {
	for _, table := range []string{"ginauth_usage", "ginauth_usage_hours", "ginauth_usage_days", "ginauth_usage_day_users", "ginauth_keys"} {
		var rows, bytes int64
		size := ""
		switch db.Name() {
		case "postgres":
			size = "SELECT pg_total_relation_size('" + table + "')"
		case "mysql":
			size = "SELECT data_length + index_length FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name = '" + table + "'"
		}
		name := "bytes of a row of " + table
		if size == "" { // SQLite does not tell
			calls = append(calls, adminCall{name: name, status: http.StatusOK, text: "-"})
			continue
		}
		if err := db.Raw("SELECT COUNT(*) FROM " + table).Scan(&rows).Error; err != nil {
			return nil, err
		}
		if err := db.Raw(size).Scan(&bytes).Error; err != nil {
			return nil, err
		}
		calls = append(calls, adminCall{name: name, status: http.StatusOK, text: fmt.Sprint(bytes / max(1, rows))})
	}
	return calls, nil
}
