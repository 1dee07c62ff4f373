package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	mysqldriver "gorm.io/driver/mysql"
	postgresdriver "gorm.io/driver/postgres"
	sqlitedriver "gorm.io/driver/sqlite"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"

	"github.com/ginauth/ginauth/internal/test/testdatabase"
	"github.com/ginauth/ginauth/repository"
	"github.com/ginauth/ginauth/repository/mongodb"
	"github.com/ginauth/ginauth/repository/mysql"
	"github.com/ginauth/ginauth/repository/postgres"
	"github.com/ginauth/ginauth/repository/sqlite"
)

// database is an empty database that is filled step by step.
type database struct {
	kind string
	// uri is what processes share it by; a path for SQLite.
	uri string
	// most is how many keys it is filled with at most, so that filling does not
	// take longer than measuring.
	most int
	// once is how many requests are measured where each can be made once: the
	// first one of a key, and one with an unknown key.
	once int
	open func(ctx context.Context) (repository.Repository, error)
	// dialector is for what goes past ginauth; nil for MongoDB.
	dialector gorm.Dialector
	db        *gorm.DB
	keys      []string
	drop      func(ctx context.Context) error
}

// databases are SQLite and those whose servers the environment names, as it
// does for the tests.
func databases(ctx context.Context) (list []*database, err error) {
	defer func() {
		if err != nil {
			err = errors.Join(err, dropAll(ctx, list))
		}
	}()
	file, err := newSQLite()
	if err != nil {
		return nil, err
	}
	list = append(list, file)
	for _, kind := range []string{"postgres", "mysql", "mongodb"} {
		uri := os.Getenv("GINAUTH_TEST_" + strings.ToUpper(kind) + "_URI")
		if uri == "" {
			continue
		}
		server, err := newServer(ctx, kind, uri)
		if err != nil {
			return list, fmt.Errorf("%s: %w", kind, err)
		}
		list = append(list, server)
	}
	return list, nil
}

func dropAll(ctx context.Context, list []*database) (err error) {
	for _, d := range list {
		err = errors.Join(err, d.close(), d.drop(context.WithoutCancel(ctx)))
	}
	return err
}

func newSQLite() (*database, error) {
	folder, err := os.MkdirTemp("", "ginauth-bench-")
	if err != nil {
		return nil, err
	}
	path := filepath.Join(folder, "sqlite.db")
	return &database{
		kind: "sqlite", uri: path, most: 1_000_000, once: 2000, dialector: sqlitedriver.Open(path),
		open: opener("sqlite", path),
		drop: func(context.Context) error { return os.RemoveAll(folder) },
	}, nil
}

func newServer(ctx context.Context, kind, at string) (*database, error) {
	uri, drop, err := testdatabase.Create(ctx, kind, at)
	if err != nil {
		return nil, err
	}
	server := &database{kind: kind, uri: uri.String(), open: opener(kind, uri.String()), most: 100_000, once: 2000, dialector: newDialector(kind, uri), drop: drop}
	if kind == "mongodb" {
		server.most, server.once = 1000, 100 // since keys are issued one by one, and FerretDB is slow
	}
	return server, nil
}

func opener(kind, uri string) func(context.Context) (repository.Repository, error) {
	open := map[string]func(context.Context, string, ...repository.Option) (repository.Repository, error){
		"sqlite": sqlite.Open, "postgres": postgres.Open, "mysql": mysql.Open, "mongodb": mongodb.Open,
	}[kind]
	return func(ctx context.Context) (repository.Repository, error) { return open(ctx, uri) }
}

func newDialector(kind string, uri *url.URL) gorm.Dialector {
	switch kind {
	case "postgres":
		return postgresdriver.Open(uri.String())
	case "mysql":
		return mysqldriver.Open(fmt.Sprintf("%s@tcp(%s)%s?%s", uri.User, uri.Host, uri.Path, uri.RawQuery))
	default:
		return nil
	}
}

// gorm is a pool like an application's own, with GORM's defaults.
func (d *database) gorm() (db *gorm.DB, err error) {
	if d.db == nil {
		d.db, err = gorm.Open(d.dialector, &gorm.Config{Logger: logger.Discard})
	}
	return d.db, err
}

func (d *database) close() error {
	if d.db == nil {
		return nil
	}
	pool, err := d.db.DB()
	return errors.Join(err, pool.Close())
}
