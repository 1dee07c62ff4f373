package gormrepo

import (
	"slices"

	"gorm.io/gorm"

	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/repository"
)

// seriesPlan says which table answers a question about usage over time.
type seriesPlan struct {
	table string
	// isBounded says that the rows are not read in the order of the series, so that
	// all that the filter lets through have to be read.
	isBounded bool
}

func newSeriesPlan(f repository.SeriesFilter, page repository.SeriesPage) seriesPlan {
	by, ofDays := page.By, page.Interval == repository.IntervalDay
	switch {
	case ofDays && !by.Key && !by.User && f.KeyID == "" && f.UserID == "":
		return seriesPlan{table: routeDays}
	case ofDays && !by.Key && !by.Route && f.KeyID == "" && f.Route == "":
		return seriesPlan{table: userDays}
	}
	plan := seriesPlan{table: toTable(page.Interval)}
	isRouteOrdered := f.Route == "" || ofDays // days have an index for a route
	isInOrder := by.Key && f.UserID == "" && isRouteOrdered
	plan.isBounded = f.KeyID == "" && !isInOrder
	return plan
}

// rows are those that the filter lets through.
func (p seriesPlan) rows(db *gorm.DB, f repository.SeriesFilter) *gorm.DB {
	query := db.Table(p.table)
	for _, equal := range []text{{"key_id", f.KeyID}, {"user_id", f.UserID}, {"route", f.Route}} {
		if equal.value != "" {
			query = query.Where(equal.column+" = ?", equal.value)
		}
	}
	if !f.From.IsZero() {
		query = query.Where("date >= ?", millis(f.From))
	}
	if !f.To.IsZero() {
		query = query.Where("date < ?", millis(f.To))
	}
	return query
}

// dimensions are what the rows of the page are grouped and ordered by. A key has one
// user, so the key tells rows apart. A dimension that the filter names has one value.
func (p seriesPlan) dimensions(f repository.SeriesFilter, page repository.SeriesPage, position repository.SeriesPosition) []repository.SeriesDimension {
	return slices.DeleteFunc(page.Dimensions(position), func(d repository.SeriesDimension) bool { return slices.Contains(p.single(f, page), d.Name) })
}

// single are the dimensions of the page that have one value in each row of the others.
func (p seriesPlan) single(f repository.SeriesFilter, page repository.SeriesPage) (names []string) {
	if page.By.Key || page.By.User && f.UserID != "" {
		names = append(names, "user_id")
	}
	if page.By.Route && f.Route != "" {
		names = append(names, "route")
	}
	return names
}

// columns are those of a row of the page.
func (p seriesPlan) columns(f repository.SeriesFilter, page repository.SeriesPage) string {
	columns := toColumns("", p.dimensions(f, page, repository.SeriesPosition{}))
	for _, name := range p.single(f, page) {
		columns += ", MAX(" + name + ") AS " + name
	}
	return columns
}

// resolveUser returns the id of the user whom a filter names, empty if it names none,
// and whether there is such a user.
func (r *database) resolveUser(db *gorm.DB, id, username, email string) (userID string, found bool, err error) {
	if username == "" && email == "" {
		return id, true, nil
	}
	query := db.Model(&models.User{}).Select("id")
	for _, equal := range []text{{"id", id}, {"canonical_username", username}, {"canonical_email", email}} {
		if equal.value != "" {
			query = query.Where(equal.column+" = ?", equal.value)
		}
	}
	users, err := ask[models.User](r, db, query, "id", "")
	if err != nil || len(users) == 0 {
		return "", false, err
	}
	return users[0].ID, true, nil
}
