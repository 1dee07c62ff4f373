package gormrepo_test

import (
	"context"
	"database/sql"
	"errors"
	"testing"
	"time"

	"github.com/ginauth/ginauth/repository"
)

// errRolledBack is what the database of these tests says when it has rolled a
// transaction back for another's sake.
var errRolledBack = errors.New("deadlock")

// The database rolls back at the commit, a few times. The write is repeated as
// a whole, and is in force once.
func TestRolledBackAtTheCommit(t *testing.T) {
	eachWrite(t, func(d database, pool *interferingPool, w write) {
		failures := 3
		pool.commit = func(_ context.Context, tx *sql.Tx) error {
			if failures--; failures >= 0 {
				return errors.Join(tx.Rollback(), errRolledBack)
			}
			return tx.Commit()
		}
		d.says(nil, "the write", w.run(d.Context(), d.repo))
		pool.commit = plainCommit
		d.says(w.repeated, "the repeated write", w.run(d.Context(), d.repo))
		d.logHas(1 + w.entries)
		if total := d.count("SELECT SUM(total_queries) FROM ginauth_usage"); total != 0 && total != 3 {
			d.Errorf("a flush of 3 was counted as %d", total)
		}
	})
}

// The attempts are bounded, by the deadline and by their number, and the caller
// is told that nothing was done.
func TestRolledBackForEver(t *testing.T) {
	d, pool := newInterfered(t)
	key := d.createKey()
	pool.commit = func(_ context.Context, tx *sql.Tx) error { return errors.Join(tx.Rollback(), errRolledBack) }
	ctx, stop := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer stop()
	_, bounded := d.repo.RevokeKey(ctx, attribution(), key.ID)
	d.says(context.DeadlineExceeded, "a write with a deadline", bounded)
	_, unbounded := d.repo.RevokeKey(t.Context(), attribution(), key.ID)
	d.says(errRolledBack, "a write without", unbounded)
	if err := errors.Join(bounded, unbounded); errors.Is(err, repository.ErrOutcomeUnknown) {
		t.Errorf("a write that was rolled back is reported as unknown: %v", err)
	}
	d.logHas(1)
}
