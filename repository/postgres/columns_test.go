package postgres_test

import (
	"errors"
	"sync"
	"testing"

	"github.com/ginauth/ginauth/repository"
)

// Somebody adds columns while statements are prepared on every connection, as
// the next version's migration does: each call succeeds at the first try.
func TestColumnsAreAdded(t *testing.T) {
	a := newAccount(t)
	here, there := a.open(), a.open()
	exercise(t, here, there)
	warm(t, here)
	db := a.connect()
	for _, table := range []string{"keys", "users", "usage", "usage_hours", "usage_days", "changes", "flushes", "change_counter", "tokens"} {
		if _, err := db.ExecContext(t.Context(), "ALTER TABLE ginauth_"+table+" ADD COLUMN extra text NOT NULL DEFAULT 'x'"); err != nil {
			t.Fatal(err)
		}
	}
	warm(t, here)
	exercise(t, here, there)
}

// A column gets another type: what was prepared is refused, and prepared anew.
func TestColumnsChange(t *testing.T) {
	a := newAccount(t)
	repo := a.open()
	warm(t, repo)
	db := a.connect()
	if _, err := db.ExecContext(t.Context(), "ALTER TABLE ginauth_keys ALTER COLUMN name TYPE varchar(1024), ALTER COLUMN hint TYPE varchar(64)"); err != nil {
		t.Fatal(err)
	}
	warm(t, repo)
	exercise(t, repo, repo)
}

// warm makes many calls of each kind at once, so that each connection has
// prepared them.
func warm(t *testing.T, repo repository.Repository) {
	t.Helper()
	key := createKey(t.Context(), t, repo)
	const calls = 40
	errs := make([]error, calls)
	var group sync.WaitGroup
	for i := range calls {
		group.Go(func() {
			_, found := repo.KeyByHash(t.Context(), key.Hash)
			_, revoked := repo.RevokeKey(t.Context(), attribution(), key.ID)
			_, listed := repo.ListKeys(t.Context(), repository.KeyFilter{}, repository.Page{Sort: repository.SortID, Limit: 10})
			_, users := repo.ListUsers(t.Context(), repository.UserFilter{}, repository.Page{Sort: repository.SortID, Limit: 10})
			_, followed := repo.LatestChange(t.Context())
			_, read := repo.Changes(t.Context(), repository.Cursor{}, 10)
			errs[i] = errors.Join(found, revoked, listed, users, followed, read)
		})
	}
	group.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Error(err)
	}
}
