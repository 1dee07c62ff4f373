// Package mysql keeps keys in a MySQL or MariaDB database, which any number of
// processes may share.
package mysql

import (
	"context"
	"database/sql"
	sqldriver "database/sql/driver"
	"fmt"

	driver "github.com/go-sql-driver/mysql"
	"gorm.io/driver/mysql"
	"gorm.io/gorm"

	"github.com/ginauth/ginauth/repository"
	"github.com/ginauth/ginauth/repository/internal/gormrepo"
)

// Open connects to the database at uri, such as
// mysql://user:password@host:3306/name, and brings its schema up to date. The
// query part takes the options of the driver github.com/go-sql-driver/mysql, such
// as tls=true; what contradicts the session that ginauth sets is refused by name.
// The database must exist; the tables are made in InnoDB, prefixed ginauth_. A
// server that is read-only is refused. It fails within ten seconds if the server
// cannot be reached. Errors hold no password.
func Open(ctx context.Context, uri string, options ...repository.Option) (repository.Repository, error) {
	repo, err := open(ctx, uri, options)
	if err != nil {
		return nil, fmt.Errorf("opening mysql: %w", err)
	}
	return repo, nil
}

func open(ctx context.Context, uri string, options []repository.Option) (repository.Repository, error) {
	config, err := parse(uri)
	if err != nil {
		return nil, err
	}
	plain, err := driver.NewConnector(config)
	if err != nil {
		return nil, badURI()
	}
	return openWith(ctx, plain, options)
}

func openWith(ctx context.Context, plain sqldriver.Connector, options []repository.Option) (repository.Repository, error) {
	chosen, err := repository.NewOptions(options...)
	if err != nil {
		return nil, err
	}
	server, err := examine(ctx, plain)
	if err != nil {
		return nil, err
	}
	repo, err := gormrepo.OpenServer(ctx, gormrepo.Server{
		Connector:      connector{plain, server},
		Dialector:      dialector,
		MaxConnections: chosen.MaxConnections,
		Backend:        newBackend(server),
	})
	if err != nil {
		return nil, err
	}
	return repo, nil
}

// newBackend is what gormrepo has to know of a server.
func newBackend(s server) gormrepo.Backend {
	return gormrepo.Backend{
		MayWrite:          s.mayRead(),
		Clock:             "SELECT CAST(UNIX_TIMESTAMP(NOW(3)) * 1000 AS SIGNED)",
		IsUniqueViolation: isUniqueViolation,
		Migrate:           s.migrate,
		IsRolledBack:      isRolledBack,
		IsUndone:          isUndone,
		IsLockTimeout:     isLockTimeout,
		IsReadOnly:        isReadOnly,
		IsRefusal:         isRefusal,
		Advise:            func(context.Context, *gorm.DB) ([]string, error) { return s.warnings(), nil },
	}
}

// dialector does not ask for the server's version: it would wait for the answer
// for ever, and what depends on it, renaming for one, is not used.
func dialector(pool *sql.DB) gorm.Dialector {
	return mysql.New(mysql.Config{Conn: pool, SkipInitializeWithVersion: true})
}
