package mysql

import (
	"context"
	"database/sql/driver"
	"errors"

	"github.com/go-sql-driver/mysql"
)

// unknownStatement is the server's number for a prepared statement that it does not
// have (ER_UNKNOWN_STMT_HANDLER): a pooler has reset the session, or gave it to another.
const unknownStatement = 1243

// driverStatement is all that database/sql asks of the driver's statements.
type driverStatement interface {
	driver.Stmt
	driver.StmtExecContext
	driver.StmtQueryContext
	driver.NamedValueChecker
}

// statement is prepared. Where the server has lost it, nothing was done, and database/sql
// tries again on another connection.
type statement struct{ driverStatement }

// PrepareContext implements driver.ConnPrepareContext.
func (c *conn) PrepareContext(ctx context.Context, query string) (driver.Stmt, error) {
	prepared, err := c.driverConn.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	return statement{prepared.(driverStatement)}, nil
}

// QueryContext implements driver.StmtQueryContext.
func (s statement) QueryContext(ctx context.Context, args []driver.NamedValue) (driver.Rows, error) {
	rows, err := s.driverStatement.QueryContext(ctx, args)
	return rows, lost(err)
}

// ExecContext implements driver.StmtExecContext.
func (s statement) ExecContext(ctx context.Context, args []driver.NamedValue) (driver.Result, error) {
	result, err := s.driverStatement.ExecContext(ctx, args)
	return result, lost(err)
}

func lost(err error) error {
	var refused *mysql.MySQLError
	if errors.As(err, &refused) && refused.Number == unknownStatement {
		return driver.ErrBadConn
	}
	return err
}
