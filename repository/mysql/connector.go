package mysql

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"

	"github.com/ginauth/ginauth/repository/internal/gormrepo"
)

// connector opens connections whose session is what ginauth relies on, and
// whose transactions end as soon as their context does. The driver's own wait
// for the answer to COMMIT and ROLLBACK for as long as it takes, since
// database/sql gives them no context.
type connector struct {
	driver.Connector
	server server
}

// Connect implements driver.Connector.
func (c connector) Connect(ctx context.Context) (driver.Conn, error) {
	opened, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	made := &conn{driverConn: opened.(driverConn), server: c.server}
	for _, statement := range c.server.opening() {
		if _, err := made.ExecContext(ctx, statement, nil); err != nil {
			_ = made.Close()
			return nil, fmt.Errorf("setting up a session: %w", err)
		}
	}
	return made, nil
}

// driverConn is all that database/sql asks of the driver's connections.
type driverConn interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.NamedValueChecker
	driver.Pinger
	driver.QueryerContext
	driver.SessionResetter
	driver.Validator
}

// conn sends each statement of a transaction as one message that is answered. A
// prepared one is closed by a message without an answer. If a Galera cluster has
// the transaction give way right then, nobody hears of it, and what follows
// would be in force statement by statement. Outside of transactions, values are
// sent apart from the statement. Inside, the driver quotes them, which is safe
// since mayWrite asks for the character set.
type conn struct {
	driverConn
	server        server
	inTransaction bool
}

// QueryContext implements driver.QueryerContext.
func (c *conn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	if len(args) > 0 && !c.inTransaction {
		return nil, driver.ErrSkip
	}
	rows, err := c.driverConn.QueryContext(ctx, query, args)
	return rows, c.neverPrepare(err)
}

// ExecContext implements driver.ExecerContext.
func (c *conn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	if len(args) > 0 && !c.inTransaction {
		return nil, driver.ErrSkip
	}
	result, err := c.driverConn.ExecContext(ctx, query, args)
	return result, c.neverPrepare(err)
}

// neverPrepare makes an error of the driver's wish to have a statement prepared
// within a transaction. It has that wish for statements that are too large.
func (c *conn) neverPrepare(err error) error {
	if c.inTransaction && errors.Is(err, driver.ErrSkip) {
		return errors.New("a statement of a transaction is too large to be quoted")
	}
	return err
}

// BeginTx implements driver.ConnBeginTx. The transaction says its isolation and
// its access mode, and begins only where the session can be relied on. A
// connection that cannot begin one is closed: who knows what state it is in.
func (c *conn) BeginTx(ctx context.Context, _ driver.TxOptions) (driver.Tx, error) {
	err := c.begin(ctx)
	if err != nil {
		_ = c.Close()
		return nil, err
	}
	c.inTransaction = true
	return tx{ctx, c}, nil
}

func (c *conn) begin(ctx context.Context) error {
	for _, statement := range []string{"SET TRANSACTION ISOLATION LEVEL " + isolation, "START TRANSACTION READ WRITE"} {
		if _, err := c.ExecContext(ctx, statement, nil); err != nil {
			return err
		}
	}
	holds, err := c.ask(ctx, c.server.mayWrite())
	if err == nil && !holds {
		return c.explain(ctx)
	}
	return err
}

// sessionChanged is an ErrReadOnly that names the variable of the session that a
// pooler or another of its clients has changed.
type sessionChanged struct{ variable string }

// Error implements error.
func (e sessionChanged) Error() string {
	return e.variable + " of the session is not as ginauth has set it: a pooler, or another of its clients, has changed it"
}

// Unwrap makes it an ErrReadOnly: such a session is not believed, either.
func (sessionChanged) Unwrap() error { return gormrepo.ErrReadOnly }

// explain is ErrReadOnly. It names the variable of the session that was changed,
// if that is why.
func (c *conn) explain(ctx context.Context) error {
	for _, v := range c.server.variables() {
		for _, condition := range []string{v.reading, v.writing} {
			if condition == "" {
				continue
			}
			if holds, err := c.ask(ctx, condition); err == nil && !holds {
				return sessionChanged{v.name}
			}
		}
	}
	return gormrepo.ErrReadOnly
}

// ask returns whether a condition in SQL holds.
func (c *conn) ask(ctx context.Context, condition string) (holds bool, err error) {
	rows, err := c.QueryContext(ctx, "SELECT CAST("+condition+" AS SIGNED)", nil)
	if err != nil {
		return false, err
	}
	defer func() { _ = rows.Close() }()
	answer := make([]driver.Value, 1)
	if err := rows.Next(answer); err != nil {
		return false, err
	}
	return answer[0] == int64(1), nil
}

// tx is a transaction with the context that it was begun in.
type tx struct {
	ctx  context.Context
	conn *conn
}

// Commit implements driver.Tx. It says that no transaction follows, which
// completion_type could make otherwise.
func (t tx) Commit() error {
	if err := t.end("COMMIT AND NO CHAIN NO RELEASE"); err != nil {
		return commitError{err}
	}
	return nil
}

// Rollback implements driver.Tx.
func (t tx) Rollback() error { return t.end("ROLLBACK AND NO CHAIN NO RELEASE") }

// end closes the connection if it cannot tell the server, which rolls back
// then: an open transaction must not go back into the pool.
func (t tx) end(statement string) error {
	t.conn.inTransaction = false
	_, err := t.conn.ExecContext(t.ctx, statement, nil)
	if err != nil {
		_ = t.conn.Close()
	}
	return err
}
