package mongodb

import (
	"crypto/sha256"
	"errors"
	"slices"
	"sync"
	"testing"

	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/repository"
)

// atOnce makes calls of two processes at the same time and returns their errors.
func atOnce(n int, call func(i int) error) []error {
	errs := make([]error, n)
	var group sync.WaitGroup
	for i := range n {
		group.Go(func() { errs[i] = call(i) })
	}
	group.Wait()
	return errs
}

// Two processes create keys of one user, who ends up with exactly as many as
// they may have, and with those that were said to be created.
func TestRoomAmongProcesses(t *testing.T) {
	repos := twice(t)
	user, first := newUser("ana")
	succeeds(t, repos[0].CreateUser(t.Context(), attribution(), user, first))
	const crowd, places = 12, 5
	keys := make([]models.APIKey, crowd)
	errs := atOnce(crowd, func(i int) error {
		keys[i] = newKey()
		keys[i].UserID = user.ID
		return repos[i%2].CreateKey(t.Context(), attribution(), keys[i], repository.CreateKeyOptions{MaxKeys: places})
	})
	created := 1
	for i, err := range errs {
		_, missing := repos[1].KeyByHash(t.Context(), keys[i].Hash)
		if err == nil {
			created++
			succeeds(t, missing)
			continue
		}
		failsWith(t, repository.ErrTooManyKeys, err)
		failsWith(t, repository.ErrNotFound, missing)
	}
	if created != places {
		t.Errorf("the user has %d keys, want %d", created, places)
	}
}

// A process that meets a key left undecided by one that died withdraws it if
// there is no room for it.
func TestNoRoomForWhatWasLeft(t *testing.T) {
	s := newScene(t, open(t)) // of a user with two keys
	for _, maxKeys := range []int{2, 3} {
		key := newKey()
		key.UserID, key.Version = s.user.ID, 1
		rec := newRecord(key, newPending(attribution()))
		rec.Pending.IfVersion, rec.Pending.MaxKeys = new(int64), maxKeys
		_, err := s.r.keys.InsertOne(t.Context(), rec)
		succeeds(t, err)
		_, err = s.r.KeyByHash(t.Context(), key.Hash)
		if want := maxKeys == 3; (err == nil) != want {
			t.Errorf("with room for %d keys it is answered %v", maxKeys, err)
		}
	}
}

// Of two processes whose users click the same link again and again one change is
// made.
func TestTokenAmongProcesses(t *testing.T) {
	repos := twice(t)
	user, first := newUser("ana")
	succeeds(t, repos[0].CreateUser(t.Context(), attribution(), user, first))
	user.Version = 1
	hash := sha256.Sum256([]byte(user.ID))
	token := models.Token{Hash: hash[:], UserID: user.ID, Purpose: "reset", CreationDate: noon(), ExpirationDate: noon().AddDate(0, 0, 1)}
	succeeds(t, repos[0].AddToken(t.Context(), token))
	errs := atOnce(20, func(i int) error {
		_, err := repos[i%2].UpdateUser(t.Context(), attribution(), user, repository.UserUpdate{UseToken: token.Hash})
		return err
	})
	lost := slices.DeleteFunc(errs, func(err error) bool { return err == nil })
	if len(lost) != 19 || slices.ContainsFunc(lost, func(err error) bool { return !errors.Is(err, repository.ErrTokenUsed) }) {
		t.Errorf("those who lose are answered %v", lost)
	}
	if found, err := repos[1].UserByID(t.Context(), user.ID); err != nil || found.Version != 2 {
		t.Errorf("the user is of version %d (%v)", found.Version, err)
	}
}
