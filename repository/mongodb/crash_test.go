package mongodb

import (
	"slices"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/repository"
)

// The tests of this file bring about what a process leaves that dies between
// two steps, by taking the steps one by one.

// revokePending revokes a key and dies before the entry is in the log.
func revokePending(t *testing.T, r *Repository, id string) {
	t.Helper()
	_, _, err := r.replace(t.Context(), id, func(k *key) (bson.D, error) {
		k.RevocationDate = millis(noon())
		k.Version++
		return k.update(newPending(attribution())), nil
	})
	succeeds(t, err)
}

// The next caller appends the entry, once.
func TestPendingChange(t *testing.T) {
	for name, next := range map[string]func(r *Repository, key models.APIKey, uri string) error{
		"a reader of the log": func(*Repository, models.APIKey, string) error { return nil },
		"who repeats it": func(r *Repository, key models.APIKey, _ string) error {
			_, err := r.RevokeKey(t.Context(), attribution(), key.ID)
			return err
		},
		"who opens the database": func(_ *Repository, _ models.APIKey, uri string) error {
			return openURI(t, uri).Close()
		},
	} {
		t.Run(name, func(t *testing.T) {
			uri := newDatabase(t)
			r := openURI(t, uri)
			key := create(t, r)
			revokePending(t, r, key.ID)
			succeeds(t, next(r, key, uri))
			if name != "a reader of the log" {
				isFlushed(t, r, key.ID, 2)
			}
			for range 2 {
				if got := logged(t, r); !slices.Equal(got, []string{key.ID, key.ID}) {
					t.Errorf("the log names %v", got)
				}
			}
			isFlushed(t, r, key.ID, 2)
		})
	}
}

// isFlushed looks past the repository, whose reading of the log flushes.
func isFlushed(t *testing.T, r *Repository, id string, entries int64) {
	t.Helper()
	var rec record
	succeeds(t, r.keys.FindOne(t.Context(), byID(id)).Decode(&rec))
	last, err := r.changeLog.entries.lastChange(t.Context())
	succeeds(t, err)
	if rec.Pending != nil || last.Number != entries {
		t.Errorf("the record has the pending change %v, and the log has %d entries, want %d", rec.Pending, last.Number, entries)
	}
}

// The entry of the change before comes first, so that the order of entries is
// that of the versions.
func TestPendingChangeComesFirst(t *testing.T) {
	r := open(t)
	key := create(t, r)
	revokePending(t, r, key.ID)
	_, _, err := r.RenewKey(t.Context(), repository.Attribution{Actor: "renewer", At: noon()}, key.ID, repository.Renewal{Expiration: noon(), Reactivate: true})
	succeeds(t, err)
	entries, err := r.Changes(t.Context(), repository.Cursor{}, 10)
	succeeds(t, err)
	actors := []string{}
	for _, entry := range entries {
		actors = append(actors, entry.Actor)
	}
	if !slices.Equal(actors, []string{"admin", "admin", "renewer"}) {
		t.Errorf("the log names %v", actors)
	}
}

// A process that dies between the entry and the record's being told leaves a
// change that is logged already.
func TestLoggedTwice(t *testing.T) {
	r := open(t)
	key := create(t, r)
	revokePending(t, r, key.ID)
	var rec record
	succeeds(t, r.keys.FindOne(t.Context(), byID(key.ID)).Decode(&rec))
	succeeds(t, r.changeLog.entries.appendEntry(t.Context(), rec.entries()[0]))
	if got := logged(t, r); len(got) != 2 {
		t.Errorf("the log names %v", got)
	}
	isFlushed(t, r, key.ID, 2)
	succeeds(t, r.changeLog.flushPending(t.Context(), rec)) // by another who has read the record before
	isFlushed(t, r, key.ID, 2)
}

// begin takes the first step of a creation: the key is stored, the user not.
func begin(t *testing.T, r *Repository, key models.APIKey) record {
	t.Helper()
	key.Version = 1
	rec := newFirstKey(key, user{Version: 1}, newPending(attribution()))
	succeeds(t, r.reserveKey(t.Context(), rec))
	return rec
}

// stored makes the document that CreateUser stores.
func stored(u models.User, key models.APIKey) user {
	u.Version = 1
	document := userFrom(u)
	document.FirstKey = key.ID
	return document
}

// Of a creation that ended half-way nothing is seen, and it can be repeated.
func TestHalfCreation(t *testing.T) {
	r := open(t)
	user, key := newUser("ana")
	begin(t, r, key)
	hasNothing(t, r, key)
	_, err := r.UserByUsername(t.Context(), "ana")
	failsWith(t, repository.ErrNotFound, err)
	begin(t, r, key) // another attempt that dies
	succeeds(t, r.CreateUser(t.Context(), attribution(), user, key))
	if got := logged(t, r); !slices.Equal(got, []string{user.ID, key.ID}) {
		t.Errorf("the log names %v", got)
	}
	if got := len(listed(t, r, 10)); got != 1 {
		t.Errorf("the list has %d rows", got)
	}
	failsWith(t, repository.ErrConflict, r.CreateUser(t.Context(), attribution(), user, key))
	_, err = r.KeyByHash(t.Context(), key.Hash)
	succeeds(t, err)
}

// hasNothing reports a key that can be found, changed or listed.
func hasNothing(t *testing.T, r *Repository, key models.APIKey) {
	t.Helper()
	_, err := r.KeyByHash(t.Context(), key.Hash)
	failsWith(t, repository.ErrNotFound, err)
	_, err = r.RevokeKey(t.Context(), attribution(), key.ID)
	failsWith(t, repository.ErrNotFound, err)
	failsWith(t, repository.ErrNotFound, r.DeleteKey(t.Context(), attribution(), key.ID))
	if got := listed(t, r, 10); len(got) != 0 {
		t.Errorf("the list is %v", got)
	}
	if got := logged(t, r); len(got) != 0 {
		t.Errorf("the log names %v", got)
	}
}

// Once the user is stored both are there, though nothing is logged yet; and a
// change of the key comes after both entries.
func TestPendingCreation(t *testing.T) {
	r := open(t)
	user, key := newUser("ana")
	begin(t, r, key)
	succeeds(t, r.insertUser(t.Context(), stored(user, key)))
	found, err := r.KeyByHash(t.Context(), key.Hash)
	succeeds(t, err)
	if rows := listed(t, r, 10); found.Username != "ana" || len(rows) != 1 || rows[0].Username != "ana" {
		t.Errorf("the key is %+v, the list %+v", found, rows)
	}
	failsWith(t, repository.ErrConflict, r.CreateUser(t.Context(), attribution(), user, key)) // repeated
	_, err = r.RevokeKey(t.Context(), attribution(), key.ID)
	succeeds(t, err)
	if got := logged(t, r); !slices.Equal(got, []string{user.ID, key.ID, key.ID}) {
		t.Errorf("the log names %v", got)
	}
}

// An attempt that took over another's key must not take it away when it turns
// out that the other one was through.
func TestTwoAttemptsAtOneCreation(t *testing.T) {
	r := open(t)
	user, key := newUser("ana")
	begin(t, r, key)
	rec := begin(t, r, key)
	succeeds(t, r.insertUser(t.Context(), stored(user, key))) // the first one goes on
	failsWith(t, repository.ErrConflict, r.withdraw(t.Context(), rec, r.insertUser(t.Context(), stored(user, key))))
	_, err := r.KeyByHash(t.Context(), key.Hash)
	succeeds(t, err)
}

// Keys that wait for their users make no page shorter than it says.
func TestPagesPassOverHalfCreations(t *testing.T) {
	r := open(t)
	want := []string{}
	for i := range 12 {
		if i%4 == 0 {
			want = append(want, create(t, r).ID)
			continue
		}
		_, key := newUser("ana")
		begin(t, r, key)
	}
	for _, limit := range []int{1, 2, 3, 10} {
		got := []string{}
		for _, row := range listed(t, r, limit) {
			got = append(got, row.KeyID)
		}
		if !slices.Equal(got, want) {
			t.Errorf("in pages of %d the list is %v, want %v", limit, got, want)
		}
	}
}
