package gormrepo

import (
	"cmp"
	"slices"

	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/repository"
)

// The sums of days by route and by user.
const (
	routeDays = "ginauth_usage_day_routes"
	userDays  = "ginauth_usage_day_users"
)

func toTable(interval repository.Interval) string { return "ginauth_usage_" + string(interval) + "s" }

// seriesRow is a row of the hours or of the days.
type seriesRow struct {
	date               int64
	key, route, userID string
	total              int64
}

func (r seriesRow) compare(other seriesRow) int {
	return cmp.Or(cmp.Compare(r.date, other.date), cmp.Compare(r.key, other.key), cmp.Compare(r.route, other.route), cmp.Compare(r.userID, other.userID))
}

// sumRows sums up the hours of one place, in the order of the places. A place has
// no total.
func sumRows(hours []models.HourUsage, place func(models.HourUsage) seriesRow) []seriesRow {
	rows := make([]seriesRow, len(hours))
	for i, h := range hours {
		rows[i] = place(h)
		rows[i].total = h.TotalQueries
	}
	slices.SortFunc(rows, seriesRow.compare)
	sums := rows[:0]
	for _, row := range rows {
		if last := len(sums) - 1; last >= 0 && sums[last].compare(row) == 0 {
			sums[last].total += row.total
		} else {
			sums = append(sums, row)
		}
	}
	return sums
}

// series are the rows of the hours or of the days. A key has one user, so the key
// tells rows apart.
func series(interval repository.Interval, hours []models.HourUsage) upsert {
	rows := sumRows(hours, func(h models.HourUsage) seriesRow {
		return seriesRow{date: millis(interval.Begin(h.Hour)), key: h.KeyID, route: h.Route}
	})
	users := make(map[string]string, len(hours))
	for _, h := range hours {
		users[h.KeyID] = h.UserID
	}
	keys, ofUsers := texts(rows, func(r seriesRow) string { return r.key }), texts(rows, func(r seriesRow) string { return users[r.key] })
	return upsert{toTable(interval), []string{"date", "key_id", "route"}, []upsertColumn{
		{"date", nil, dates(rows)}, {"key_id", keys, nil}, {"route", texts(rows, routeFrom), nil}, {"user_id", ofUsers, nil}, {"total_queries", nil, sums(rows)},
	}, addition(toTable(interval))}
}

// sumsByRoute and sumsByUser are the rows of the sums of days.
func sumsByRoute(hours []models.HourUsage) upsert {
	rows := sumRows(hours, func(h models.HourUsage) seriesRow { return seriesRow{date: dayFrom(h), route: h.Route} })
	return sumOfDays(routeDays, "route", rows, texts(rows, routeFrom))
}

func sumsByUser(hours []models.HourUsage) upsert {
	rows := sumRows(hours, func(h models.HourUsage) seriesRow { return seriesRow{date: dayFrom(h), userID: h.UserID} })
	return sumOfDays(userDays, "user_id", rows, texts(rows, func(r seriesRow) string { return r.userID }))
}

func sumOfDays(table, column string, rows []seriesRow, values []string) upsert {
	return upsert{table, []string{"date", column}, []upsertColumn{{"date", nil, dates(rows)}, {column, values, nil}, {"total_queries", nil, sums(rows)}}, addition(table)}
}

func dayFrom(h models.HourUsage) int64 { return millis(repository.IntervalDay.Begin(h.Hour)) }

func routeFrom(r seriesRow) string { return r.route }

func dates(rows []seriesRow) []int64 {
	return numbers(rows, func(r seriesRow) int64 { return r.date })
}

func sums(rows []seriesRow) []int64 {
	return numbers(rows, func(r seriesRow) int64 { return r.total })
}

func numbers(rows []seriesRow, number func(seriesRow) int64) []int64 {
	values := make([]int64, len(rows))
	for i, row := range rows {
		values[i] = number(row)
	}
	return values
}

func texts(rows []seriesRow, text func(seriesRow) string) []string {
	values := make([]string, len(rows))
	for i, row := range rows {
		values[i] = text(row)
	}
	return values
}
