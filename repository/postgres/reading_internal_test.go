package postgres

import (
	"bytes"
	"context"
	"database/sql"
	"io"
	"net"
	"os"
	"sync/atomic"
	"testing"

	"github.com/ginauth/ginauth/internal/test/testdatabase"
)

// breaking is a connection that breaks when a query is to be sent, and not when it is
// looked whether it is alive.
type breaking struct {
	net.Conn
	left *atomic.Int32
}

// Write implements net.Conn.
func (b breaking) Write(p []byte) (int, error) {
	if !bytes.Contains(p, []byte("ping")) && b.left.Add(-1) >= 0 {
		return 0, io.ErrClosedPipe
	}
	return b.Conn.Write(p)
}

// A connection that breaks before anything was asked costs no answer; the key is read
// over another one.
func TestAConnectionBreaksBeforeAQuery(t *testing.T) {
	testdatabase.New(t, "postgres") // skips the test where there is no server
	config, mode, err := parse(os.Getenv("GINAUTH_TEST_POSTGRES_URI"))
	if err != nil {
		t.Fatal(err)
	}
	found, err := look(t.Context(), config, mode)
	if err != nil {
		t.Fatal(err)
	}
	var left atomic.Int32
	dial := found.config.DialFunc
	found.config.DialFunc = func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := dial(ctx, network, address)
		return breaking{conn, &left}, err
	}
	pool := sql.OpenDB(newConnector(found.config))
	defer pool.Close()
	for range 3 {
		var n int64
		if err := readRow(t.Context(), pool, "SELECT length($1::bytea)::bigint", []byte("key"), &n); err != nil || n != 3 {
			t.Fatalf("the answer is %d (%v)", n, err)
		}
		left.Store(1)
	}
}
