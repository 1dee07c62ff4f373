package mongodb

import (
	"bytes"
	"sync"
	"testing"
	"time"

	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/repository"
)

// The tests of this file let others make a change between two steps of a call.

// interposed opens a database for a process of which a message that is met
// lets something else happen first, once.
func interposed(t *testing.T, uri string, meets func(message []byte) bool, by func() error) *Repository {
	t.Helper()
	var once sync.Once
	return openWired(t, uri, func(message []byte) (err error) {
		if meets(message) {
			once.Do(func() { err = by() })
		}
		return err
	})
}

func readsUser(message []byte) bool {
	return isCommand(message, "find") && bytes.Contains(message, []byte("ginauth_users"))
}

// Between the reading of a key and that of its owner the owner is changed, or
// is gone without a trace: what is shown is the key of after that.
func TestOwnerChangesDuringACall(t *testing.T) {
	for name, c := range map[string]struct {
		change func(s scene) error
		gone   bool
	}{
		"revoking": {func(s scene) error {
			_, err := s.r.UpdateUser(t.Context(), attribution(), s.user, repository.UserUpdate{RevokeKeys: true})
			return err
		}, false},
		"deleting": {func(s scene) error {
			return s.r.DeleteUser(t.Context(), attribution(), s.user.ID, repository.DeleteUserOptions{})
		}, true},
	} {
		for call, read := range map[string]func(s scene, r *Repository) (models.APIKey, error){
			"KeyByHash": func(s scene, r *Repository) (models.APIKey, error) { return r.KeyByHash(t.Context(), s.next.Hash) },
			"RevokeKey": func(s scene, r *Repository) (models.APIKey, error) {
				return r.RevokeKey(t.Context(), attribution(), s.next.ID)
			},
			"ListKeys": func(s scene, r *Repository) (models.APIKey, error) {
				rows := s.listedBy(r, repository.KeyFilter{KeyID: s.next.ID})
				return rows[0].APIKey, nil
			},
		} {
			t.Run(name+", "+call, func(t *testing.T) {
				uri := newDatabase(t)
				s := newScene(t, openURI(t, uri))
				r := interposed(t, uri, readsUser, func() error { return c.change(s) })
				key, err := read(s, r)
				if err != nil || !key.IsRevoked() || key.Version != 2 || (key.UserID == "") != c.gone || (key.Username == "") != c.gone {
					t.Errorf("the key is %+v (%v)", key, err)
				}
			})
		}
	}
}

func (s scene) listedBy(r *Repository, filter repository.KeyFilter) []repository.KeyUsage {
	s.t.Helper()
	page, err := r.ListKeys(s.t.Context(), filter, repository.Page{Sort: repository.SortID, Limit: 2})
	succeeds(s.t, err)
	return page.Rows
}

// A list shows nothing that its filter does not ask for, though its owner has
// changed while it was read.
func TestListDuringAChange(t *testing.T) {
	for name, c := range map[string]struct {
		filter func(s scene) repository.KeyFilter
		change func(s scene) error
	}{
		"active": {func(scene) repository.KeyFilter {
			return repository.KeyFilter{Status: models.StatusActive, Now: noon()}
		}, func(s scene) error {
			s.user.DisabledDate = noon()
			_, err := s.r.UpdateUser(t.Context(), attribution(), s.user, repository.UserUpdate{})
			return err
		}},
		"of the user": {func(s scene) repository.KeyFilter {
			return repository.KeyFilter{UserID: s.user.ID}
		}, func(s scene) error {
			return s.r.DeleteUser(t.Context(), attribution(), s.user.ID, repository.DeleteUserOptions{DetachKeys: true})
		}},
	} {
		t.Run(name, func(t *testing.T) {
			uri := newDatabase(t)
			s := newScene(t, openURI(t, uri))
			keysAreRead := func(message []byte) bool { return readsUser(message) && bytes.Contains(message, []byte("$in")) }
			r := interposed(t, uri, keysAreRead, func() error { return c.change(s) })
			if rows := s.listedBy(r, c.filter(s)); len(rows) != 0 {
				t.Errorf("the rows are %+v", rows)
			}
		})
	}
}

// For any change of a user between the steps of an issue, the key is there if
// the caller is told so, and else not.
func TestUserChangesDuringAnIssue(t *testing.T) {
	for name, c := range map[string]struct {
		change func(s scene) error
		want   error
		// revoked is whether a key is that was there before.
		revoked bool
	}{
		"changing": {func(s scene) error {
			_, err := s.r.UpdateUser(t.Context(), attribution(), s.user, repository.UserUpdate{})
			return err
		}, repository.ErrOutdated, false},
		"deleting": {func(s scene) error {
			return s.r.DeleteUser(t.Context(), attribution(), s.user.ID, repository.DeleteUserOptions{})
		}, repository.ErrNotFound, true},
	} {
		t.Run(name, func(t *testing.T) {
			uri := newDatabase(t)
			outcomes := map[bool]int{}
			for step, reached := 1, true; reached; step++ {
				reached = false
				s := newScene(t, openURI(t, uri))
				left := step
				r := interposed(t, uri, func(message []byte) bool {
					if bytes.Contains(message, []byte("ginauth_")) {
						left--
					}
					return left == 0
				}, func() error { reached = true; return c.change(s) })
				key := newKey()
				key.UserID, key.UserVersion = s.user.ID, s.user.Version
				err := r.CreateKey(t.Context(), attribution(), key, repository.CreateKeyOptions{})
				found, missing := s.r.KeyByHash(t.Context(), key.Hash)
				if (err == nil) != (missing == nil) || err == nil && reached && found.IsRevoked() != c.revoked {
					t.Errorf("step %d: the answer is %v, the key is %+v (%v)", step, err, found, missing)
				}
				if err != nil {
					failsWith(t, c.want, err)
				}
				outcomes[err == nil]++
			}
			if outcomes[true] < 2 || outcomes[false] < 2 {
				t.Errorf("the outcomes are %v", outcomes)
			}
		})
	}
}

// A renewal that was begun before the user was disabled does not take the
// disabling from the key.
func TestDisabledDuringARenewal(t *testing.T) {
	uri := newDatabase(t)
	s := newScene(t, openURI(t, uri))
	writes := func(message []byte) bool { return isCommand(message, "update") }
	r := interposed(t, uri, writes, func() error {
		s.user.DisabledDate = noon()
		_, err := s.r.UpdateUser(t.Context(), attribution(), s.user, repository.UserUpdate{})
		return err
	})
	_, _, err := r.RenewKey(t.Context(), attribution(), s.next.ID, repository.Renewal{Expiration: time.Time{}})
	succeeds(t, err)
	if got := s.withStatus(models.StatusDisabled); got != 2 {
		t.Errorf("%d keys are listed as disabled", got)
	}
}
