package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync/atomic"

	"gorm.io/gorm"

	"github.com/ginauth/ginauth/repository/internal/gormrepo"
)

// place is where the database lies. As long as a process has a file open, its
// content can be read and written after the file was deleted, moved or replaced:
// revoked keys would be served from it, and changes lost with it. So every
// statement first asks whether the path still leads to the file that was opened,
// and a commit asks before and after. Once it does not, all fail for good.
type place struct {
	path, logPath string
	file          os.FileInfo
	log           atomic.Pointer[os.FileInfo]
	gone          atomic.Bool
}

// errReplaced says that the path leads elsewhere.
var errReplaced = errors.New("the file was deleted, moved or replaced, or its write-ahead log was, while it was open; " +
	"restart every process that has it open. Restore a backup only while none has")

// uncertainError says that the file was replaced while a change was committed.
type uncertainError struct{ error }

// Unwrap makes errReplaced found.
func (e uncertainError) Unwrap() error { return e.error }

// newPlace notes which file the path leads to.
func newPlace(path string) (*place, error) {
	target, err := filepath.EvalSymlinks(path)
	if err != nil {
		return nil, err
	}
	info, err := os.Stat(target)
	return &place{path: path, logPath: target + "-wal", file: info}, err
}

// noteLog notes which file the write-ahead log is in, which is there from the
// first statement to when the last process closes the database.
func (p *place) noteLog() error {
	info, err := os.Stat(p.logPath)
	if err == nil {
		p.log.Store(&info)
	}
	return err
}

// check returns an error once the path leads elsewhere.
func (p *place) check() error {
	if p.gone.Load() {
		return errReplaced
	}
	err := isStill(p.file, p.path)
	if log := p.log.Load(); err == nil && log != nil {
		err = isStill(*log, p.logPath)
	}
	if errors.Is(err, errReplaced) {
		p.gone.Store(true)
	}
	return err
}

func isStill(file os.FileInfo, path string) error {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist), err == nil && !os.SameFile(info, file):
		return errReplaced
	case err != nil:
		return fmt.Errorf("looking whether the file was replaced: %w", err)
	}
	return nil
}

// pool is a pool whose statements look at the place first, and whose
// transactions wait for their lock as long as the context allows.
type pool struct {
	*sql.DB
	place *place
}

// GetDBConn implements gorm.GetDBConnector.
func (p pool) GetDBConn() (*sql.DB, error) { return p.DB, nil }

// PrepareContext implements gorm.ConnPool.
func (p pool) PrepareContext(ctx context.Context, query string) (*sql.Stmt, error) {
	if err := p.place.check(); err != nil {
		return nil, err
	}
	return p.DB.PrepareContext(ctx, query)
}

// ExecContext implements gorm.ConnPool.
func (p pool) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	if err := p.place.check(); err != nil {
		return nil, err
	}
	return p.DB.ExecContext(ctx, query, args...)
}

// QueryContext implements gorm.ConnPool.
func (p pool) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	if err := p.place.check(); err != nil {
		return nil, err
	}
	return p.DB.QueryContext(ctx, query, args...)
}

// readRow reads keys, and looks at the place first. Where a connection is free no context
// ends it, since it has one row to find by an index, and watching the context costs as
// much again.
func (p *place) readRow() gormrepo.ReadRow {
	prepared := &gormrepo.Prepared{}
	return func(ctx context.Context, pool *sql.DB, query string, value []byte, places ...any) error {
		if err := p.check(); err != nil {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if stats := pool.Stats(); stats.InUse < stats.MaxOpenConnections {
			ctx = context.WithoutCancel(ctx)
		}
		return prepared.ReadRow(ctx, pool, query, value, places...)
	}
}

// BeginTx implements gorm.ConnPoolBeginner.
func (p pool) BeginTx(ctx context.Context, options *sql.TxOptions) (gorm.ConnPool, error) {
	if err := p.place.check(); err != nil {
		return nil, err
	}
	var tx *sql.Tx
	err := retryBusy(ctx, func() (err error) {
		tx, err = p.DB.BeginTx(ctx, options)
		return err
	})
	if err != nil {
		return nil, err
	}
	return &transaction{tx, p.place}, nil
}

// transaction is acknowledged only if it was committed to the file that the path
// leads to.
type transaction struct {
	*sql.Tx
	place *place
}

// Commit implements gorm.TxCommitter.
func (t *transaction) Commit() error {
	if err := t.place.check(); err != nil {
		return errors.Join(err, t.Rollback())
	}
	if err := t.Tx.Commit(); err != nil {
		return err
	}
	if err := t.place.check(); err != nil {
		return uncertainError{err}
	}
	return nil
}
