package faults

import (
	"context"
	"crypto/sha256"
	"errors"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/repository"
)

// patience is how long a condition may take to come about on a busy machine,
// and promptly how soon a call has to end that is told to.
const (
	patience = 30 * time.Second
	promptly = 5 * time.Second
)

// hour returns a time of the day on which the suite plays.
func hour(n int) time.Time { return time.Date(2026, time.July, 1, n, 0, 0, 0, time.UTC) }

func actAt(date time.Time) repository.Attribution {
	return repository.Attribution{Actor: "admin", At: date}
}

func attribution() repository.Attribution { return actAt(hour(1)) }

func newID() string { return uuid.Must(uuid.NewV7()).String() }

func newKey() models.APIKey {
	id := newID()
	hash := sha256.Sum256([]byte(id))
	return models.APIKey{ID: id, Hash: hash[:], Name: "billing", CreationDate: hour(0), ExpirationDate: hour(12), Version: 1}
}

// newUser makes a user whose email is their own, and their first key.
func newUser(name string) (models.User, models.APIKey) {
	user := models.User{ID: newID(), Username: name, CanonicalUsername: name, CreationDate: hour(0), Version: 1}
	user.Email = user.ID + "@example.org"
	user.CanonicalEmail = user.Email
	key := newKey()
	key.UserID, key.Username = user.ID, name
	return user, key
}

// newFlush makes a flush in which each key was used once.
func newFlush(node string, number int64, keyIDs ...string) repository.Flush {
	flush := repository.Flush{Node: node, Number: number}
	for _, id := range keyIDs {
		flush.Usages = append(flush.Usages, models.Usage{KeyID: id, TotalQueries: 1, LatestQueryDate: hour(2)})
	}
	return flush
}

// succeeds ends the test unless err is nil: what follows would mislead.
func (s *suite) succeeds(doing string, err error) {
	s.Helper()
	if err != nil {
		s.Fatalf("%s: %v", doing, err)
	}
}

// returns reports an error that is not the wanted one.
func (s *suite) returns(want error, doing string, err error) {
	s.Helper()
	if !errors.Is(err, want) {
		s.Errorf("%s returns %v, want %v", doing, err, want)
	}
}

func (s *suite) createKey(repo repository.Repository) models.APIKey {
	s.Helper()
	key := newKey()
	s.succeeds("CreateKey", repo.CreateKey(s.Context(), attribution(), key, repository.CreateKeyOptions{}))
	return key
}

// find reads a key by way of a repository.
func find(ctx context.Context, repo repository.Repository, key models.APIKey) (models.APIKey, error) {
	return repo.KeyByHash(ctx, key.Hash)
}

// row reads the row of a key, the zero one if there is none.
func (s *suite) row(repo repository.Repository, keyID string) repository.KeyUsage {
	s.Helper()
	page := repository.Page{Sort: repository.SortID, Limit: 1}
	read, err := repo.ListKeys(s.Context(), repository.KeyFilter{KeyID: keyID}, page)
	s.succeeds("ListKeys", err)
	if len(read.Rows) == 0 {
		return repository.KeyUsage{}
	}
	return read.Rows[0]
}

// entriesAfter reads what the log has after a cursor.
func (s *suite) entriesAfter(repo repository.Repository, cursor repository.Cursor) []models.Change {
	s.Helper()
	entries, err := repo.Changes(s.Context(), cursor, repository.MaxLimit)
	s.succeeds("Changes", err)
	return entries
}

// waitFor waits until a condition holds.
func (s *suite) waitFor(what string, holds func() bool) {
	s.Helper()
	for deadline := time.Now().Add(patience); !holds(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			s.Fatalf("timed out waiting for %s", what)
		}
	}
}

// inBackground makes n calls at once and returns a function that waits for
// their errors.
func inBackground(n int, call func(i int) error) (wait func() []error) {
	errs := make([]error, n)
	var group sync.WaitGroup
	for i := range n {
		group.Go(func() { errs[i] = call(i) })
	}
	return func() []error {
		group.Wait()
		return errs
	}
}

// endsPromptly makes a call and reports it unless it ends soon; what hangs is
// let go by healing the proxy.
func (s *suite) endsPromptly(doing string, call func() error) error {
	s.Helper()
	rescue := time.AfterFunc(promptly, func() {
		s.Errorf("%s hangs", doing)
		s.proxy.heal()
		s.proxy.cutAll()
	})
	defer rescue.Stop()
	return call()
}
