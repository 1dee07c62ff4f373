// Package gormrepo implements repository.Repository over GORM, once for all
// SQL backends. A backend package opens its pools and calls New.
//
// Each change to a key or a user runs in one transaction that begins by moving
// the one counter of the change log. The row's lock puts all changes in a
// line, on every node: the order of numbers is the order of commits, and what
// a change reads after that cannot be changed by another until it commits.
package gormrepo

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/logger"

	"github.com/ginauth/ginauth/repository"
)

// Backend is what a driver package brings.
type Backend struct {
	// Read, Write and Log may be one pool. Transactions run on Write; Log is for
	// following the change log, which nothing else may hold up.
	Read, Write, Log *gorm.DB
	// Clock is a query for the database's time in milliseconds since 1970.
	Clock string
	// UniqueViolation reports whether an error of the driver says that a
	// unique value is taken, and returns the text that names the column.
	UniqueViolation func(err error) (column string, ok bool)
	// Migrate runs fn while no other process migrates the same database, in a
	// transaction where the database can roll a change of the schema back.
	Migrate func(db *gorm.DB, fn func(tx *gorm.DB) error) error
	// Announce, if set, runs in each transaction that appends to the change log.
	Announce func(tx *gorm.DB) error
	// isReadOnly is a query for each reading of the change log, see
	// Server.MayTurn; empty for none.
	isReadOnly string
}

// Repository is the shared implementation.
type Repository struct{ backend Backend }

var _ repository.Repository = (*Repository)(nil)

// Config is how every backend opens GORM: no transaction around a single
// statement; no ping, since GORM's would wait for ever; and no logger, since
// GORM's prints values (hashes, addresses) and what it would say is in the
// returned errors.
func Config() *gorm.Config {
	registerSerializers()
	return &gorm.Config{SkipDefaultTransaction: true, DisableAutomaticPing: true, Logger: logger.Discard}
}

// New brings the schema up to date and returns the repository, which owns the
// pools from then on. If it fails, the pools are closed.
func New(ctx context.Context, backend Backend) (*Repository, error) {
	r := &Repository{backend}
	if err := migrate(ctx, backend); err != nil {
		return nil, errors.Join(err, r.Close())
	}
	return r, nil
}

// Close implements repository.Repository.
func (r *Repository) Close() error {
	return errors.Join(closePool(r.backend.Read), closePool(r.backend.Write), closePool(r.backend.Log))
}

func closePool(db *gorm.DB) error {
	pool, err := db.DB()
	if err != nil {
		return err
	}
	return pool.Close()
}

// transaction runs fn in a transaction on the write pool. Once fn is through,
// an error can only come from the commit, whose outcome is then unknown;
// except where database/sql has rolled back already, which it does as soon as
// the context ends, and says no more than that the transaction is done.
func (r *Repository) transaction(ctx context.Context, fn func(tx *gorm.DB) error) error {
	committing := false
	err := r.backend.Write.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		err := fn(tx)
		committing = err == nil
		return err
	})
	if err != nil && committing && !errors.Is(err, sql.ErrTxDone) {
		return fmt.Errorf("%w: %w", repository.ErrOutcomeUnknown, wrapEnd(ctx, err))
	}
	return wrapEnd(ctx, err)
}

// wrapEnd says that it was the context that ended, which drivers do not all
// say. A nil error stays nil.
func wrapEnd(ctx context.Context, err error) error {
	if ended := endOf(ctx); err != nil && ended != nil {
		return fmt.Errorf("%w: %w", ended, err)
	}
	return err
}

// endOf returns why the context has ended, nil if it has not. A deadline may be
// over a moment before the context says so.
func endOf(ctx context.Context) error {
	if deadline, ok := ctx.Deadline(); ok && !time.Now().Before(deadline) {
		return context.DeadlineExceeded
	}
	return ctx.Err()
}
