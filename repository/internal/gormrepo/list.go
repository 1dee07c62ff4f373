package gormrepo

import (
	"context"
	"fmt"

	"gorm.io/gorm"

	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/repository"
)

// ListKeys implements repository.Repository.
func (r keyStore) ListKeys(ctx context.Context, filter repository.KeyFilter, page repository.Page) (repository.KeyPage, error) {
	position, err := page.Position()
	if err != nil {
		return repository.KeyPage{}, err
	}
	var rows []repository.KeyUsage
	err = r.read(ctx, r.backend.Read, func(db *gorm.DB) error {
		rows, err = r.usagePage(db, filter, page, position)
		return err
	})
	if err != nil {
		return repository.KeyPage{}, wrap("listing usage", err)
	}
	if len(rows) <= page.Limit {
		return repository.KeyPage{Rows: rows}, nil
	}
	rows = rows[:page.Limit]
	return repository.KeyPage{Rows: rows, Next: page.NextCursor(rows[page.Limit-1])}, nil
}

// usagePage reads one row more than the page holds, if there is one.
func (r keyStore) usagePage(db *gorm.DB, filter repository.KeyFilter, page repository.Page, position repository.Position) ([]repository.KeyUsage, error) {
	query, err := keysWithUsage(db)
	if err != nil {
		return nil, err
	}
	query = paged(filtered(query, filter), page, position)
	return ask[repository.KeyUsage](r.database, db, query, "key_id", toOrder("q.", page))
}

// keysWithUsage begins at the usage, which every key has from its creation on
// and which stays when the key is deleted.
func keysWithUsage(db *gorm.DB) (*gorm.DB, error) {
	ofKey, err := columns(db, "k", &models.APIKey{})
	if err != nil {
		return nil, err
	}
	ofUsage, err := columns(db, "g", &models.Usage{})
	if err != nil {
		return nil, err
	}
	return db.Table("ginauth_usage AS g").
		Select(ofKey + ", " + ofUsage + ", u.email, " + ofOwner).
		Joins("LEFT JOIN ginauth_keys AS k ON k.id = g.key_id").
		Joins("LEFT JOIN ginauth_users AS u ON u.id = k.user_id"), nil
}

func filtered(query *gorm.DB, filter repository.KeyFilter) *gorm.DB {
	equals := map[string]string{
		"g.key_id":             filter.KeyID,
		"k.user_id":            filter.UserID,
		"k.name":               filter.Name,
		"u.canonical_username": filter.Username,
		"u.canonical_email":    filter.Email,
	}
	for column, value := range equals {
		if value != "" {
			query = query.Where(column+" = ?", value)
		}
	}
	return withStatus(query, filter)
}

// withStatus says models.APIKey.Status in SQL. A key without a user has NULL
// where the user's date would be.
func withStatus(query *gorm.DB, filter repository.KeyFilter) *gorm.DB {
	const enabled = "k.revocation_date = 0 AND COALESCE(u.disabled_date, 0) = 0"
	now := millis(filter.Now)
	switch filter.Status {
	case models.StatusActive:
		return query.Where(enabled).Where("k.expiration_date = 0 OR k.expiration_date > ?", now).
			Where("COALESCE(u.access_until, 0) = 0 OR u.access_until > ?", now)
	case models.StatusExpired:
		return query.Where(enabled).
			Where("(k.expiration_date <> 0 AND k.expiration_date <= ?) OR (u.access_until <> 0 AND u.access_until <= ?)", now, now)
	case models.StatusDisabled:
		return query.Where("k.revocation_date = 0 AND u.disabled_date <> 0")
	case models.StatusRevoked:
		return query.Where("k.revocation_date <> 0")
	case models.StatusDeleted:
		return query.Where("k.id IS NULL")
	case "":
		return query
	default: // no key has it
		return query.Where("1 = 0")
	}
}

// paged orders the list and leaves out what comes before the position. It asks
// for one row more than the page holds, which tells whether there is a next.
func paged(query *gorm.DB, page repository.Page, position repository.Position) *gorm.DB {
	column, ok := sortColumn(page.Sort)
	if !ok {
		return pagedByID(query, "g.key_id", page, position)
	}
	_, beyond := toDirection(page)
	column = "g." + column
	if position.KeyID != "" {
		condition := fmt.Sprintf("(%s %s ? OR (%s = ? AND g.key_id %s ?))", column, beyond, column, beyond)
		query = query.Where(condition, position.Value, position.Value, position.KeyID)
	}
	return query.Order(toOrder("g.", page)).Limit(page.Limit + 1)
}

// toOrder is the order of a list of usage, whose columns are in the named table.
func toOrder(table string, page repository.Page) string {
	byID := orderByID(table+"key_id", page)
	column, ok := sortColumn(page.Sort)
	if !ok {
		return byID
	}
	direction, _ := toDirection(page)
	return table + column + " " + direction + ", " + byID
}

// pagedByID is paged for a list that is sorted by a column with ids alone.
func pagedByID(query *gorm.DB, column string, page repository.Page, position repository.Position) *gorm.DB {
	_, beyond := toDirection(page)
	if position.KeyID != "" {
		query = query.Where(column+" "+beyond+" ?", position.KeyID)
	}
	return query.Order(orderByID(column, page)).Limit(page.Limit + 1)
}

func orderByID(column string, page repository.Page) string {
	direction, _ := toDirection(page)
	return column + " " + direction
}

func toDirection(page repository.Page) (direction, beyond string) {
	if page.Ascending {
		return "ASC", ">"
	}
	return "DESC", "<"
}

// sortColumn is the column that a sort puts before the id, if any.
func sortColumn(sort repository.Sort) (column string, ok bool) {
	switch sort {
	case repository.SortLatestQuery:
		return "latest_query_date", true
	case repository.SortTotalQueries:
		return "total_queries", true
	default:
		return "", false
	}
}
