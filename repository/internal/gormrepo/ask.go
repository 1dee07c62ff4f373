package gormrepo

import (
	"context"
	"fmt"
	"strings"

	"gorm.io/gorm"

	"github.com/ginauth/ginauth/repository"
)

// answer is a row, and whether the server that it comes from may write. Found
// is false in the one row that stands for none.
type answer[T any] struct {
	MayWrite bool
	Found    bool
	Row      T `gorm:"embedded"`
}

// ask runs a query that reads keys, users or the change log, and asks in the
// same statement whether the server may write. A second statement could reach
// another server, behind a pooler for one. An answer from a server that may not
// write is ErrReadOnly, also if it is empty: a standby lags behind.
//
// The query has a column called key, which is never NULL. The order is that of
// the query, with its columns behind "q."; it may be empty for a single row.
func ask[T any](r *database, db, query *gorm.DB, key, order string) ([]T, error) {
	answers := []answer[T]{}
	asked := db.Table("(SELECT "+r.backend.MayWrite+" AS may_write) AS s LEFT JOIN (?) AS q ON 1 = 1", query).
		Select("s.may_write, q." + key + " IS NOT NULL AS found, q.*")
	if order != "" {
		asked = asked.Order(order)
	}
	if err := asked.Find(&answers).Error; err != nil {
		return nil, err
	}
	rows := make([]T, 0, len(answers))
	for _, a := range answers {
		if !a.MayWrite {
			return nil, ErrReadOnly
		}
		if a.Found {
			rows = append(rows, a.Row)
		}
	}
	return rows, nil
}

// askForOne is ask for at most one row; ErrNotFound if there is none.
func askForOne[T any](r *database, db, query *gorm.DB, key string) (row T, err error) {
	rows, err := ask[T](r, db, query, key, "")
	if err != nil {
		return row, err
	}
	if len(rows) == 0 {
		return row, repository.ErrNotFound
	}
	return rows[0], nil
}

// read runs fn, which asks, on a pool, and again as retry says. The result of fn
// must not depend on an earlier run.
func (r *database) read(ctx context.Context, pool *gorm.DB, fn func(db *gorm.DB) error) error {
	return r.retry(ctx, func() error { return fn(pool.WithContext(ctx)) })
}

// columns names the columns that a model is stored in. A query that says * has
// another result once somebody adds a column, which prepared statements do not
// survive.
func columns(db *gorm.DB, alias string, model any) (string, error) {
	statement := &gorm.Statement{DB: db}
	if err := statement.Parse(model); err != nil {
		return "", fmt.Errorf("reading a model: %w", err)
	}
	var names []string
	for _, field := range statement.Schema.Fields {
		if field.DBName != "" && field.Creatable {
			names = append(names, alias+"."+field.DBName)
		}
	}
	return strings.Join(names, ", "), nil
}
