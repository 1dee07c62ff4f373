package mongodb

import (
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/repository"
)

// issued are the keys that were created at the same time as others changed
// their user, each with the answer.
type issued struct {
	mutex sync.Mutex
	keys  map[string]models.APIKey
	errs  map[string]error
}

// issue creates keys for a user as they are read before, until they are gone.
func (i *issued) issue(ctx context.Context, r *Repository, userID string, count int) error {
	for range count {
		user, err := r.UserByID(ctx, userID)
		if errors.Is(err, repository.ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		key := newKey()
		key.UserID, key.UserVersion = userID, user.Version
		err = r.CreateKey(ctx, attribution(), key, repository.CreateKeyOptions{})
		i.mutex.Lock()
		i.keys[key.ID], i.errs[key.ID] = key, err
		i.mutex.Unlock()
	}
	return nil
}

// twice opens an empty database for two processes.
func twice(t *testing.T) [2]*Repository {
	t.Helper()
	uri := newDatabase(t)
	return [2]*Repository{openURI(t, uri), openURI(t, uri)}
}

// race makes calls at the same time and returns what was issued meanwhile.
func race(t *testing.T, repos [2]*Repository, userID string, calls ...func() error) *issued {
	t.Helper()
	all := &issued{keys: map[string]models.APIKey{}, errs: map[string]error{}}
	for _, r := range repos {
		calls = append(calls, func() error { return all.issue(t.Context(), r, userID, 15) })
	}
	errs := make([]error, len(calls))
	var group sync.WaitGroup
	for i, call := range calls {
		group.Go(func() { errs[i] = call() })
	}
	group.Wait()
	succeeds(t, errors.Join(errs...))
	return all
}

// Two processes issue keys to a user while two others revoke them all, over and
// over. In the end a key is revoked if it was issued to an earlier version of
// the user than the last revocation made, and only then; one that was refused
// is not there. No two changes of a user are based on the same version.
func TestIssuingAgainstRevoking(t *testing.T) {
	repos := twice(t)
	user, first := newUser("ana")
	succeeds(t, repos[0].CreateUser(t.Context(), attribution(), user, first))
	var mutex sync.Mutex
	var changed int64
	revoke := func(r *Repository) error {
		for range 10 {
			u, err := r.UserByID(t.Context(), user.ID)
			if err != nil {
				return err
			}
			_, err = r.UpdateUser(t.Context(), attribution(), u, repository.UserUpdate{RevokeKeys: true})
			if errors.Is(err, repository.ErrOutdated) {
				continue
			}
			if err != nil {
				return err
			}
			mutex.Lock()
			changed++
			mutex.Unlock()
		}
		return nil
	}
	all := race(t, repos, user.ID, func() error { return revoke(repos[0]) }, func() error { return revoke(repos[1]) })
	last, err := repos[0].UserByID(t.Context(), user.ID)
	succeeds(t, err)
	if last.Version != changed+1 {
		t.Errorf("%d changes led to version %d", changed, last.Version)
	}
	there := int64(1)
	for id, key := range all.keys {
		found, err := repos[1].KeyByHash(t.Context(), key.Hash)
		if refused := all.errs[id]; refused != nil {
			failsWith(t, repository.ErrOutdated, refused)
			failsWith(t, repository.ErrNotFound, err)
			continue
		}
		succeeds(t, err)
		there++
		if found.IsRevoked() != (key.UserVersion < last.Version) {
			t.Errorf("the key of version %d is revoked: %t; the last revocation was version %d", key.UserVersion, found.IsRevoked(), last.Version)
		}
	}
	t.Logf("%d changes, %d keys, %d of them there", changed, len(all.keys), there)
	if got := int64(len(logged(t, repos[0]))); got != 1+there+changed {
		t.Errorf("the log has %d entries, want %d of keys, %d of changes and 1", got, there, changed)
	}
}

// Two processes issue keys to a user while a third deletes them. In the end no
// key has an owner, and those that came into force were revoked.
func TestIssuingAgainstDeleting(t *testing.T) {
	for range 5 {
		repos := twice(t)
		user, first := newUser("ana")
		succeeds(t, repos[0].CreateUser(t.Context(), attribution(), user, first))
		all := race(t, repos, user.ID, func() error {
			return repos[1].DeleteUser(t.Context(), attribution(), user.ID, repository.DeleteUserOptions{})
		})
		for id, key := range all.keys {
			found, err := repos[0].KeyByHash(t.Context(), key.Hash)
			if refused := all.errs[id]; refused != nil {
				failsWith(t, repository.ErrNotFound, refused)
				failsWith(t, repository.ErrNotFound, err)
				continue
			}
			succeeds(t, err)
			if found.UserID != "" || !found.IsRevoked() {
				t.Errorf("the key is %+v", found)
			}
		}
		if owned, err := isThere(t.Context(), repos[0].keys, field("key.user_id", user.ID)); err != nil || owned {
			t.Errorf("a key has an owner who is gone (%v)", err)
		}
	}
}
