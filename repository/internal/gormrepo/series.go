package gormrepo

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/repository"
)

// removedAtOnce bounds how many rows one statement removes and locks.
const removedAtOnce = 1000

// seriesRow is a row of the hours or of the days.
type seriesRow struct {
	Date         int64  `gorm:"primaryKey;autoIncrement:false"`
	KeyID        string `gorm:"primaryKey"`
	Route        string `gorm:"primaryKey"`
	UserID       string
	TotalQueries int64
}

func toTable(interval repository.Interval) string { return "ginauth_usage_" + string(interval) + "s" }

// addToSeries adds hours to the rows of their intervals.
func addToSeries(tx *gorm.DB, interval repository.Interval, hours []models.HourUsage) error {
	rows := seriesRows(interval, hours)
	if len(rows) == 0 {
		return nil
	}
	table := toTable(interval)
	return tx.Table(table).Clauses(clause.OnConflict{
		Columns: []clause.Column{{Name: "date"}, {Name: "key_id"}, {Name: "route"}},
		DoUpdates: clause.Assignments(map[string]any{
			"total_queries": gorm.Expr(table + ".total_queries + " + inserted(tx.Name(), "total_queries")),
		}),
	}).CreateInBatches(rows, rowsPerStatement).Error
}

// seriesRows sums hours up by their intervals, in the order of the primary key.
func seriesRows(interval repository.Interval, hours []models.HourUsage) []seriesRow {
	rows := make([]seriesRow, len(hours))
	for i, h := range hours {
		rows[i] = seriesRow{millis(interval.Begin(h.Hour)), h.KeyID, h.Route, h.UserID, h.TotalQueries}
	}
	slices.SortFunc(rows, seriesRow.compare)
	sums := rows[:0]
	for _, row := range rows {
		if last := len(sums) - 1; last >= 0 && sums[last].compare(row) == 0 {
			sums[last].TotalQueries += row.TotalQueries
		} else {
			sums = append(sums, row)
		}
	}
	return sums
}

func (r seriesRow) compare(other seriesRow) int {
	return cmp.Or(cmp.Compare(r.Date, other.Date), cmp.Compare(r.KeyID, other.KeyID), cmp.Compare(r.Route, other.Route))
}

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

func (r usageStore) seriesPage(db *gorm.DB, filter repository.SeriesFilter, page repository.SeriesPage, position repository.SeriesPosition) ([]namedRow, error) {
	dimensions := page.Dimensions(position)
	sums := db.Table(toTable(page.Interval)).
		Select(toColumns("", dimensions) + ", CAST(SUM(total_queries) AS " + integer(db.Name()) + ") AS total_queries").
		Group(toColumns("", dimensions)).Order(toColumns("", dimensions)).Limit(page.Limit + 1)
	sums = after(inSeries(sums, db, filter), dimensions, position)
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

// inSeries leaves out what the filter does.
func inSeries(query, db *gorm.DB, filter repository.SeriesFilter) *gorm.DB {
	if filter.KeyID != "" {
		query = query.Where("key_id = ?", filter.KeyID)
	}
	if filter.UserID != "" {
		query = query.Where("user_id = ?", filter.UserID)
	}
	if filter.Route != "" {
		query = query.Where("route = ?", filter.Route)
	}
	if !filter.From.IsZero() {
		query = query.Where("date >= ?", millis(filter.From))
	}
	if !filter.To.IsZero() {
		query = query.Where("date < ?", millis(filter.To))
	}
	users := map[string]any{}
	if filter.Username != "" {
		users["canonical_username"] = filter.Username
	}
	if filter.Email != "" {
		users["canonical_email"] = filter.Email
	}
	if len(users) == 0 {
		return query
	}
	return query.Where("user_id IN (?)", db.Table("ginauth_users").Select("id").Where(users))
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
	more, err = r.removeSeries(ctx, repository.IntervalHour, before)
	return more, wrap("folding usage", err)
}

// DeleteUsage implements repository.Repository.
func (r usageStore) DeleteUsage(ctx context.Context, before time.Time) (more bool, err error) {
	more, err = r.removeSeries(ctx, repository.IntervalHour, before)
	if err != nil || more {
		return more, wrap("deleting usage", err)
	}
	more, err = r.removeSeries(ctx, repository.IntervalDay, before)
	return more, wrap("deleting usage", err)
}

// removeSeries removes some of the rows of days that had ended.
func (r usageStore) removeSeries(ctx context.Context, interval repository.Interval, before time.Time) (more bool, err error) {
	day := millis(repository.IntervalDay.Begin(before))
	err = r.transaction(ctx, func(tx *gorm.DB) error {
		result := tx.Exec(removal(tx.Name(), toTable(interval)), day, removedAtOnce)
		more = result.RowsAffected == removedAtOnce
		return result.Error
	})
	return more, err
}

// removal removes the oldest rows, in the order in which flushes write. Only
// MySQL can bound a removal by itself. On PostgreSQL, rows that another has
// locked are left to the next time, so that nobody waits for anybody.
func removal(dialect, table string) string {
	const key, oldest = "date, key_id, route", "date < ? ORDER BY date, key_id, route LIMIT ?"
	switch dialect {
	case "mysql":
		return "DELETE FROM " + table + " WHERE " + oldest
	case "postgres":
		return "DELETE FROM " + table + " WHERE (" + key + ") IN (SELECT " + key + " FROM " + table + " WHERE " + oldest + " FOR UPDATE SKIP LOCKED)"
	default:
		return "DELETE FROM " + table + " WHERE (" + key + ") IN (SELECT " + key + " FROM " + table + " WHERE " + oldest + ")"
	}
}
