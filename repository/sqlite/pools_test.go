package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"gorm.io/gorm"

	"github.com/ginauth/ginauth/repository"
	"github.com/ginauth/ginauth/repository/internal/gormrepo"
)

// pools opens the database as Open does, and shows what Open hides.
func pools(t *testing.T) gormrepo.Backend {
	t.Helper()
	path := filepath.Join(t.TempDir(), "test.db")
	open(t, path)
	backend, err := openPools(placeAt(t, path), 8)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(closePool(backend.Read), closePool(backend.Write), closePool(backend.Log)); err != nil {
			t.Error(err)
		}
	})
	return backend
}

func placeAt(t *testing.T, path string) *place {
	t.Helper()
	p, err := newPlace(path)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func sqlPool(t *testing.T, db *gorm.DB) *sql.DB {
	t.Helper()
	pool, err := db.DB()
	if err != nil {
		t.Fatal(err)
	}
	return pool
}

// Pragmas belong to a connection, so each one has to set them, not only the
// first of a pool. All connections are held at once to see them all.
func TestEveryConnectionIsSafe(t *testing.T) {
	backend := pools(t)
	for name, pool := range map[string]struct {
		db        *gorm.DB
		queryOnly string
		timeout   string
		min, max  int
	}{
		"write": {backend.Write, "0", "100", 1, 1},
		"read":  {backend.Read, "1", "5000", 8, 1000},
	} {
		db := sqlPool(t, pool.db)
		connections := db.Stats().MaxOpenConnections
		if connections < pool.min || connections > pool.max {
			t.Errorf("the %s pool has %d connections", name, connections)
		}
		for range connections {
			expectPragmas(t, name, connection(t, db), map[string]string{
				"journal_mode": "wal", "synchronous": "2", "foreign_keys": "1",
				"busy_timeout": pool.timeout, "query_only": pool.queryOnly,
				"secure_delete": "1", "trusted_schema": "0", "encoding": "UTF-8", "locking_mode": "normal",
			})
		}
	}
}

// connection holds one connection until the test ends.
func connection(t *testing.T, db *sql.DB) *sql.Conn {
	t.Helper()
	conn, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

func expectPragmas(t *testing.T, pool string, conn *sql.Conn, want map[string]string) {
	t.Helper()
	for pragma, value := range want {
		var got string
		if err := conn.QueryRowContext(t.Context(), "PRAGMA "+pragma).Scan(&got); err != nil {
			t.Fatal(err)
		}
		if got != value {
			t.Errorf("%s is %s on a connection of the %s pool, want %s", pragma, got, pool, value)
		}
	}
}

// A statement that were sent to the wrong pool would wait for SQLite's lock by
// polling, and sometimes fail; it is better that it always fails.
func TestReadPoolCannotWrite(t *testing.T) {
	db := sqlPool(t, pools(t).Read)
	for _, statement := range []string{
		"DELETE FROM ginauth_keys",
		"UPDATE ginauth_change_counter SET number = 0",
		"INSERT INTO ginauth_flushes (node, number) VALUES ('a', 1)",
		"DROP TABLE ginauth_flushes",
	} {
		if _, err := db.ExecContext(t.Context(), statement); err == nil {
			t.Errorf("the read pool runs %s", statement)
		}
	}
}

func TestForeignKeysHold(t *testing.T) {
	db := sqlPool(t, pools(t).Write)
	_, err := db.ExecContext(t.Context(), `INSERT INTO ginauth_keys (id, hash, hint, name, user_id,
		creation_date, expiration_date, revocation_date, version) VALUES ('k', 'h', '', '', 'nobody', 0, 0, 0, 1)`)
	if err == nil {
		t.Error("a key belongs to nobody")
	}
}

// lock takes SQLite's one write lock, as another process would.
func lock(t *testing.T, db *gorm.DB) *sql.Tx {
	t.Helper()
	tx, err := sqlPool(t, db).BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = tx.Rollback() })
	return tx
}

// The holder of the lock for writing stops other writers only, and those wait.
func TestWriterWaitsAndReaderDoesNot(t *testing.T) {
	path := filepath.Join(t.TempDir(), "test.db")
	repo := open(t, path)
	key := createKey(t, repo)
	tx := lock(t, otherPool(t, path))
	written := make(chan error, 1)
	go func() { written <- repo.CreateKey(t.Context(), attribution(), newKey(), repository.CreateKeyOptions{}) }()
	expectKey(t, repo, key)
	select {
	case err := <-written:
		t.Errorf("a write does not wait for the lock: %v", err)
	default:
	}
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	if err := <-written; err != nil {
		t.Errorf("a write that waited for the lock: %v", err)
	}
}

// otherPool opens a second pool for writing, which competes with the first.
func otherPool(t *testing.T, path string) *gorm.DB {
	t.Helper()
	backend, err := openPools(placeAt(t, path), 8)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = errors.Join(closePool(backend.Read), closePool(backend.Write), closePool(backend.Log)) })
	return backend.Write
}

// A caller's deadline counts while the write waits, both for another process
// and for another goroutine of this one.
func TestDeadlineEndsWaiting(t *testing.T) {
	path := filepath.Join(t.TempDir(), "test.db")
	repo := open(t, path)
	lock(t, otherPool(t, path))
	began := time.Now()
	for range 2 {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		err := repo.CreateKey(ctx, attribution(), newKey(), repository.CreateKeyOptions{})
		cancel()
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a write that waits too long returns %v", err)
		}
	}
	if waited := time.Since(began); waited >= busyTimeout {
		t.Errorf("two deadlines of 20 ms took %v", waited)
	}
	if count := countKeys(t, repo); count != 0 {
		t.Errorf("%d keys were created after their deadline", count)
	}
}

// SQLite does not wait by itself where it switches a file to write-ahead
// logging, since there two that wait could wait for each other. Open does, as
// long as its context allows, and so finds its way among others that start.
func TestOpenWaitsForItsTurn(t *testing.T) {
	path := filepath.Join(t.TempDir(), "test.db")
	reader := holdForReading(t, path)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if repo, err := Open(ctx, path); !errors.Is(err, context.DeadlineExceeded) || repo != nil {
		t.Errorf("a file that is held opens as %v with the error %v", repo, err)
	}
	if err := reader.Rollback(); err != nil {
		t.Fatal(err)
	}
	createKey(t, open(t, path))
}

// holdForReading makes a database without write-ahead logging and reads from
// it in a transaction that goes on.
func holdForReading(t *testing.T, path string) *sql.Tx {
	t.Helper()
	db, err := sql.Open(driverName, path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	if _, err := db.ExecContext(t.Context(), "CREATE TABLE theirs (id INTEGER)"); err != nil {
		t.Fatal(err)
	}
	tx, err := db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	var n int
	if err := tx.QueryRowContext(t.Context(), "SELECT COUNT(*) FROM theirs").Scan(&n); err != nil {
		t.Fatal(err)
	}
	return tx
}

// A key that waits for a connection is given up when its context ends.
func TestReadingAKeyWaitsNoLonger(t *testing.T) {
	path := filepath.Join(t.TempDir(), "test.db")
	open(t, path)
	place := placeAt(t, path)
	backend, err := openPools(place, 1)
	if err != nil {
		t.Fatal(err)
	}
	pool := sqlPool(t, backend.Read)
	held, err := pool.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		err := errors.Join(held.Close(), closePool(backend.Read), closePool(backend.Write), closePool(backend.Log))
		if err != nil {
			t.Error(err)
		}
	}()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	var n int
	if err := backend.ReadRow(ctx, pool, "SELECT length(?)", []byte("key"), &n); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("the error is %v", err)
	}
}
