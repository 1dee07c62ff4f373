// Package mysql keeps keys in a MySQL or MariaDB database, which any number of
// processes may share.
package mysql

import (
	"cmp"
	"context"
	"database/sql"
	sqldriver "database/sql/driver"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"

	driver "github.com/go-sql-driver/mysql"
	"gorm.io/driver/mysql"
	"gorm.io/gorm"

	"github.com/ginauth/ginauth/internal/gormrepo"
	"github.com/ginauth/ginauth/repository"
)

const (
	// duplicateEntry is the server's error number ER_DUP_ENTRY.
	duplicateEntry = 1062
	// migrationLock is the name of the lock that is held while the schema
	// changes, and migrationWait how long to wait for it, in seconds.
	migrationLock = "ginauth_migration"
	migrationWait = 60
)

// Open connects to the database at uri, such as
// mysql://user:password@host:3306/name, and brings its schema up to date. The
// query part takes the parameters of the driver github.com/go-sql-driver/mysql,
// such as tls=true. The database must exist; the tables are made, prefixed
// ginauth_. A server that is read-only is refused. It fails within ten seconds
// if the server cannot be reached. Errors hold no password.
func Open(ctx context.Context, uri string, options ...repository.Option) (repository.Repository, error) {
	chosen, err := repository.OptionsOf(options...)
	if err != nil {
		return nil, fmt.Errorf("opening mysql: %w", err)
	}
	connector, err := parse(uri)
	if err != nil {
		return nil, fmt.Errorf("opening mysql: %w", err)
	}
	repo, err := gormrepo.OpenServer(ctx, gormrepo.Server{
		Connector:      connector,
		Dialector:      dialector,
		MaxConnections: chosen.MaxConnections,
		Backend: gormrepo.Backend{
			MayWrite:        "NOT @@global.read_only",
			Clock:           "SELECT CAST(UNIX_TIMESTAMP(NOW(3)) * 1000 AS SIGNED)",
			UniqueViolation: uniqueViolation,
			Migrate:         migrate,
		},
	})
	if err != nil {
		return nil, fmt.Errorf("opening mysql: %w", err)
	}
	return repo, nil
}

// dialector does not ask for the server's version: it would wait for the answer
// for ever, and what depends on it, renaming for one, is not used.
func dialector(pool *sql.DB) gorm.Dialector {
	return mysql.New(mysql.Config{Conn: pool, SkipInitializeWithVersion: true})
}

// parse makes a connector of a URI. Updates count the rows that they find, not
// those that they change, or a repeated change would look like an unknown key.
func parse(uri string) (sqldriver.Connector, error) {
	parsed, err := url.Parse(uri)
	if err != nil || parsed.Scheme != "mysql" || parsed.Hostname() == "" {
		return nil, badURI()
	}
	config, err := driver.ParseDSN("/?" + parsed.RawQuery)
	if err != nil || setsPassword(config) {
		return nil, badURI()
	}
	config.Net, config.Addr = "tcp", net.JoinHostPort(parsed.Hostname(), cmp.Or(parsed.Port(), "3306"))
	config.User = parsed.User.Username()
	config.Passwd, _ = parsed.User.Password()
	config.DBName = strings.TrimPrefix(parsed.Path, "/")
	config.ClientFoundRows = true
	config.Logger = &driver.NopLogger{} // what it would say is in the returned errors
	opened, err := driver.NewConnector(config)
	return connector{opened}, err
}

// setsPassword reports a password in the query. It would not be used to log in:
// the driver makes SET password of it, which changes the account's, or which the
// server refuses and quotes.
func setsPassword(config *driver.Config) bool {
	for name := range config.Params {
		if strings.EqualFold(name, "password") {
			return true
		}
	}
	return false
}

// badURI stands for every error of the parsers, which may quote a password.
func badURI() error {
	return errors.New("the URI cannot be understood; it should look like mysql://user:password@host:3306/name")
}

// uniqueViolation finds the index in the server's message, which ends with its
// name in quotes, behind the value.
func uniqueViolation(err error) (column string, ok bool) {
	var refused *driver.MySQLError
	if !errors.As(err, &refused) || refused.Number != duplicateEntry {
		return "", false
	}
	message := strings.TrimSuffix(refused.Message, "'")
	return message[strings.LastIndexByte(message, '\'')+1:], true
}

// migrate holds a named lock on one connection, which the lock lives with.
// There is no transaction: the server commits before each change of the schema.
func migrate(db *gorm.DB, fn func(tx *gorm.DB) error) error {
	return db.Connection(func(conn *gorm.DB) error {
		conn = conn.Session(&gorm.Session{NewDB: true})
		var locked sql.NullBool
		if err := conn.Raw("SELECT GET_LOCK(?, ?)", migrationLock, migrationWait).Scan(&locked).Error; err != nil {
			return err
		}
		if !locked.Bool {
			return errors.New("another process has been changing the schema for a minute")
		}
		return errors.Join(fn(conn), conn.Exec("DO RELEASE_LOCK(?)", migrationLock).Error)
	})
}
