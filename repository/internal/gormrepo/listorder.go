package gormrepo

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"gorm.io/gorm"

	"github.com/ginauth/ginauth/repository"
)

// endDate is repository.NeverEnds for a deleted key.
const endDate = "COALESCE(k.end_date, 4611686018427387904)"

// keyOrder is the order of a list of keys.
type keyOrder struct {
	page     repository.Page
	position repository.Position
	// value is what the list is sorted by, of usage (g) and keys (k).
	value string
	// table has an index with the order of each status, by column and id.
	table, id, column string
}

func newKeyOrder(page repository.Page, position repository.Position) keyOrder {
	switch page.Sort {
	case repository.SortLatestQuery:
		return keyOrder{page, position, "g.latest_query_date", "ginauth_usage", "key_id", "latest_query_date"}
	case repository.SortTotalQueries:
		return keyOrder{page, position, "g.total_queries", "ginauth_usage", "key_id", "total_queries"}
	case repository.SortCreation:
		return keyOrder{page, position, "COALESCE(k.creation_date, 0)", "ginauth_keys", "id", "creation_date"}
	case repository.SortExpiration:
		return keyOrder{page, position, endDate, "ginauth_keys", "id", "end_date"}
	default:
		return keyOrder{page, position, "0", "ginauth_keys", "id", "0"}
	}
}

// statuses are the stored ones of the keys that the filter finds. Between an
// expiration and MarkExpired a key is stored as active, and one whose clock is behind
// may look at an expired key as active.
func (o keyOrder) statuses(f repository.KeyFilter) []storedStatus {
	statuses := []storedStatus{}
	for _, state := range f.States() {
		stored, _ := toStored(state)
		statuses = append(statuses, stored)
	}
	if len(statuses) == 0 {
		statuses = []storedStatus{storedActive, storedExpired, storedRevoked, storedDisabled, storedDeleted}
	}
	return slices.DeleteFunc(statuses, func(s storedStatus) bool { return s == storedDeleted && isAboutKeys(f) })
}

// isAboutKeys reports whether the filter finds no deleted key, of which nothing is left
// but the usage.
func isAboutKeys(f repository.KeyFilter) bool {
	dates := []time.Time{f.CreatedSince, f.CreatedBefore, f.ExpiresBefore, f.UnusedSince}
	return f.UserID+f.Hint+f.Name+f.NamePrefix+f.IssuedBy != "" || slices.ContainsFunc(dates, func(d time.Time) bool { return !d.IsZero() })
}

// first are the first n keys beyond the position, in the order of the list, whose
// stored status the filter asks for: key_id and sort_value.
func (o keyOrder) first(db *gorm.DB, f repository.KeyFilter, n int) *gorm.DB {
	if o.isByID() && len(f.States()) == 0 {
		return db.Table("(?) AS a", o.inOrder(db.Table("ginauth_usage"), "0", "key_id", n))
	}
	parts := []any{}
	for _, status := range o.statuses(f) {
		if status != storedDeleted || o.reachesDeleted() {
			parts = append(parts, o.ofStatus(db, f, status, n))
		}
	}
	for _, late := range o.unmarked(db, f, n) {
		parts = append(parts, late)
	}
	if len(parts) == 0 {
		return db.Table("ginauth_usage AS a").Select("key_id, 0 AS sort_value").Where("1 = 0")
	}
	union := strings.TrimSuffix(strings.Repeat("SELECT * FROM (?) AS a UNION ALL ", len(parts)), " UNION ALL ")
	return db.Table("(?) AS a", db.Raw(union, parts...)).Order(o.by("sort_value", "key_id")).Limit(n)
}

// reachesDeleted reports whether deleted keys may follow the position. Where the order
// is that of a value of keys, they all have the same.
func (o keyOrder) reachesDeleted() bool {
	if o.position.KeyID == "" || o.table == "ginauth_usage" {
		return true
	}
	order := cmp.Compare(repository.KeyUsage{}.SortValue(o.page.Sort), o.position.Value)
	return order == 0 || (order > 0) == o.page.Ascending
}

// ofStatus are the first n keys that are stored with a status, in the range of dates
// that the filter sets for what the list is sorted by.
func (o keyOrder) ofStatus(db *gorm.DB, f repository.KeyFilter, status storedStatus, n int) *gorm.DB {
	if status == storedDeleted && o.table == "ginauth_keys" {
		return o.deleted(db.Table("ginauth_usage").Where("status = 0"), n)
	}
	query := db.Table(o.table).Where("status = ?", status)
	since, before := o.dates(f)
	if !since.IsZero() || !before.IsZero() {
		condition, values := between(o.column, since, before)
		query = query.Where(condition, values...)
	}
	return o.inOrder(query, o.column, o.id, n)
}

// dates are the filter's bounds of what the list is sorted by.
func (o keyOrder) dates(f repository.KeyFilter) (since, before time.Time) {
	switch o.page.Sort {
	case repository.SortCreation:
		return f.CreatedSince, f.CreatedBefore
	case repository.SortExpiration:
		return time.Time{}, f.ExpiresBefore
	case repository.SortLatestQuery:
		return time.Time{}, f.UnusedSince
	default:
		return time.Time{}, time.Time{}
	}
}

// deleted are the first n deleted keys where these have all the same value.
func (o keyOrder) deleted(query *gorm.DB, n int) *gorm.DB {
	value := repository.KeyUsage{}.SortValue(o.page.Sort)
	direction, sign := toDirection(o.page)
	if o.position.KeyID != "" && value == o.position.Value {
		query = query.Where("key_id "+sign+" ?", o.position.KeyID)
	}
	return query.Select(fmt.Sprintf("key_id, %d AS sort_value", value)).Order("key_id " + direction).Limit(n)
}

// unmarked are the keys that have another status by their dates than they are stored
// with, see MarkExpired. They are few.
func (o keyOrder) unmarked(db *gorm.DB, f repository.KeyFilter, n int) (parts []*gorm.DB) {
	statuses, now := o.statuses(f), millis(f.Now)
	isAsked := func(s storedStatus) bool { return slices.Contains(statuses, s) }
	keys := func(condition string, status storedStatus) *gorm.DB {
		late := db.Table("ginauth_keys").Select("id AS key_id").Where(condition, status, now).Limit(repository.RowBudget) // it is read first
		return o.inOrder(withRecords(db.Table("(?) AS d", late)), o.value, "d.key_id", n)
	}
	if isAsked(storedExpired) && !isAsked(storedActive) {
		parts = append(parts, keys("status = ? AND end_date <= ?", storedActive))
	}
	if isAsked(storedActive) && !isAsked(storedExpired) {
		parts = append(parts, keys("status = ? AND end_date > ?", storedExpired))
	}
	return parts
}

// inOrder are the first n of some keys beyond the position.
func (o keyOrder) inOrder(query *gorm.DB, value, id string, n int) *gorm.DB {
	query = o.beyond(query, value, id).Select(id + " AS key_id, " + value + " AS sort_value")
	return query.Order(o.by(value, id)).Limit(n)
}

// isByID reports whether ids alone are the order.
func (o keyOrder) isByID() bool { return o.value == "0" }

// by is the order by a value and an id.
func (o keyOrder) by(value, id string) string {
	direction, _ := toDirection(o.page)
	if o.isByID() {
		return id + " " + direction
	}
	return value + " " + direction + ", " + id + " " + direction
}

// beyond leaves out what comes before the position. The first comparison is for the
// index.
func (o keyOrder) beyond(query *gorm.DB, value, id string) *gorm.DB {
	if o.position.KeyID == "" {
		return query
	}
	_, sign := toDirection(o.page)
	if o.isByID() {
		return query.Where(id+" "+sign+" ?", o.position.KeyID)
	}
	condition := fmt.Sprintf("%s %s= ? AND (%s %s ? OR %s %s ?)", value, sign, value, sign, id, sign)
	return query.Where(condition, o.position.Value, o.position.Value, o.position.KeyID)
}

func toDirection(page repository.Page) (direction, beyond string) {
	if page.Ascending {
		return "ASC", ">"
	}
	return "DESC", "<"
}
