// Package postgres keeps keys in a PostgreSQL database, which any number of
// processes may share.
package postgres

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
	"gorm.io/driver/postgres"
	"gorm.io/gorm"

	"github.com/ginauth/ginauth/repository"
	"github.com/ginauth/ginauth/repository/internal/gormrepo"
)

// migrationLock is the number of the advisory lock that is held while the
// schema changes: "ginauth" in ASCII.
const migrationLock = 0x67696e61757468

// Open connects to the database at uri, such as
// postgresql://user:password@host:5432/name, and brings its schema up to date.
// The database must exist; the tables are made, prefixed ginauth_. A replica
// is refused. It fails within ten seconds if the server cannot be reached.
// Errors hold no password.
//
// A connection pooler such as PgBouncer is noticed: nothing is prepared then,
// and changes are looked for in place of being listened for.
func Open(ctx context.Context, uri string, options ...repository.Option) (repository.Repository, error) {
	config, mode, err := parse(uri)
	var repo repository.Repository
	if err == nil {
		repo, err = open(ctx, config, mode, options)
	}
	if err != nil {
		return nil, fmt.Errorf("opening postgres: %w", err)
	}
	return repo, nil
}

func open(ctx context.Context, config *pgx.ConnConfig, mode string, options []repository.Option) (repository.Repository, error) {
	chosen, err := repository.NewOptions(options...)
	if err != nil {
		return nil, err
	}
	var found looked
	err = gormrepo.UntilGranted(ctx, isRefusal, func() (err error) {
		found, err = look(ctx, config, mode)
		return err
	})
	if err != nil {
		return nil, err
	}
	repo, err := gormrepo.OpenServer(ctx, gormrepo.Server{
		Connector:      newConnector(found.config),
		Dialector:      dialector,
		MaxConnections: chosen.MaxConnections,
		Backend:        backend(found.pooled),
	})
	if err != nil {
		return nil, err
	}
	if found.pooled || !gormrepo.MayListen(chosen.MaxConnections) {
		return repo, nil
	}
	return &listening{repo, found.config}, nil
}

func newConnector(config *pgx.ConnConfig) driver.Connector {
	return connector{stdlib.GetConnector(*config, stdlib.OptionShouldPing(shouldPing))}
}

func dialector(pool *sql.DB) gorm.Dialector { return postgres.New(postgres.Config{Conn: pool}) }

func backend(pooled bool) gormrepo.Backend {
	return gormrepo.Backend{
		MayWrite:          mayWrite,
		ReadRow:           readRow,
		Clock:             "SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS bigint)",
		IsUniqueViolation: isUniqueViolation,
		IsRolledBack:      isRolledBack,
		IsUndone:          isUndone,
		IsReadOnly:        isReadOnly,
		IsRefusal:         isRefusal,
		Migrate:           migrate,
		Announce:          announce,
		Advise:            func(_ context.Context, db *gorm.DB) ([]string, error) { return advise(db, pooled) },
	}
}

// readRow reads with the driver's own calls, which take less than those of database/sql.
// The driver decides whether to prepare, since that depends on whether there is a pooler.
func readRow(ctx context.Context, pool *sql.DB, query string, value []byte, places ...any) error {
	err := readRowOnce(ctx, pool, query, value, places)
	if errors.Is(err, driver.ErrBadConn) {
		err = readRowOnce(ctx, pool, query, value, places)
	}
	return err
}

// readRowOnce returns driver.ErrBadConn, which ends the connection, where nothing was
// asked yet.
func readRowOnce(ctx context.Context, pool *sql.DB, query string, value []byte, places []any) error {
	lent, err := pool.Conn(ctx)
	if err != nil {
		return err
	}
	defer lent.Close()
	return lent.Raw(func(driverConn any) error {
		err := driverConn.(*conn).Conn.Conn().QueryRow(ctx, query, value).Scan(places...)
		if pgconn.SafeToRetry(err) {
			return fmt.Errorf("%w: %w", driver.ErrBadConn, err)
		}
		return err
	})
}

// shouldPing lets a connection that may have broken while it was idle be tried,
// and replaced, before a call depends on it. One that was lost without a word
// is found only by asking the server; that is done after a second, as pgx does.
func shouldPing(_ context.Context, params stdlib.ShouldPingParams) bool {
	return params.IdleDuration > time.Second || !isQuiet(params.Conn.PgConn().Conn())
}

// migrate holds an advisory lock, which the transaction's end releases.
func migrate(db *gorm.DB, fn func(tx *gorm.DB) error) error {
	return db.Transaction(func(tx *gorm.DB) error {
		if err := tx.Exec("SELECT pg_advisory_xact_lock(?)", migrationLock).Error; err != nil {
			return err
		}
		return fn(tx)
	})
}
