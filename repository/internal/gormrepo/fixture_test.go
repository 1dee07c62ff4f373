package gormrepo_test

import (
	"context"
	"database/sql"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"go.uber.org/goleak"
	"gorm.io/driver/sqlite"
	"gorm.io/gorm"

	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/repository"
	"github.com/ginauth/ginauth/repository/internal/gormrepo"
	ginauthsqlite "github.com/ginauth/ginauth/repository/sqlite"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// open opens a database through a real backend until the test ends.
func open(t *testing.T, path string) repository.Repository {
	t.Helper()
	repo, err := ginauthsqlite.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closed(t, repo) })
	return repo
}

func closed(t *testing.T, repo repository.Repository) {
	t.Helper()
	if err := repo.Close(); err != nil {
		t.Error(err)
	}
}

// database is a file that is read by a repository and changed behind its back.
type database struct {
	*testing.T
	repo repository.Repository
	sql  *sql.DB
}

func newDatabase(t *testing.T) database {
	t.Helper()
	path := filepath.Join(t.TempDir(), "test.db")
	return database{t, open(t, path), openSQL(t, path)}
}

// openSQL opens the file without ginauth, with the driver that is linked. The
// name "sqlite3" is taken in both builds, but without cgo it does nothing.
func openSQL(t *testing.T, path string) *sql.DB {
	t.Helper()
	driver := "sqlite3"
	if slices.Contains(sql.Drivers(), "sqlite") {
		driver = "sqlite"
	}
	db, err := sql.Open(driver, "file:"+path+"?_busy_timeout=5000&_foreign_keys=true&_txlock=immediate")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func (d database) exec(statement string, args ...any) {
	d.Helper()
	if _, err := d.sql.ExecContext(d.Context(), statement, args...); err != nil {
		d.Fatal(err)
	}
}

func (d database) count(query string, args ...any) int {
	d.Helper()
	var n int
	if err := d.sql.QueryRowContext(d.Context(), query, args...).Scan(&n); err != nil {
		d.Fatal(err)
	}
	return n
}

func (d database) createKey() models.APIKey {
	d.Helper()
	key := newKey()
	if err := d.repo.CreateKey(d.Context(), attribution(), key, repository.CreateKeyOptions{}); err != nil {
		d.Fatal(err)
	}
	return key
}

func attribution() repository.Attribution {
	return repository.Attribution{Actor: "admin", At: time.Date(2026, time.July, 1, 12, 0, 0, 0, time.UTC)}
}

func newKey() models.APIKey {
	id := uuid.Must(uuid.NewV7())
	return models.APIKey{ID: id.String(), Hash: append(id[:], id[:]...), Name: "billing"}
}

func newUser(name string) models.User {
	return models.User{ID: uuid.NewString(), Username: name, CanonicalUsername: name, CanonicalEmail: name}
}

// interferingPool is a connection pool whose commits a test can interfere
// with, as a network does.
type interferingPool struct {
	*sql.DB
	commit func(ctx context.Context, tx *sql.Tx) error
}

type interferingTx struct {
	*sql.Tx
	end func() error
}

// BeginTx implements gorm.ConnPoolBeginner.
func (p *interferingPool) BeginTx(ctx context.Context, options *sql.TxOptions) (gorm.ConnPool, error) {
	tx, err := p.DB.BeginTx(ctx, options)
	if err != nil {
		return nil, err
	}
	return &interferingTx{tx, func() error { return p.commit(ctx, tx) }}, nil
}

// GetDBConn implements gorm.GetDBConnector.
func (p *interferingPool) GetDBConn() (*sql.DB, error) { return p.DB, nil }

// Commit implements gorm.TxCommitter.
func (tx *interferingTx) Commit() error { return tx.end() }

func plainCommit(_ context.Context, tx *sql.Tx) error { return tx.Commit() }

// newInterfered opens a repository over a pool with whose commits the test
// interferes.
func inTransaction(db *gorm.DB, fn func(tx *gorm.DB) error) error { return db.Transaction(fn) }

func newInterfered(t *testing.T) (database, *interferingPool) {
	t.Helper()
	pool := &interferingPool{openSQL(t, filepath.Join(t.TempDir(), "test.db")), plainCommit}
	pool.SetMaxOpenConns(1)
	db, err := gorm.Open(sqlite.New(sqlite.Config{Conn: pool}), gormrepo.Config())
	if err != nil {
		t.Fatal(err)
	}
	repo, err := gormrepo.New(t.Context(), gormrepo.Backend{
		Read: db, Write: db, Log: db, IsUniqueViolation: isUniqueViolation, Migrate: inTransaction,
		IsRolledBack: func(err error) bool { return errors.Is(err, errRolledBack) },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closed(t, repo) })
	return database{t, repo, pool.DB}, pool
}

// isUniqueViolation reads SQLite's message, whichever driver reports it.
func isUniqueViolation(err error) bool {
	return err != nil && strings.Contains(err.Error(), "UNIQUE constraint failed: ")
}

func expectNoOpen(t *testing.T, path string) {
	t.Helper()
	if repo, err := ginauthsqlite.Open(t.Context(), path); err == nil {
		closed(t, repo)
		t.Fatal("the database is opened")
	}
}
