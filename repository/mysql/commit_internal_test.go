package mysql

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	mysqldriver "github.com/go-sql-driver/mysql"

	"github.com/ginauth/ginauth/internal/test/testdatabase"
	"github.com/ginauth/ginauth/repository"
	"github.com/ginauth/ginauth/repository/internal/gormrepo"
)

// failingCommits is a connector on whose connections the next COMMITs fail with an
// error of the server, which no server can be made to answer at will.
type failingCommits struct {
	driver.Connector
	number, left atomic.Int64
}

// Connect implements driver.Connector.
func (f *failingCommits) Connect(ctx context.Context) (driver.Conn, error) {
	opened, err := f.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return failingConn{opened.(driverConn), f}, nil
}

type failingConn struct {
	driverConn
	commits *failingCommits
}

// ExecContext implements driver.ExecerContext. A COMMIT that fails is rolled back.
func (c failingConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	if strings.HasPrefix(query, "COMMIT") && c.commits.left.Add(-1) >= 0 {
		_, _ = c.driverConn.ExecContext(ctx, "ROLLBACK", nil)
		return nil, &mysqldriver.MySQLError{Number: uint16(c.commits.number.Load()), Message: "made up"}
	}
	return c.driverConn.ExecContext(ctx, query, args)
}

// The error of a COMMIT decides what is known: rolled back for another
// transaction's sake, and repeated; without room, and refused; anything else may
// have been committed.
func TestErrorsAtCommit(t *testing.T) {
	t.Parallel()
	config, err := parse(testdatabase.New(t, "mysql").String())
	if err != nil {
		t.Fatal(err)
	}
	plain, err := mysqldriver.NewConnector(config)
	if err != nil {
		t.Fatal(err)
	}
	found, err := examine(t.Context(), plain)
	if err != nil {
		t.Fatal(err)
	}
	failing := &failingCommits{Connector: plain}
	repo, err := gormrepo.OpenServer(t.Context(), gormrepo.Server{Connector: connector{failing, found}, Dialector: dialector, Backend: newBackend(found)})
	if err != nil {
		t.Fatal(err)
	}
	defer repo.Close()
	const repeated, refused, unknown = "repeated", "refused", "unknown"
	for number, want := range map[int64]string{
		1213: repeated, 1020: repeated,
		1021: refused, 1041: refused, 1114: refused,
		1180: unknown, 1047: unknown, 1205: unknown, 1412: unknown, 1615: unknown, 2013: unknown,
	} {
		t.Run(fmt.Sprint(number), func(t *testing.T) {
			key := newKey()
			failing.number.Store(number)
			failing.left.Store(2)
			err := repo.CreateKey(t.Context(), attribution(), key, repository.CreateKeyOptions{})
			failing.left.Store(0)
			isUnknown := errors.Is(err, repository.ErrOutcomeUnknown)
			if (err == nil) != (want == repeated) || isUnknown != (want == unknown) {
				t.Errorf("it is told as %v, want %s", err, want)
			}
			_, err = repo.KeyByHash(t.Context(), key.Hash)
			if (err == nil) != (want == repeated) {
				t.Errorf("the key is found: %v", err)
			}
		})
	}
}
