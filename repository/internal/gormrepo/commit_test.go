package gormrepo_test

import (
	"context"
	"database/sql"
	"errors"
	"testing"
	"time"

	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/repository"
)

var errLost = errors.New("connection reset by peer")

// write is a verb that changes something.
type write struct {
	run func(ctx context.Context, repo repository.Repository) error
	// repeated is what it says when it is repeated after it had come into
	// force, and entries how many there are in the log then.
	repeated error
	entries  int
}

// writes returns every verb that changes something; the key is stored.
func writes(key models.APIKey) map[string]write {
	fresh, first, user := newKey(), newKey(), newUser("ana")
	first.UserID = user.ID
	flush := repository.Flush{Node: "node", Number: 1, Usages: []models.Usage{{KeyID: key.ID, TotalQueries: 3}}}
	return map[string]write{
		"CreateKey": {func(ctx context.Context, repo repository.Repository) error {
			return repo.CreateKey(ctx, attribution(), fresh, repository.CreateKeyOptions{})
		}, repository.ErrConflict, 1},
		"CreateUser": {func(ctx context.Context, repo repository.Repository) error {
			return repo.CreateUser(ctx, attribution(), user, first)
		}, repository.ErrConflict, 2},
		"AddUsage": {func(ctx context.Context, repo repository.Repository) error {
			return repo.AddUsage(ctx, flush)
		}, nil, 0},
		"RenewKey": {func(ctx context.Context, repo repository.Repository) error {
			_, _, err := repo.RenewKey(ctx, attribution(), key.ID, repository.Renewal{Expiration: attribution().At.Add(time.Hour)})
			return err
		}, nil, 2},
		"RevokeKey": {func(ctx context.Context, repo repository.Repository) error {
			_, err := repo.RevokeKey(ctx, attribution(), key.ID)
			return err
		}, nil, 1},
		"DeleteKey": {func(ctx context.Context, repo repository.Repository) error {
			return repo.DeleteKey(ctx, attribution(), key.ID)
		}, repository.ErrNotFound, 1},
	}
}

// eachWrite runs the test for every verb, each on a database of its own whose
// log has one entry.
func eachWrite(t *testing.T, test func(d database, pool *interferingPool, w write)) {
	t.Helper()
	for name := range writes(newKey()) {
		t.Run(name, func(t *testing.T) {
			d, pool := newInterfered(t)
			test(d, pool, writes(d.createKey())[name])
		})
	}
}

func (d database) logHas(entries int) {
	d.Helper()
	if got := len(d.changes(repository.Cursor{})); got != entries {
		d.Errorf("the log has %d entries, want %d", got, entries)
	}
}

func (d database) says(want error, doing string, err error) {
	d.Helper()
	if !errors.Is(err, want) {
		d.Errorf("%s returns %v, want %v", doing, err, want)
	}
}

// The server committed, and the connection broke before it said so. A repeated
// call finds it done, and done once.
func TestAcknowledgementLost(t *testing.T) {
	eachWrite(t, func(d database, pool *interferingPool, w write) {
		pool.commit = func(_ context.Context, tx *sql.Tx) error { return errors.Join(tx.Commit(), errLost) }
		err := w.run(d.Context(), d.repo)
		d.says(repository.ErrOutcomeUnknown, "the write", err)
		d.says(errLost, "the write", err)
		pool.commit = plainCommit
		d.says(w.repeated, "the repeated write", w.run(d.Context(), d.repo))
		d.logHas(1 + w.entries)
		if total := d.count("SELECT SUM(total_queries) FROM ginauth_usage"); total != 0 && total != 3 {
			d.Errorf("a flush of 3 was counted as %d", total)
		}
	})
}

// The connection broke before the server heard of the commit. It looks the
// same from here, and repeating the call is the first time for the server.
func TestCommitLost(t *testing.T) {
	eachWrite(t, func(d database, pool *interferingPool, w write) {
		pool.commit = func(_ context.Context, tx *sql.Tx) error { return errors.Join(tx.Rollback(), errLost) }
		d.says(repository.ErrOutcomeUnknown, "the write", w.run(d.Context(), d.repo))
		d.logHas(1)
		pool.commit = plainCommit
		d.says(nil, "the repeated write", w.run(d.Context(), d.repo))
	})
}

// The context ends when all is written and before it is committed. This is no
// unknown outcome: database/sql has rolled back, and the error has to say what
// happened in terms of the context.
func TestContextEndsBeforeCommit(t *testing.T) {
	eachWrite(t, func(d database, pool *interferingPool, w write) {
		ctx, cancel := context.WithCancel(d.Context())
		pool.commit = func(_ context.Context, tx *sql.Tx) error {
			cancel()
			for !errors.Is(rolledBack(tx), sql.ErrTxDone) { // database/sql does so in a goroutine
			}
			return tx.Commit()
		}
		err := w.run(ctx, d.repo)
		d.says(context.Canceled, "the write", err)
		if errors.Is(err, repository.ErrOutcomeUnknown) {
			d.Errorf("what was rolled back is reported as unknown: %v", err)
		}
		d.logHas(1)
		pool.commit = plainCommit
		d.says(nil, "the repeated write", w.run(d.Context(), d.repo))
	})
}

func rolledBack(tx *sql.Tx) error {
	_, err := tx.ExecContext(context.Background(), "SELECT 1")
	return err
}

// A failure before the commit is known as one.
func TestFailureBeforeCommitIsKnown(t *testing.T) {
	eachWrite(t, func(d database, _ *interferingPool, w write) {
		d.exec("CREATE TRIGGER full_disk BEFORE INSERT ON ginauth_changes BEGIN SELECT RAISE(FAIL, 'disk is full'); END")
		d.exec("CREATE TRIGGER full_disk_too BEFORE INSERT ON ginauth_flushes BEGIN SELECT RAISE(FAIL, 'disk is full'); END")
		err := w.run(d.Context(), d.repo)
		if err == nil || errors.Is(err, repository.ErrOutcomeUnknown) {
			d.Errorf("a write that could not be made returns %v", err)
		}
		d.exec("DROP TRIGGER full_disk")
		d.exec("DROP TRIGGER full_disk_too")
		d.logHas(1)
		d.says(nil, "the repeated write", w.run(d.Context(), d.repo))
	})
}
