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
	"strings"

	"gorm.io/driver/sqlite"
	"gorm.io/gorm"

	"github.com/ginauth/ginauth/repository"
	"github.com/ginauth/ginauth/repository/internal/gormrepo"
)

// Open opens the SQLite file at path, creates it with mode 0600 if it is
// missing, and brings its schema up to date. The folder must exist, and the
// file system must be local, since SQLite's locks and its shared memory do not
// work over a network.
//
// A file that others than this process's user and root may write, or whose
// folder they may, is refused; see repository.AllowSharedFile. Once the file is
// deleted, moved or replaced, every call fails until it is opened anew.
//
// Commits are durable when they are acknowledged (WAL, synchronous=FULL).
//
// Of repository.MaxConnections one writes, one follows the change log, and the
// others read, at least one.
func Open(ctx context.Context, path string, options ...repository.Option) (repository.Repository, error) {
	chosen, err := repository.NewOptions(options...)
	if err == nil {
		err = checkName(path)
	}
	var repo repository.Repository
	if err == nil {
		repo, err = openChecked(ctx, path, chosen)
	}
	if err != nil {
		return nil, fmt.Errorf("opening sqlite database %q: %w", path, err)
	}
	return repo, nil
}

// openChecked makes the path absolute, since connections are opened later
// too, when the working directory may be another. The folder is looked at
// first: where only this process's user and root may write, nobody exchanges
// the file between the looks at it, before it is opened and after.
func openChecked(ctx context.Context, path string, chosen repository.Options) (repository.Repository, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	access := &rights{allowShared: chosen.AllowSharedFile}
	if err := access.checkFolders(path); err != nil {
		return nil, err
	}
	if err := ensureFile(path); err != nil {
		return nil, explainFolder(path, err)
	}
	if err := access.checkFiles(path); err != nil {
		return nil, err
	}
	place, err := newPlace(path)
	if err != nil {
		return nil, err
	}
	repo, err := openRepository(ctx, place, readers(chosen))
	if err != nil {
		return nil, explainFolder(path, err)
	}
	if err := errors.Join(place.noteLog(), place.check(), access.checkFiles(path)); err != nil {
		return nil, errors.Join(err, repo.Close())
	}
	repo.warnings = access.summary()
	return repo, nil
}

func openRepository(ctx context.Context, place *place, readers int) (repo erasing, err error) {
	var backend gormrepo.Backend
	err = retryBusy(ctx, func() (err error) {
		backend, err = openPools(place, readers)
		return err
	})
	if err != nil {
		return repo, err
	}
	repo.write = backend.Write
	repo.Repository, err = gormrepo.New(ctx, backend)
	if err != nil {
		return repo, err
	}
	if err := tryToWrite(ctx, backend.Write); err != nil {
		return repo, errors.Join(err, repo.Close())
	}
	return repo, nil
}

// tryToWrite finds out at the start whether the file can be written: SQLite opens one that
// cannot be, and nothing need be written where the schema is current. A file that is
// locked is one that can be written: another writes it.
func tryToWrite(ctx context.Context, db *gorm.DB) error {
	err := db.WithContext(ctx).Exec("UPDATE ginauth_migrations SET number = number WHERE number < 0").Error
	if err != nil && !isBusy(err) {
		return fmt.Errorf("the file cannot be written, or one beside it (-wal, -shm): %w", err)
	}
	return nil
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
	info, err := os.Stat(path)
	switch {
	case err == nil && info.IsDir():
		return errors.New("it is a directory")
	case errors.Is(err, fs.ErrNotExist):
		return createFile(path)
	case err != nil:
		return fmt.Errorf("the file cannot be opened: %w", err)
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
		return fmt.Errorf("the folder does not exist: %w", err)
	}
	if err != nil {
		return fmt.Errorf("the file cannot be created: %w", err)
	}
	return file.Close()
}

// openPools opens one connection for writing, where writers queue in order
// instead of polling for SQLite's one write lock, and several for reading,
// one of them for the change log, which never wait for it.
func openPools(place *place, readers int) (gormrepo.Backend, error) {
	write, err := openPool(place, "?_txlock=immediate", session(busyStep, false), 1)
	if err != nil {
		return gormrepo.Backend{}, err
	}
	read, err := openPool(place, "", session(busyTimeout, true), readers)
	if err != nil {
		return gormrepo.Backend{}, errors.Join(err, closePool(write))
	}
	log, err := openPool(place, "", session(busyTimeout, true), 1)
	if err != nil {
		return gormrepo.Backend{}, errors.Join(err, closePool(write), closePool(read))
	}
	return gormrepo.Backend{
		Read: read, Write: write, Log: log, ReadRow: place.readRow(),
		Clock:             "SELECT CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)",
		IsUniqueViolation: isUniqueViolation, IsUndone: isUndone, Migrate: migrate,
	}, nil
}

// migrate needs no lock beside the one that every transaction here begins with.
func migrate(db *gorm.DB, fn func(tx *gorm.DB) error) error { return db.Transaction(fn) }

// openPool opens a pool whose connections have the session. Transactions of one
// that writes begin by taking the lock for writing, as the option says.
func openPool(place *place, option string, session []setting, connections int) (*gorm.DB, error) {
	named, err := sql.Open(driverName, "") // which opens nothing
	if err != nil {
		return nil, err
	}
	opened := sql.OpenDB(connector{named.Driver(), dsn(place.path) + option, session})
	opened.SetMaxOpenConns(connections)
	opened.SetMaxIdleConns(connections)
	db, err := gorm.Open(sqlite.New(sqlite.Config{Conn: pool{opened, place}}), gormrepo.Config())
	if err != nil {
		return nil, errors.Join(err, opened.Close(), named.Close())
	}
	return db, named.Close()
}

// dsn writes the data source name. The path is a URI's, so that no character in
// it is taken for an option.
func dsn(path string) string {
	path = "/" + strings.TrimPrefix(filepath.ToSlash(path), "/")
	return "file://" + (&url.URL{Path: path}).EscapedPath()
}

func closePool(db *gorm.DB) error {
	pool, err := db.DB()
	if err != nil {
		return err
	}
	return pool.Close()
}
