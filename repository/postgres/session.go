package postgres

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"maps"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/ginauth/ginauth/repository/internal/gormrepo"
)

// mayWrite says that the server is no standby and was not told to take no
// writes.
const mayWrite = "NOT pg_is_in_recovery() AND NOT current_setting('default_transaction_read_only')::bool"

// begin begins a transaction and says all that it relies on, so that no default
// of the server, the database or the role matters, and nothing that a pooler
// could lose or leak outlives it:
//   - each statement sees what was committed before it, and may write;
//   - the commit is on disk before it is acknowledged; remote_apply, which is
//     more, stays;
//   - how long a statement and its locks may take is the context's matter; but a
//     process that stops in the middle gives up its locks after half a minute.
const begin = `BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE NOT DEFERRABLE;
SELECT ` + mayWrite + `,
set_config('synchronous_commit', CASE current_setting('synchronous_commit') WHEN 'remote_apply' THEN 'remote_apply' ELSE 'on' END, true),
set_config('statement_timeout', '0', true), set_config('lock_timeout', '0', true),
set_config('idle_in_transaction_session_timeout', '30s', true)`

// parameters say what statements outside of transactions rely on; they are sent
// with the startup of each connection. PgBouncer takes those of plain; newer
// those that servers before version 14 do not know.
func parameters() (plain, full, newer map[string]string) {
	plain = map[string]string{"client_encoding": "UTF8", "DateStyle": "ISO", "standard_conforming_strings": "on"}
	full = map[string]string{
		"bytea_output": "hex", "default_transaction_isolation": "read committed", "default_transaction_deferrable": "off",
		"statement_timeout": "0", "lock_timeout": "0", "idle_in_transaction_session_timeout": "30s",
	}
	newer = map[string]string{"idle_session_timeout": "0"}
	return plain, full, newer
}

// withParameters returns the config with parameters, which win over those of
// the URI, however they are written.
func withParameters(config *pgx.ConnConfig, sets ...map[string]string) *pgx.ConnConfig {
	config = config.Copy()
	for _, set := range sets {
		maps.DeleteFunc(config.RuntimeParams, func(name, _ string) bool {
			for own := range set {
				if strings.EqualFold(name, own) {
					return true
				}
			}
			return false
		})
		maps.Copy(config.RuntimeParams, set)
	}
	return config
}

// requireWritable looks at each connection that is made, so that of several
// hosts the one that takes writes is used.
func requireWritable(ctx context.Context, conn *pgconn.PgConn) error {
	results, err := conn.Exec(ctx, "SELECT "+mayWrite).ReadAll()
	if err != nil {
		return err
	}
	return checkWritable(results[0])
}

// checkWritable looks at the first column of the only row.
func checkWritable(result *pgconn.Result) error {
	if len(result.Rows) != 1 || string(result.Rows[0][0]) != "t" {
		return gormrepo.ErrReadOnly
	}
	return nil
}

// connector makes connections that begin transactions by themselves.
type connector struct{ driver.Connector }

// Connect implements driver.Connector.
func (c connector) Connect(ctx context.Context) (driver.Conn, error) {
	opened, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return &conn{opened.(*stdlib.Conn)}, nil
}

type conn struct{ *stdlib.Conn }

// BeginTx implements driver.ConnBeginTx. It asks whether the server may write,
// since saying READ WRITE overrules the one who told it not to.
func (c *conn) BeginTx(ctx context.Context, _ driver.TxOptions) (driver.Tx, error) {
	if c.Conn.Conn().IsClosed() {
		return nil, driver.ErrBadConn
	}
	results, err := c.Conn.Conn().PgConn().Exec(ctx, begin).ReadAll()
	if pgconn.SafeToRetry(err) {
		return nil, driver.ErrBadConn
	}
	if codeFrom(err) == featureNotSupported { // a standby says so of READ WRITE
		err = fmt.Errorf("%w: %w", gormrepo.ErrReadOnly, err)
	}
	if err == nil {
		err = checkWritable(results[1])
	}
	if err != nil {
		return nil, errors.Join(err, c.abort(ctx))
	}
	return tx{ctx, c}, nil
}

// abort rolls back, if there is a transaction.
func (c *conn) abort(ctx context.Context) error {
	if c.Conn.Conn().IsClosed() || c.Conn.Conn().PgConn().TxStatus() == 'I' {
		return nil
	}
	return tx{ctx, c}.Rollback()
}

// tx is a transaction with the context that it was begun in.
type tx struct {
	ctx  context.Context
	conn *conn
}

// Commit implements driver.Tx. The server answers ROLLBACK where a statement
// had failed.
func (t tx) Commit() error {
	result, err := t.end("COMMIT")
	if err == nil && result.CommandTag.String() == "ROLLBACK" {
		return pgx.ErrTxCommitRollback
	}
	return err
}

// Rollback implements driver.Tx.
func (t tx) Rollback() error {
	_, err := t.end("ROLLBACK")
	return err
}

// end closes the connection if it cannot tell the server, which rolls back
// then: an open transaction must not go back into the pool.
func (t tx) end(statement string) (*pgconn.Result, error) {
	results, err := t.conn.Conn.Conn().PgConn().Exec(t.ctx, statement).ReadAll()
	if err == nil {
		return results[0], nil
	}
	var refused *pgconn.PgError
	if !errors.As(err, &refused) {
		_ = t.conn.Close()
	}
	return nil, err
}
