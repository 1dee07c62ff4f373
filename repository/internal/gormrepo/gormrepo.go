// Package gormrepo implements repository.Repository over GORM, once for all
// SQL backends. A backend package opens its pools and calls New.
//
// Each change to a key or a user runs in one transaction that begins by moving
// the one counter of the change log. The row's lock puts all changes in a
// line, on every node: the order of numbers is the order of commits, and what
// a change reads after that cannot be changed by another until it commits.
package gormrepo

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"sync/atomic"
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
	// IsUniqueViolation reports whether an error of the driver says that a
	// unique value is taken. It goes by the error's number.
	IsUniqueViolation func(err error) bool
	// Migrate runs fn while no other process migrates the same database, in a
	// transaction where the database can roll a change of the schema back.
	Migrate func(db *gorm.DB, fn func(tx *gorm.DB) error) error
	// Announce, if set, runs in each transaction that appends to the change log.
	Announce func(tx *gorm.DB) error
	// MayWrite is an expression in SQL that says whether the server may write.
	// Every statement that reads keys, users or the change log returns it, see
	// ask. Empty where nothing but one file is read.
	MayWrite string
	// ReadRow reads keys on Read, in the quickest way that the driver knows and that is
	// safe behind what is between the process and the server; Prepared if unset.
	ReadRow ReadRow
	// IsRolledBack reports whether an error of the driver says that a statement
	// or transaction had no effect and may be repeated as it was.
	IsRolledBack func(err error) bool
	// IsLockTimeout reports whether an error of the driver says that a statement
	// alone was rolled back, since it has waited too long for a lock. A transaction
	// may be repeated after its ROLLBACK; a reading has no lock to wait for.
	IsLockTimeout func(err error) bool
	// IsUndone reports whether an error of COMMIT says that nothing was committed,
	// for a reason that lasts, such as a disk that is full.
	IsUndone func(err error) bool
	// IsReadOnly reports whether an error of the driver says that the server
	// takes no writes.
	IsReadOnly func(err error) bool
	// IsRefusal reports whether an error of the driver says that the server
	// takes no further connection.
	IsRefusal func(err error) bool
	// Advise, if set, returns what settings of the server put at risk.
	Advise func(ctx context.Context, db *gorm.DB) ([]string, error)
	// pools are those of Read, Write and Log, if OpenServer has made them.
	pools *pools
}

// alwaysWritable is what MayWrite says where nothing but one file is read.
const alwaysWritable = "1 = 1"

// withDefaults returns the backend with answers to all questions.
func (b Backend) withDefaults() Backend {
	never := func(error) bool { return false }
	for _, question := range []*func(error) bool{&b.IsRolledBack, &b.IsLockTimeout, &b.IsUndone, &b.IsReadOnly, &b.IsRefusal} {
		if *question == nil {
			*question = never
		}
	}
	b.MayWrite = cmp.Or(b.MayWrite, alwaysWritable)
	b.pools = cmp.Or(b.pools, &pools{})
	if b.ReadRow == nil {
		b.ReadRow = (&Prepared{}).ReadRow
	}
	return b
}

// Repository is the shared implementation, one type for each part of the contract.
type Repository struct {
	*database
	keyStore
	userStore
	usageStore
	changeLog
}

// The parts share the database.
type (
	keyStore   struct{ *database }
	userStore  struct{ *database }
	usageStore struct{ *database }
	changeLog  struct{ *database }
)

// database is what all parts need: the pools, transactions that are repeated, and
// changes that are logged.
type database struct {
	backend   Backend
	keyByHash string // a keyQuery
	warnings  []string
	version   string
	budget    listBudget
	queue     queue
}

var (
	_ repository.Repository = (*Repository)(nil)
	_ repository.Advisor    = (*Repository)(nil)
	_ repository.Describer  = (*Repository)(nil)
)

// Config is how every backend opens GORM: no transaction around a single
// statement; no ping, since GORM's would wait for ever; columns by their names,
// see columns; and no logger, since GORM's prints values (hashes, addresses) and
// what it would say is in the returned errors.
func Config() *gorm.Config {
	registerSerializers()
	return &gorm.Config{SkipDefaultTransaction: true, DisableAutomaticPing: true, QueryFields: true, Logger: logger.Discard}
}

// New brings the schema up to date and returns the repository, which owns the
// pools from then on. If it fails, the pools are closed.
func New(ctx context.Context, backend Backend) (*Repository, error) {
	d := &database{backend: backend.withDefaults(), budget: defaultBudget(), queue: newQueue()}
	d.keyByHash = keyQuery(backend.Read, d.backend.MayWrite, "hash")
	r := &Repository{d, keyStore{d}, userStore{d}, usageStore{d}, changeLog{d}}
	err := r.adopt(backend.Read, backend.Write, backend.Log)
	if err == nil {
		err = r.start(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, r.Close())
	}
	return r, nil
}

// start brings the schema up to date and keeps what operators should know.
func (r *database) start(ctx context.Context) error {
	err := r.retry(ctx, func() (err error) {
		r.warnings, err = migrate(ctx, r.backend)
		return err
	})
	if err == nil {
		r.version, err = askVersion(r.backend.Read.WithContext(ctx))
	}
	if err != nil || r.backend.Advise == nil {
		return err
	}
	advice, err := r.backend.Advise(ctx, r.backend.Read.WithContext(ctx))
	r.warnings = append(r.warnings, advice...)
	return err
}

// adopt takes the pools over, each once.
func (r *database) adopt(dbs ...*gorm.DB) error {
	for _, db := range dbs {
		pool, err := db.DB()
		if err != nil {
			return err
		}
		r.backend.pools.add(pool, &atomic.Int64{})
	}
	return nil
}

// Warnings implements repository.Advisor.
func (r *database) Warnings() []string { return r.warnings }

// Describe implements repository.Describer.
func (r *database) Describe() repository.Description {
	return repository.Description{Database: r.backend.Read.Name(), Version: r.version, Schema: len(migrations())}
}

func askVersion(db *gorm.DB) (version string, err error) {
	function := "version()"
	switch db.Name() {
	case "sqlite":
		function = "sqlite_version()"
	case "postgres":
		function = "current_setting('server_version')"
	}
	err = db.Raw("SELECT " + function).Scan(&version).Error
	return version, err
}

// Readers implements repository.Sized.
func (r *database) Readers() int {
	pool, err := r.backend.Read.DB()
	if err != nil || pool.Stats().MaxOpenConnections == 0 { // no bound
		return math.MaxInt
	}
	return pool.Stats().MaxOpenConnections
}

// Close implements repository.Repository.
func (r *database) Close() error {
	return errors.Join(closePool(r.backend.Read), closePool(r.backend.Write), closePool(r.backend.Log))
}

func closePool(db *gorm.DB) error {
	pool, err := db.DB()
	if err != nil {
		return err
	}
	return pool.Close()
}

// transaction runs fn in a transaction on the write pool, and all of it again
// as retry says. So fn must begin anew each time that it is run.
func (r *database) transaction(ctx context.Context, fn func(tx *gorm.DB) error) error {
	return r.retry(ctx, func() error { return r.transactOnce(ctx, fn) })
}

// transactOnce runs one transaction. Once fn is through, an error can only come
// from the commit, whose outcome is then unknown; except where the server says
// that it has rolled back, or where database/sql has done so already, which it
// does as soon as the context ends, and says no more than that the transaction
// is done.
func (r *database) transactOnce(ctx context.Context, fn func(tx *gorm.DB) error) error {
	committing := false
	err := r.backend.Write.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		err := fn(tx)
		committing = err == nil
		if err != nil && r.backend.IsLockTimeout(err) {
			return repeatable{err}
		}
		return err
	})
	failed := errors.Is(err, sql.ErrTxDone) || r.backend.IsRolledBack(err) || r.backend.IsUndone(err)
	if err != nil && committing && !failed {
		return fmt.Errorf("%w: %w", repository.ErrOutcomeUnknown, err)
	}
	return err
}

// wrapEnd says that it was the context that ended, which drivers do not all
// say. A nil error stays nil.
func wrapEnd(ctx context.Context, err error) error {
	if ended := contextEnd(ctx); err != nil && ended != nil {
		return fmt.Errorf("%w: %w", ended, err)
	}
	return err
}

// contextEnd returns why the context has ended, nil if it has not. A deadline may be
// over a moment before the context says so.
func contextEnd(ctx context.Context) error {
	if deadline, ok := ctx.Deadline(); ok && !time.Now().Before(deadline) {
		return context.DeadlineExceeded
	}
	return ctx.Err()
}
