package gormrepo

import (
	"slices"
	"strings"
	"time"

	"gorm.io/gorm"

	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/repository"
)

// sources are the conditions of a filter that an index answers.
func (l *keyList) sources() (sources []source) {
	f := l.filter
	add := func(condition string, values ...any) {
		sources = append(sources, source{"ginauth_keys", "id", condition, values, 0})
	}
	for _, equal := range equalities(f) {
		if equal.value != "" {
			add(equal.column+" = ?", equal.value)
		}
	}
	if f.NamePrefix != "" {
		condition, values := beginsWith("name", f.NamePrefix)
		add(condition, values...)
	}
	statuses := withUnmarked(l.order.statuses(f))
	if !f.CreatedSince.IsZero() || !f.CreatedBefore.IsZero() {
		condition, values := between("creation_date", f.CreatedSince, f.CreatedBefore)
		add("status IN ? AND "+condition, append([]any{statuses}, values...)...)
	}
	if !f.ExpiresBefore.IsZero() {
		add("status IN ? AND end_date < ?", statuses, millis(f.ExpiresBefore))
	}
	if !f.UnusedSince.IsZero() {
		values := []any{statuses, millis(f.UnusedSince)}
		sources = append(sources, source{"ginauth_usage", "key_id", "status IN ? AND latest_query_date < ?", values, 0})
	}
	return sources
}

// withUnmarked adds the status that keys may still be stored with, see MarkExpired.
func withUnmarked(statuses []storedStatus) []storedStatus {
	if slices.Contains(statuses, storedActive) {
		return append(statuses, storedExpired)
	}
	if slices.Contains(statuses, storedExpired) {
		return append(statuses, storedActive)
	}
	return statuses
}

// text is a column of keys and the value that it is to have; empty for any.
type text struct{ column, value string }

func equalities(f repository.KeyFilter) []text {
	return []text{{"user_id", f.UserID}, {"hint", f.Hint}, {"name", f.Name}, {"issued_by", f.IssuedBy}}
}

// filtered leaves out what the filter does. COALESCE keeps the databases from beginning
// at an index of a condition, and reading all rows that meet it: they are to look at
// the few keys that were chosen before.
func filtered(query *gorm.DB, f repository.KeyFilter) *gorm.DB {
	for _, equal := range equalities(f) {
		if equal.value != "" {
			query = query.Where("COALESCE(k."+equal.column+", '') = ?", equal.value)
		}
	}
	if f.NamePrefix != "" {
		condition, values := beginsWith("COALESCE(k.name, '')", f.NamePrefix)
		query = query.Where(condition, values...)
	}
	if !f.CreatedSince.IsZero() || !f.CreatedBefore.IsZero() {
		condition, values := between("COALESCE(k.creation_date, -1)", f.CreatedSince, f.CreatedBefore)
		query = query.Where(condition, values...)
	}
	if !f.ExpiresBefore.IsZero() {
		query = query.Where(endDate+" < ?", millis(f.ExpiresBefore))
	}
	if !f.UnusedSince.IsZero() {
		condition, values := between("COALESCE(k.creation_date, -1)", time.Time{}, f.UnusedSince)
		query = query.Where("g.latest_query_date < ?", millis(f.UnusedSince)).Where(condition, values...)
	}
	return withStatus(query, f)
}

// withStatus says models.APIKey.Status in SQL. A deleted key, and a key without a user,
// have NULL where the dates would be.
func withStatus(query *gorm.DB, f repository.KeyFilter) *gorm.DB {
	const (
		unrevoked = "COALESCE(k.revocation_date, 1) = 0"
		enabled   = unrevoked + " AND COALESCE(u.disabled_date, 0) = 0"
		ended     = "((COALESCE(k.expiration_date, 0) <> 0 AND COALESCE(k.expiration_date, 0) <= ?) OR (COALESCE(u.access_until, 0) <> 0 AND COALESCE(u.access_until, 0) <= ?))"
	)
	now := millis(f.Now)
	anyOf, values := []string{}, []any{}
	for _, status := range f.States() {
		switch status {
		case models.StatusActive:
			anyOf, values = append(anyOf, enabled+" AND NOT "+ended), append(values, now, now)
		case models.StatusExpired:
			anyOf, values = append(anyOf, enabled+" AND "+ended), append(values, now, now)
		case models.StatusDisabled:
			anyOf = append(anyOf, unrevoked+" AND COALESCE(u.disabled_date, 0) <> 0")
		case models.StatusRevoked:
			anyOf = append(anyOf, "COALESCE(k.revocation_date, 0) <> 0")
		default:
			anyOf = append(anyOf, "k.id IS NULL")
		}
	}
	if len(anyOf) == 0 {
		return query
	}
	return query.Where("("+strings.Join(anyOf, ") OR (")+")", values...)
}

// beginsWith is the range of the texts that begin with a prefix, byte by byte.
func beginsWith(column, prefix string) (condition string, values []any) {
	if next := repository.AfterPrefix(prefix); next != "" {
		return column + " >= ? AND " + column + " < ?", []any{prefix, next}
	}
	return column + " >= ?", []any{prefix}
}

// between is the range of dates from since on and before the other; zero for no bound.
func between(column string, since, before time.Time) (condition string, values []any) {
	condition, values = column+" >= ?", []any{millis(since)}
	if before.IsZero() {
		return condition, values
	}
	return condition + " AND " + column + " < ?", append(values, millis(before))
}
