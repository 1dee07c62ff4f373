package mysql

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"testing"

	"github.com/go-sql-driver/mysql"

	"github.com/ginauth/ginauth/internal/test/testdatabase"
)

// forgetful is a connection to a server that loses what was prepared when it is told to.
type forgetful struct {
	connector
	forget *bool
}

func (f forgetful) Connect(ctx context.Context) (driver.Conn, error) {
	opened, err := f.connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	made := opened.(*conn)
	made.driverConn = forgetfulConn{made.driverConn, f.forget}
	return made, nil
}

type forgetfulConn struct {
	driverConn
	forget *bool
}

func (c forgetfulConn) PrepareContext(ctx context.Context, query string) (driver.Stmt, error) {
	prepared, err := c.driverConn.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	return forgetfulStatement{prepared.(driverStatement), c.forget}, nil
}

type forgetfulStatement struct {
	driverStatement
	forget *bool
}

func (s forgetfulStatement) QueryContext(ctx context.Context, args []driver.NamedValue) (driver.Rows, error) {
	if *s.forget {
		*s.forget = false
		return nil, &mysql.MySQLError{Number: unknownStatement, Message: "Unknown prepared statement handler"}
	}
	return s.driverStatement.QueryContext(ctx, args)
}

// A statement that the server has lost is prepared anew, on a new connection.
func TestLostStatement(t *testing.T) {
	config, err := parse(testdatabase.New(t, "mysql").String())
	if err != nil {
		t.Fatal(err)
	}
	plain, err := mysql.NewConnector(config)
	if err != nil {
		t.Fatal(err)
	}
	forget := false
	pool := sql.OpenDB(forgetful{connector{plain, server{}}, &forget})
	defer func() { _ = pool.Close() }()
	prepared, err := pool.PrepareContext(t.Context(), "SELECT ? + 1")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = prepared.Close() }()
	for range 3 {
		var sum int
		if err := prepared.QueryRowContext(t.Context(), 1).Scan(&sum); err != nil || sum != 2 {
			t.Errorf("the answer is %d (%v)", sum, err)
		}
		forget = true
	}
	if err := lost(errors.New("another")); errors.Is(err, driver.ErrBadConn) {
		t.Error("any error is taken for a lost statement")
	}
}
