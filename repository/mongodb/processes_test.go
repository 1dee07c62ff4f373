package mongodb

import (
	"errors"
	"fmt"
	"strconv"
	"sync"
	"testing"

	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/repository"
)

// together runs n goroutines, every other one with another repository on the
// same database, as if half of them were another process.
func together(t *testing.T, r [2]*Repository, n int, run func(r *Repository, i int) error) []error {
	t.Helper()
	errs := make([]error, n)
	var group sync.WaitGroup
	for i := range n {
		group.Go(func() { errs[i] = run(r[i%2], i) })
	}
	group.Wait()
	return errs
}

// The k-th entry is of the renewal that gave the key version k, whichever
// process made it.
func TestTwoProcessesRenew(t *testing.T) {
	one, other := openTwo(t)
	key := create(t, one)
	const n = 40
	versions := make([]int64, n)
	errs := together(t, [2]*Repository{one, other}, n, func(r *Repository, i int) error {
		act := repository.Act{Actor: strconv.Itoa(i), Date: noon()}
		renewed, _, err := r.RenewKey(t.Context(), act, key.ID, noon(), false)
		versions[i] = renewed.Version
		return err
	})
	succeeds(t, errors.Join(errs...))
	entries, err := other.Changes(t.Context(), repository.Cursor{}, 1000)
	succeeds(t, err)
	if len(entries) != n+1 {
		t.Fatalf("the log has %d entries", len(entries))
	}
	for _, entry := range entries[1:] {
		i, err := strconv.Atoi(entry.Actor)
		succeeds(t, err)
		if versions[i] != entry.Number {
			t.Errorf("entry %d is of version %d", entry.Number, versions[i])
		}
	}
}

func TestTwoProcessesCreateOneUser(t *testing.T) {
	one, other := openTwo(t)
	winners := 0
	for _, err := range together(t, [2]*Repository{one, other}, 40, func(r *Repository, _ int) error {
		user, key := newUser("ana")
		return r.CreateUser(t.Context(), act(), user, key)
	}) {
		if err == nil {
			winners++
		} else {
			failsWith(t, repository.ErrConflict, err)
		}
	}
	if rows := listed(t, one, 100); winners != 1 || len(rows) != 1 || len(logged(t, other)) != 2 {
		t.Errorf("there are %d winners and %d keys", winners, len(rows))
	}
}

func TestTwoProcessesCount(t *testing.T) {
	one, other := openTwo(t)
	key, unknown := create(t, one), newKey()
	errs := together(t, [2]*Repository{one, other}, 40, func(r *Repository, i int) error {
		keys := []models.APIKey{key, unknown}
		return r.AddUsage(t.Context(), flushOf(fmt.Sprint("node-", i), 1, keys...))
	})
	succeeds(t, errors.Join(errs...))
	if got := totals(t, other); got[key.ID] != 40 || got[unknown.ID] != 40 {
		t.Errorf("the totals are %v", got)
	}
}

// Several processes start at once on an empty database.
func TestProcessesStartAtOnce(t *testing.T) {
	uri := newDatabase(t)
	var group sync.WaitGroup
	for range 6 {
		group.Go(func() {
			repo, err := Open(t.Context(), uri)
			if err != nil {
				t.Error(err)
				return
			}
			if err := errors.Join(repo.CreateKey(t.Context(), act(), newKey()), repo.Close()); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	r := openURI(t, uri)
	if entries, keys := len(logged(t, r)), len(listed(t, r, 100)); entries != 6 || keys != 6 {
		t.Errorf("there are %d entries and %d keys, want 6", entries, keys)
	}
}
