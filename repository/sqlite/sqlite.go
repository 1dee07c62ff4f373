// Package sqlite keeps keys in one SQLite file, which several processes on one
// host may share. It works with and without cgo: with it over
// github.com/mattn/go-sqlite3, without it over modernc.org/sqlite.
package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"

	"gorm.io/driver/sqlite"
	"gorm.io/gorm"

	"github.com/ginauth/ginauth/internal/gormrepo"
	"github.com/ginauth/ginauth/repository"
)

// Open opens the SQLite file at path, creates it with mode 0600 if it is
// missing, and brings its schema up to date. The folder must exist, and the
// file system must be local, since SQLite's locks and its shared memory do not
// work over a network.
//
// Commits are durable when they are acknowledged (WAL, synchronous=FULL).
//
// Of repository.MaxConnections one writes, one follows the change log, and the
// others read, at least one.
func Open(ctx context.Context, path string, options ...repository.Option) (repository.Repository, error) {
	chosen, err := repository.OptionsOf(options...)
	if err != nil {
		return nil, fmt.Errorf("opening sqlite database %q: %w", path, err)
	}
	if err := ensureFile(path); err != nil {
		return nil, err
	}
	repo, err := openRepository(ctx, path, readers(chosen))
	if err != nil {
		return nil, fmt.Errorf("opening sqlite database %q: %w", path, err)
	}
	return repo, nil
}

// openRepository makes the path absolute, since connections are opened later
// too, when the working directory may be another.
func openRepository(ctx context.Context, path string, readers int) (repository.Repository, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	var backend gormrepo.Backend
	err = retryBusy(ctx, func() (err error) {
		backend, err = openPools(path, readers)
		return err
	})
	if err != nil {
		return nil, err
	}
	repo, err := gormrepo.New(ctx, backend)
	if err != nil {
		return nil, err
	}
	return erasing{repo, backend.Write}, nil
}

// readers is how many connections read.
func readers(chosen repository.Options) int {
	if chosen.MaxConnections == 0 {
		return max(8, runtime.GOMAXPROCS(0))
	}
	return max(1, chosen.MaxConnections-2)
}

// ensureFile creates the file before SQLite does, which would leave its mode
// to the umask. SQLite gives its companions (-wal, -shm) the file's mode.
//
// A file that is there is not opened: POSIX drops all locks of a process on a
// file when any of its descriptors is closed, so that would take SQLite's lock
// from another repository of this process.
func ensureFile(path string) error {
	if path == "" {
		return errors.New("the path of the sqlite database is empty")
	}
	info, err := os.Stat(path)
	switch {
	case err == nil && info.IsDir():
		return fmt.Errorf("the sqlite database %q is a directory", path)
	case errors.Is(err, fs.ErrNotExist):
		return createFile(path)
	case err != nil:
		return fmt.Errorf("the sqlite database %q cannot be opened: %w", path, err)
	}
	return nil
}

func createFile(path string) error {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		if _, err := os.Stat(path); err == nil {
			return nil // another opened it meanwhile
		}
		file, err = os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600) // a link to what is missing
	}
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("the folder of the sqlite database %q does not exist: %w", path, err)
	}
	if err != nil {
		return fmt.Errorf("the sqlite database %q cannot be created: %w", path, err)
	}
	return file.Close()
}

// openPools opens one connection for writing, where writers queue in order
// instead of polling for SQLite's one write lock, and several for reading,
// one of them for the change log, which never wait for it.
func openPools(path string, readers int) (gormrepo.Backend, error) {
	write, err := openPool(dsn(path, busyStep, "_txlock", "immediate"), 1)
	if err != nil {
		return gormrepo.Backend{}, err
	}
	read, err := openPool(dsn(path, busyTimeout, "_query_only", "true"), readers)
	if err != nil {
		return gormrepo.Backend{}, errors.Join(err, closePool(write))
	}
	log, err := openPool(dsn(path, busyTimeout, "_query_only", "true"), 1)
	if err != nil {
		return gormrepo.Backend{}, errors.Join(err, closePool(write), closePool(read))
	}
	return gormrepo.Backend{
		Read: read, Write: write, Log: log,
		Clock:             "SELECT CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)",
		IsUniqueViolation: isUniqueViolation, Migrate: migrate,
	}, nil
}

// migrate needs no lock beside the one that every transaction here begins with.
func migrate(db *gorm.DB, fn func(tx *gorm.DB) error) error { return db.Transaction(fn) }

func openPool(dsn string, connections int) (*gorm.DB, error) {
	pool, err := sql.Open(driverName, dsn)
	if err != nil {
		return nil, err
	}
	pool.SetMaxOpenConns(connections)
	pool.SetMaxIdleConns(connections)
	db, err := gorm.Open(sqlite.New(sqlite.Config{Conn: patientPool{pool}}), gormrepo.Config())
	if err != nil {
		return nil, errors.Join(err, pool.Close())
	}
	return db, nil
}

// dsn writes the data source name, in the dialect that both drivers read. The
// path is a URI's, so that no character in it is taken for an option. What is
// deleted is overwritten, which each driver is told in its own way.
func dsn(path string, timeout time.Duration, option, value string) string {
	options := url.Values{
		"_busy_timeout":  {strconv.FormatInt(timeout.Milliseconds(), 10)},
		"_journal_mode":  {"WAL"},
		"_synchronous":   {"FULL"},
		"_foreign_keys":  {"true"},
		"_secure_delete": {"true"},
		"_pragma":        {"secure_delete(true)"},
		option:           {value},
	}
	path = "/" + strings.TrimPrefix(filepath.ToSlash(path), "/")
	return "file://" + (&url.URL{Path: path}).EscapedPath() + "?" + options.Encode()
}

func closePool(db *gorm.DB) error {
	pool, err := db.DB()
	if err != nil {
		return err
	}
	return pool.Close()
}
