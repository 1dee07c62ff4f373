package repositorytest

import (
	"errors"
	"reflect"
	"sync"
	"testing"

	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/repository"
)

// suite is what a test has at hand: its t and its database.
type suite struct {
	*testing.T
	repo repository.Repository
}

// succeeds ends the test unless err is nil: what follows would mislead.
func (s *suite) succeeds(doing string, err error) {
	s.Helper()
	if err != nil {
		s.Fatalf("%s: %v", doing, err)
	}
}

// failsWith reports an error that is not the wanted one, nil included.
func (s *suite) failsWith(want error, doing string, err error) {
	s.Helper()
	if !errors.Is(err, want) {
		s.Errorf("%s returns %v, want %v", doing, err, want)
	}
}

// conflicts reports an error that does not name the taken field.
func (s *suite) conflicts(field, doing string, err error) {
	s.Helper()
	s.failsWith(repository.ErrConflict, doing, err)
	var conflict *repository.ConflictError
	if !errors.As(err, &conflict) || conflict.Field != field {
		s.Errorf("%s: the conflict %#v does not name the field %q", doing, conflict, field)
	}
}

// same compares records field by field; times must be UTC in both.
func same[T any](s *suite, what string, got, want T) {
	s.Helper()
	if !reflect.DeepEqual(got, want) {
		s.Errorf("%s is\n%+v, want\n%+v", what, got, want)
	}
}

func (s *suite) createKey(key models.APIKey) models.APIKey {
	s.Helper()
	s.succeeds("CreateKey", s.repo.CreateKey(s.Context(), attribution(), key, repository.CreateKeyOptions{}))
	return key
}

// createUser stores a user with their first key.
func (s *suite) createUser(canonical string) (models.User, models.APIKey) {
	s.Helper()
	user := newUser(canonical)
	key := newKeyFor(user)
	s.succeeds("CreateUser", s.repo.CreateUser(s.Context(), attribution(), user, key))
	return user, key
}

func (s *suite) renewKey(id string) models.APIKey {
	s.Helper()
	key, _, err := s.repo.RenewKey(s.Context(), attribution(), id, repository.Renewal{Expiration: hour(20), Reactivate: true})
	s.succeeds("RenewKey", err)
	return key
}

func (s *suite) revokeKey(id string) models.APIKey {
	s.Helper()
	key, err := s.repo.RevokeKey(s.Context(), attribution(), id)
	s.succeeds("RevokeKey", err)
	return key
}

func (s *suite) deleteKey(id string) {
	s.Helper()
	s.succeeds("DeleteKey", s.repo.DeleteKey(s.Context(), attribution(), id))
}

func (s *suite) addUsage(flush repository.Flush) {
	s.Helper()
	s.succeeds("AddUsage", s.repo.AddUsage(s.Context(), flush))
}

// stored reads the key back by its hash.
func (s *suite) stored(key models.APIKey) models.APIKey {
	s.Helper()
	found, err := s.repo.KeyByHash(s.Context(), key.Hash)
	s.succeeds("KeyByHash", err)
	return found
}

// isGone reports a key that can still be found.
func (s *suite) isGone(key models.APIKey) {
	s.Helper()
	_, err := s.repo.KeyByHash(s.Context(), key.Hash)
	s.failsWith(repository.ErrNotFound, "KeyByHash of a key that must not be there", err)
}

// hasNoUser reports a user who can be found.
func (s *suite) hasNoUser(canonical string) {
	s.Helper()
	_, err := s.repo.UserByUsername(s.Context(), canonical)
	s.failsWith(repository.ErrNotFound, "UserByUsername of a user who must not be there", err)
}

// list reads one page that has to be the whole list.
func (s *suite) list(filter repository.KeyFilter) []repository.KeyUsage {
	s.Helper()
	page, err := s.repo.ListKeys(s.Context(), filter, wholeList())
	s.succeeds("ListKeys", err)
	if page.Rows == nil {
		s.Errorf("the rows for %+v are nil", filter)
	}
	if page.Next != "" {
		s.Errorf("a list of %d rows goes on after a page of %d", len(page.Rows), repository.MaxLimit)
	}
	return page.Rows
}

// rowFrom reads the one row of a key.
func (s *suite) row(keyID string) repository.KeyUsage {
	s.Helper()
	rows := s.list(repository.KeyFilter{KeyID: keyID})
	if len(rows) != 1 {
		s.Fatalf("the key id has %d rows, want 1", len(rows))
	}
	return rows[0]
}

// changeLog reads the log from its beginning.
func (s *suite) changeLog() []models.Change {
	s.Helper()
	entries, err := s.repo.Changes(s.Context(), repository.Cursor{}, repository.MaxLimit)
	s.succeeds("Changes", err)
	return entries
}

// race runs n goroutines that begin together, and returns their errors.
func race(n int, run func(i int) error) []error {
	errs := make([]error, n)
	begin := make(chan struct{})
	var group sync.WaitGroup
	for i := range n {
		group.Go(func() {
			<-begin
			errs[i] = run(i)
		})
	}
	close(begin)
	group.Wait()
	return errs
}

// allSucceed reports the errors of a race that nobody should lose.
func (s *suite) allSucceed(doing string, errs []error) {
	s.Helper()
	s.succeeds(doing, errors.Join(errs...))
}
