package mysql

import (
	"context"
	"database/sql/driver"
)

// connector opens connections whose transactions end as soon as their context
// does. The driver's own wait for the answer to COMMIT and ROLLBACK for as long
// as it takes, since database/sql gives them no context.
type connector struct{ driver.Connector }

// Connect implements driver.Connector.
func (c connector) Connect(ctx context.Context) (driver.Conn, error) {
	opened, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return &conn{opened.(driverConn)}, nil
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

type conn struct{ driverConn }

// BeginTx implements driver.ConnBeginTx.
func (c *conn) BeginTx(ctx context.Context, options driver.TxOptions) (driver.Tx, error) {
	if _, err := c.driverConn.BeginTx(ctx, options); err != nil {
		return nil, err
	}
	return tx{ctx, c}, nil
}

// tx is a transaction with the context that it was begun in.
type tx struct {
	ctx  context.Context
	conn *conn
}

// Commit implements driver.Tx.
func (t tx) Commit() error { return t.end("COMMIT") }

// Rollback implements driver.Tx.
func (t tx) Rollback() error { return t.end("ROLLBACK") }

// end closes the connection if it cannot tell the server, which rolls back
// then: an open transaction must not go back into the pool.
func (t tx) end(statement string) error {
	_, err := t.conn.ExecContext(t.ctx, statement, nil)
	if err != nil {
		_ = t.conn.Close()
	}
	return err
}
