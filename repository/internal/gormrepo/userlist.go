package gormrepo

import (
	"context"
	"fmt"

	"gorm.io/gorm"

	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/repository"
)

// ListUsers implements repository.Repository, in one of the two ways of ListKeys.
func (r userStore) ListUsers(ctx context.Context, filter repository.UserFilter, page repository.Page) (repository.UserPage, error) {
	position, err := page.Position()
	if err != nil {
		return repository.UserPage{}, err
	}
	if page.Sort != repository.SortID {
		return repository.UserPage{}, fmt.Errorf("users cannot be sorted by %q", page.Sort)
	}
	var rows []models.User
	err = r.read(ctx, r.backend.Read, func(db *gorm.DB) (err error) {
		list := userList{r.database, db, filter, page, position}
		rows, err = list.read()
		return err
	})
	if err != nil {
		return repository.UserPage{}, wrap("listing users", err)
	}
	if len(rows) <= page.Limit {
		return repository.UserPage{Rows: rows}, nil
	}
	rows = rows[:page.Limit]
	return repository.UserPage{Rows: rows, Next: page.NextUser(rows[page.Limit-1])}, nil
}

// userList is one page of users that is being read.
type userList struct {
	*database
	db       *gorm.DB
	filter   repository.UserFilter
	page     repository.Page
	position repository.Position
}

// read returns one row more than the page holds, if there are so many.
func (l userList) read() ([]models.User, error) {
	for _, n := range l.budget.steps(l.page.Limit+1, len(l.sources()) > 0) {
		rows, full, err := l.readAtMost(n)
		if err != nil || full {
			return rows, err
		}
	}
	return nil, repository.ErrTooBroad
}

// readAtMost is keyList's for users.
func (l userList) readAtMost(n int) (rows []models.User, full bool, err error) {
	narrowest, err := narrow(l.database, l.db, l.sources(), n)
	if err != nil {
		return nil, false, err
	}
	if narrowest.rows <= n {
		rows, err = l.rowsAmong(narrowest.ids(l.db))
		return rows, true, err
	}
	ids := pagedByID(l.db.Table("ginauth_users").Select("id AS key_id"), "id", l.page, l.position, n)
	if rows, err = l.rowsAmong(ids); err != nil || len(rows) > l.page.Limit {
		return rows, true, err
	}
	read, err := count(l.database, l.db, ids)
	return rows, read < n, err
}

// rowsAmong returns the rows of the list that are among the given users.
func (l userList) rowsAmong(ids *gorm.DB) ([]models.User, error) {
	names, err := columns(l.db, "u", &models.User{})
	if err != nil {
		return nil, err
	}
	found := l.db.Table("(?) AS d", ids).Select("d.key_id").Joins("LEFT JOIN ginauth_users AS u ON u.id = d.key_id").Where("COALESCE(u.id, '') <> ''")
	for _, s := range l.sources() {
		found = found.Where(s.condition, s.values...)
	}
	found = pagedByID(found, "d.key_id", l.page, l.position, l.page.Limit+1)
	query := l.db.Table("(?) AS d", found).Select(names).Joins("LEFT JOIN ginauth_users AS u ON u.id = d.key_id")
	return ask[models.User](l.database, l.db, query, "id", orderByID("q.id", l.page))
}

// sources are the conditions of the filter; an index answers each.
func (l userList) sources() (sources []source) {
	f := l.filter
	add := func(condition string, values ...any) {
		sources = append(sources, source{"ginauth_users AS u", "u.id", condition, values, 0})
	}
	for _, equal := range []text{{"u.id", f.ID}, {"u.canonical_username", f.Username}, {"u.canonical_email", f.Email}} {
		if equal.value != "" {
			add(equal.column+" = ?", equal.value)
		}
	}
	for _, begin := range []text{{"u.canonical_username", f.UsernamePrefix}, {"u.canonical_email", f.EmailPrefix}} {
		if begin.value != "" {
			condition, values := beginsWith(begin.column, begin.value)
			add(condition, values...)
		}
	}
	if f.Disabled != nil {
		add(dateCondition("u.disabled_date", *f.Disabled))
	}
	if f.Confirmed != nil {
		add(dateCondition("u.confirmation_date", *f.Confirmed))
	}
	return sources
}

// dateCondition asks that a date is set, or that it is not.
func dateCondition(column string, set bool) string {
	if set {
		return column + " > 0"
	}
	return column + " = 0"
}

// pagedByID are the first n rows beyond the position, in the order of their ids.
func pagedByID(query *gorm.DB, column string, page repository.Page, position repository.Position, n int) *gorm.DB {
	_, beyond := toDirection(page)
	if position.KeyID != "" {
		query = query.Where(column+" "+beyond+" ?", position.KeyID)
	}
	return query.Order(orderByID(column, page)).Limit(n)
}

func orderByID(column string, page repository.Page) string {
	direction, _ := toDirection(page)
	return column + " " + direction
}
