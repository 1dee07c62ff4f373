package gormrepo

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"gorm.io/gorm"

	"github.com/ginauth/ginauth/repository"
)

// removedAtOnce bounds how many rows one statement removes and locks.
const removedAtOnce = 1000

// UsageSeries implements repository.Repository. It asks for one row more than
// the page holds, which tells whether there is a next.
func (r usageStore) UsageSeries(ctx context.Context, filter repository.SeriesFilter, page repository.SeriesPage) (repository.Series, error) {
	position, err := page.Position()
	if err != nil {
		return repository.Series{}, err
	}
	var found []namedRow
	err = r.read(ctx, r.backend.Read, func(db *gorm.DB) error {
		found, err = r.seriesPage(db, filter, page, position)
		return err
	})
	if err != nil {
		return repository.Series{}, wrap("reading a usage series", err)
	}
	return page.Cut(toModels(found)), nil
}

// seriesPage sums up what it reads, and refuses to read too much.
func (r usageStore) seriesPage(db *gorm.DB, filter repository.SeriesFilter, page repository.SeriesPage, position repository.SeriesPosition) ([]namedRow, error) {
	userID, found, err := r.resolveUser(db, filter.UserID, filter.Username, filter.Email)
	if err != nil || !found {
		return nil, err
	}
	filter.UserID = userID
	plan := newSeriesPlan(filter, page)
	if plan.isBounded {
		read, err := count(r.database, db, plan.rows(db, filter).Select("1 AS one").Limit(r.budget.last+1))
		if err != nil {
			return nil, err
		}
		if read > r.budget.last {
			return nil, repository.ErrTooBroad
		}
	}
	dimensions := plan.dimensions(filter, page, position)
	sums := plan.rows(db, filter).Group(toColumns("", dimensions)).Order(toColumns("", dimensions)).Limit(page.Limit + 1).
		Select(plan.columns(filter, page) + ", CAST(SUM(total_queries) AS " + integer(db.Name()) + ") AS total_queries")
	sums = after(sums, dimensions, position)
	return ask[namedRow](r.database, db, withNames(db, sums, page.By), "date", toColumns("q.", dimensions))
}

// namedRow is a row of a series with its user's name.
type namedRow struct {
	Date                           int64
	KeyID, UserID, Username, Route string
	TotalQueries                   int64
}

func toModels(found []namedRow) []repository.SeriesRow {
	rows := make([]repository.SeriesRow, len(found))
	for i, f := range found {
		rows[i] = repository.SeriesRow{
			Date: fromMillis(f.Date), KeyID: f.KeyID, UserID: f.UserID, Username: f.Username,
			Route: f.Route, TotalQueries: f.TotalQueries,
		}
	}
	return rows
}

func toColumns(table string, dimensions []repository.SeriesDimension) string {
	columns := make([]string, len(dimensions))
	for i, d := range dimensions {
		columns[i] = table + d.Name
	}
	return strings.Join(columns, ", ")
}

// integer is the type to which MySQL and the others cast a sum, which is a
// decimal number on some.
func integer(dialect string) string {
	if dialect == "mysql" {
		return "SIGNED"
	}
	return "bigint"
}

// after leaves out what comes before the position.
func after(query *gorm.DB, dimensions []repository.SeriesDimension, position repository.SeriesPosition) *gorm.DB {
	if position == (repository.SeriesPosition{}) {
		return query
	}
	condition, values := "1 = 0", []any{}
	for _, d := range slices.Backward(dimensions) {
		condition = fmt.Sprintf("%s > ? OR (%s = ? AND (%s))", d.Name, d.Name, condition)
		values = append([]any{d.Last, d.Last}, values...)
	}
	return query.Where("date >= ?", position.Date).Where("("+condition+")", values...) // the first for the index
}

// withNames adds the users' names, if the series tells users apart.
func withNames(db, sums *gorm.DB, by repository.Breakdown) *gorm.DB {
	if !by.Key && !by.User {
		return db.Table("(?) AS s", sums)
	}
	return db.Table("(?) AS s", sums).Select("s.*, u.username").Joins("LEFT JOIN ginauth_users AS u ON u.id = s.user_id")
}

// RollUpUsage implements repository.Repository.
func (r usageStore) RollUpUsage(ctx context.Context, before time.Time) (more bool, err error) {
	day := millis(repository.IntervalDay.Begin(before))
	more, err = r.removeBefore(ctx, toTable(repository.IntervalHour), seriesKey, day)
	return more, wrap("rolling usage up", err)
}

// DeleteUsage implements repository.Repository.
func (r usageStore) DeleteUsage(ctx context.Context, before time.Time) (more bool, err error) {
	day := millis(repository.IntervalDay.Begin(before))
	for _, table := range []struct{ name, key string }{
		{toTable(repository.IntervalHour), seriesKey}, {toTable(repository.IntervalDay), seriesKey},
		{userDays, "date, user_id"}, {routeDays, "date, route"},
	} {
		if more, err = r.removeBefore(ctx, table.name, table.key, day); err != nil || more {
			return more, wrap("deleting usage", err)
		}
	}
	return false, nil
}

// seriesKey is the primary key of the hours and of the days.
const seriesKey = "date, key_id, route"

// removeBefore removes some of the rows of days that had ended.
func (r usageStore) removeBefore(ctx context.Context, table, key string, day int64) (more bool, err error) {
	err = r.transaction(ctx, func(tx *gorm.DB) error {
		result := tx.Exec(removal(tx.Name(), table, key), day, removedAtOnce)
		more = result.RowsAffected == removedAtOnce
		return result.Error
	})
	return more, err
}

// removal removes the oldest rows, in the order in which flushes write. Only
// MySQL can bound a removal by itself. On PostgreSQL, rows that another has
// locked are left to the next time, so that nobody waits for anybody.
func removal(dialect, table, key string) string {
	oldest := "date < ? ORDER BY " + key + " LIMIT ?"
	switch dialect {
	case "mysql":
		return "DELETE FROM " + table + " WHERE " + oldest
	case "postgres":
		return "DELETE FROM " + table + " WHERE (" + key + ") IN (SELECT " + key + " FROM " + table + " WHERE " + oldest + " FOR UPDATE SKIP LOCKED)"
	default:
		return "DELETE FROM " + table + " WHERE (" + key + ") IN (SELECT " + key + " FROM " + table + " WHERE " + oldest + ")"
	}
}
