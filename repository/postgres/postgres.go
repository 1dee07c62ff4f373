// Package postgres keeps keys in a PostgreSQL database, which any number of
// processes may share.
package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
	"gorm.io/driver/postgres"
	"gorm.io/gorm"

	"github.com/ginauth/ginauth/internal/gormrepo"
	"github.com/ginauth/ginauth/repository"
)

const (
	// uniqueViolationCode is the SQLSTATE unique_violation (PostgreSQL, appendix A).
	uniqueViolationCode = "23505"
	// migrationLock is the number of the advisory lock that is held while the
	// schema changes: "ginauth" in ASCII.
	migrationLock = 0x67696e61757468
)

// Open connects to the database at uri, such as
// postgresql://user:password@host:5432/name, and brings its schema up to date.
// The database must exist; the tables are made, prefixed ginauth_. A replica
// is refused. It fails within ten seconds if the server cannot be reached.
// Errors hold no password.
func Open(ctx context.Context, uri string, options ...repository.Option) (repository.Repository, error) {
	chosen, err := repository.OptionsOf(options...)
	if err != nil {
		return nil, fmt.Errorf("opening postgres: %w", err)
	}
	config, err := pgx.ParseConfig(uri)
	if err != nil {
		return nil, errors.New("opening postgres: the URI cannot be understood; it should look like postgresql://user:password@host:5432/name")
	}
	config.ValidateConnect = requireWritable
	repo, err := gormrepo.OpenServer(ctx, gormrepo.Server{
		Connector:      stdlib.GetConnector(*config, stdlib.OptionShouldPing(shouldPing)),
		Dialector:      func(pool *sql.DB) gorm.Dialector { return postgres.New(postgres.Config{Conn: pool}) },
		MaxConnections: chosen.MaxConnections,
		Backend: gormrepo.Backend{
			MayWrite:          mayWrite,
			Clock:             "SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS bigint)",
			IsUniqueViolation: isUniqueViolation,
			Migrate:           migrate,
			Announce:          announce,
		},
	})
	if err != nil {
		return nil, fmt.Errorf("opening postgres: %w", err)
	}
	return &listening{repo, config}, nil
}

// mayWrite says that the server is no standby and was not told to take no
// writes.
const mayWrite = "NOT pg_is_in_recovery() AND NOT current_setting('default_transaction_read_only')::bool"

// requireWritable looks at each connection that is made, since an address may
// lead to a standby from one moment to the next. What lags behind would bring
// revoked keys back. A server that becomes a standby ends its connections.
func requireWritable(ctx context.Context, conn *pgconn.PgConn) error {
	results, err := conn.Exec(ctx, "SELECT "+mayWrite).ReadAll()
	if err != nil {
		return err
	}
	if string(results[0].Rows[0][0]) != "t" {
		return gormrepo.ErrReadOnly
	}
	return nil
}

// shouldPing lets a connection that may have broken while it was idle be tried,
// and replaced, before a call depends on it. One that was lost without a word
// is found only by asking the server; that is done after a second, as pgx does.
func shouldPing(_ context.Context, params stdlib.ShouldPingParams) bool {
	return params.IdleDuration > time.Second || !isQuiet(params.Conn.PgConn().Conn())
}

func isUniqueViolation(err error) bool {
	var refused *pgconn.PgError
	return errors.As(err, &refused) && refused.Code == uniqueViolationCode
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
