package sqlite

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
)

// setting is a pragma of a connection, the value that ginauth relies on, and
// what to do about a file or a driver that does not have it.
type setting struct{ pragma, value, remedy string }

// session is what every connection is set to, whatever the file and the driver
// have by default. Each is read back afterwards, since SQLite reports no error
// where it cannot set one.
func session(timeout time.Duration, queryOnly bool) []setting {
	const byDriver = "the SQLite library that is linked does not know it; use one that was built with the usual options"
	only := "0"
	if queryOnly {
		only = "1"
	}
	return []setting{
		{"busy_timeout", strconv.FormatInt(timeout.Milliseconds(), 10), byDriver},
		{"encoding", "'UTF-8'", "text would be compared in another order; copy the content into a new file: sqlite3 old.db .dump | sqlite3 new.db"},
		{"locking_mode", "normal", byDriver}, // or other processes are shut out
		{"journal_mode", "wal", "write-ahead logging needs a local file system with shared memory, and a file that no other program holds in another mode"},
		{"synchronous", "2", byDriver}, // FULL: a commit is on disk when it is acknowledged
		{"fullfsync", "1", byDriver},   // as far as the disk, on macOS
		{"foreign_keys", "1", byDriver},
		{"secure_delete", "1", byDriver},  // what is deleted is overwritten
		{"trusted_schema", "0", byDriver}, // the file cannot call functions of the application
		{"query_only", only, byDriver},
	}
}

// connector opens connections that have their session.
type connector struct {
	driver  driver.Driver
	dsn     string
	session []setting
}

// Driver implements driver.Connector.
func (c connector) Driver() driver.Driver { return c.driver }

// Connect implements driver.Connector.
func (c connector) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := c.driver.Open(c.dsn)
	if err != nil {
		return nil, err
	}
	for _, s := range c.session {
		if err := s.enforce(ctx, conn); err != nil {
			return nil, errors.Join(err, conn.Close())
		}
	}
	return conn, nil
}

func (s setting) enforce(ctx context.Context, conn driver.Conn) error {
	if _, err := pragma(ctx, conn, s.pragma+" = "+s.value); err != nil {
		return fmt.Errorf("setting %s: %w", s.pragma, err)
	}
	got, err := pragma(ctx, conn, s.pragma)
	if err != nil {
		return fmt.Errorf("reading %s: %w", s.pragma, err)
	}
	if want := strings.Trim(s.value, "'"); !strings.EqualFold(got, want) {
		return fmt.Errorf("%s is %q and cannot be set to %s: %s", s.pragma, got, want, s.remedy)
	}
	return nil
}

// pragma returns the first value that a pragma answers, if it answers any.
func pragma(ctx context.Context, conn driver.Conn, text string) (value string, err error) {
	rows, err := conn.(driver.QueryerContext).QueryContext(ctx, "PRAGMA "+text, nil)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	values := make([]driver.Value, len(rows.Columns()))
	if err := rows.Next(values); err != nil || len(values) == 0 {
		if errors.Is(err, io.EOF) {
			err = nil
		}
		return "", err
	}
	if text, ok := values[0].([]byte); ok {
		return string(text), nil
	}
	return fmt.Sprint(values[0]), nil
}
