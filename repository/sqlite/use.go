package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"reflect"

	"gorm.io/gorm"

	"github.com/ginauth/ginauth/repository"
	"github.com/ginauth/ginauth/repository/internal/gormrepo"
)

// Use opens the file of an application's own handle, as Open does. It makes
// connections of its own, since it sets up their sessions; the handle stays the
// application's. The tables are prefixed ginauth_. A database in memory is refused,
// since other connections do not see it: use package memory. So is a handle over
// another SQLite library than this package's, since two of them in one process
// release each other's locks on the file.
func Use[H *sql.DB | *gorm.DB](ctx context.Context, handle H, options ...repository.Option) (repository.Repository, error) {
	pool, err := gormrepo.PoolFrom(handle)
	if err == nil {
		err = checkDriver(pool)
	}
	var path string
	if err == nil {
		err = pool.QueryRowContext(ctx, "SELECT file FROM pragma_database_list WHERE name = 'main'").Scan(&path)
	}
	if err == nil && path == "" {
		err = errors.New("the handle's database is in memory; use package repository/memory, or a file")
	}
	if err != nil {
		return nil, fmt.Errorf("using an sqlite database: %w", err)
	}
	return Open(ctx, path, options...)
}

func checkDriver(pool *sql.DB) error {
	own, err := sql.Open(driverName, "") // which opens nothing
	if err != nil {
		return err
	}
	defer own.Close()
	if used := reflect.TypeOf(pool.Driver()); used != reflect.TypeOf(own.Driver()) {
		return fmt.Errorf("the handle's driver is %v, and ginauth links %v: two SQLite libraries in one process "+
			"release each other's locks; open the handle with ginauth's", used, reflect.TypeOf(own.Driver()))
	}
	return nil
}
