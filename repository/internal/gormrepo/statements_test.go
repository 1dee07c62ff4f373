package gormrepo_test

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"gorm.io/driver/sqlite"
	"gorm.io/gorm"

	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/repository"
	"github.com/ginauth/ginauth/repository/internal/gormrepo"
)

// countingPool counts the statements in transactions.
type countingPool struct {
	*sql.DB
	statements atomic.Int64
}

type countingTx struct {
	*sql.Tx
	pool *countingPool
}

// BeginTx implements gorm.ConnPoolBeginner.
func (p *countingPool) BeginTx(ctx context.Context, options *sql.TxOptions) (gorm.ConnPool, error) {
	tx, err := p.DB.BeginTx(ctx, options)
	return &countingTx{tx, p}, err
}

// GetDBConn implements gorm.GetDBConnector.
func (p *countingPool) GetDBConn() (*sql.DB, error) { return p.DB, nil }

// ExecContext implements gorm.ConnPool.
func (tx *countingTx) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	tx.pool.statements.Add(1)
	return tx.Tx.ExecContext(ctx, query, args...)
}

// QueryContext implements gorm.ConnPool.
func (tx *countingTx) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	tx.pool.statements.Add(1)
	return tx.Tx.QueryContext(ctx, query, args...)
}

// newCounted opens a repository; statements returns how many a call makes.
func newCounted(t *testing.T) (repo repository.Repository, statements func(error) int64) {
	t.Helper()
	pool := &countingPool{DB: openSQL(t, filepath.Join(t.TempDir(), "test.db"))}
	pool.SetMaxOpenConns(1)
	db, err := gorm.Open(sqlite.New(sqlite.Config{Conn: pool}), gormrepo.Config())
	if err != nil {
		t.Fatal(err)
	}
	repo, err = gormrepo.New(t.Context(), gormrepo.Backend{Read: db, Write: db, Log: db, IsUniqueViolation: isUniqueViolation, Migrate: inTransaction})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closed(t, repo) })
	pool.statements.Store(0)
	return repo, func(err error) int64 {
		if err != nil {
			t.Error(err)
		}
		return pool.statements.Swap(0)
	}
}

// A flush costs four statements and three for each 2,000 keys, however
// often they were used.
func TestStatementsOfAFlush(t *testing.T) {
	repo, statements := newCounted(t)
	for i, c := range []struct {
		keys int
		most int64
	}{{0, 2}, {1, 7}, {1_000, 7}, {5_000, 14}, {10_000, 22}} {
		flush := repository.Flush{Node: "node", Number: int64(i + 1)}
		for k := range c.keys {
			id := fmt.Sprint("key-", k)
			flush.Usages = append(flush.Usages, models.Usage{KeyID: id, TotalQueries: 1_000_000, LatestQueryDate: attribution().At})
			flush.Hours = append(flush.Hours, models.HourUsage{KeyID: id, Route: "/a", Hour: attribution().At, TotalQueries: 1_000_000})
		}
		if n := statements(repo.AddUsage(t.Context(), flush)); n > c.most || n == 0 {
			t.Errorf("a flush of %d keys costs %d statements, want at most %d", c.keys, n, c.most)
		}
		if n := statements(repo.AddUsage(t.Context(), flush)); n > 2 {
			t.Errorf("a flush that was added costs %d statements", n)
		}
	}
}

// Each node looks for something to remove once in a while.
func TestStatementsOfNothingToRemove(t *testing.T) {
	repo, statements := newCounted(t)
	more, err := repo.RollUpUsage(t.Context(), time.Now())
	if n := statements(err); n != 1 || more {
		t.Errorf("rolling nothing up costs %d statements and goes on: %t", n, more)
	}
	more, err = repo.DeleteUsage(t.Context(), time.Now())
	if n := statements(err); n != 4 || more {
		t.Errorf("deleting nothing costs %d statements and goes on: %t", n, more)
	}
}
