package faults

import (
	"context"
	"crypto/sha256"
	"errors"
	"reflect"
	"slices"
	"testing"

	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/repository"
)

// write is a verb that changes something, with values of its own.
type write struct {
	name string
	run  func(ctx context.Context, repo repository.Repository, by repository.Attribution) error
	// repeated is what it says if it is repeated though it came into force.
	repeated error
	// objects are what its entries in the log name, and keyIDs whose rows it
	// touches.
	objects, keyIDs []string
}

const renewal, flush = "RenewKey", "AddUsage"

// verbs make writes; what a write needs is stored then.
func verbs() map[string]func(s *suite) write {
	return map[string]func(s *suite) write{
		"CreateKey": keyCreation, "CreateUser": userCreation, renewal: keyRenewal,
		"RevokeKey": keyRevocation, "DeleteKey": keyDeletion, flush: usageFlush,
		"UpdateUser": userUpdate, "DeleteUser": userDeletion,
	}
}

func keyCreation(*suite) write {
	key := newKey()
	return write{"CreateKey", func(ctx context.Context, repo repository.Repository, by repository.Attribution) error {
		return repo.CreateKey(ctx, by, key, repository.CreateKeyOptions{})
	}, repository.ErrConflict, []string{key.ID}, []string{key.ID}}
}

func userCreation(*suite) write {
	user, key := newUser(newID())
	return write{"CreateUser", func(ctx context.Context, repo repository.Repository, by repository.Attribution) error {
		return repo.CreateUser(ctx, by, user, key)
	}, repository.ErrConflict, []string{user.ID, key.ID}, []string{key.ID}}
}

func keyRenewal(s *suite) write {
	key := s.createKey(s.direct)
	return write{renewal, func(ctx context.Context, repo repository.Repository, by repository.Attribution) error {
		_, _, err := repo.RenewKey(ctx, by, key.ID, repository.Renewal{Expiration: hour(20)})
		return err
	}, nil, []string{key.ID}, []string{key.ID}}
}

func keyRevocation(s *suite) write {
	key := s.createKey(s.direct)
	return write{"RevokeKey", func(ctx context.Context, repo repository.Repository, by repository.Attribution) error {
		_, err := repo.RevokeKey(ctx, by, key.ID)
		return err
	}, nil, []string{key.ID}, []string{key.ID}}
}

func keyDeletion(s *suite) write {
	key := s.createKey(s.direct)
	return write{"DeleteKey", func(ctx context.Context, repo repository.Repository, by repository.Attribution) error {
		return repo.DeleteKey(ctx, by, key.ID)
	}, repository.ErrNotFound, []string{key.ID}, []string{key.ID}}
}

// userUpdate uses up a token and revokes the user's keys with it.
func userUpdate(s *suite) write {
	user, key := createUser(s)
	hash := sha256.Sum256([]byte(user.ID))
	token := models.Token{Hash: hash[:], UserID: user.ID, Purpose: "reset", CreationDate: hour(0), ExpirationDate: hour(23)}
	s.succeeds("AddToken", s.direct.AddToken(s.Context(), token))
	return write{"UpdateUser", func(ctx context.Context, repo repository.Repository, by repository.Attribution) error {
		_, err := repo.UpdateUser(ctx, by, user, repository.UserUpdate{RevokeKeys: true, UseToken: token.Hash})
		return err
	}, repository.ErrTokenUsed, []string{user.ID}, []string{key.ID}}
}

func userDeletion(s *suite) write {
	user, key := createUser(s)
	return write{"DeleteUser", func(ctx context.Context, repo repository.Repository, by repository.Attribution) error {
		return repo.DeleteUser(ctx, by, user.ID, repository.DeleteUserOptions{})
	}, repository.ErrNotFound, []string{user.ID}, []string{key.ID}}
}

func createUser(s *suite) (models.User, models.APIKey) {
	s.Helper()
	user, key := newUser(newID())
	s.succeeds("CreateUser", s.direct.CreateUser(s.Context(), attribution(), user, key))
	return user, key
}

func usageFlush(s *suite) write {
	ids := []string{s.createKey(s.direct).ID, newID()} // one of them of no key
	usage := newFlush(newID(), 1, ids...)
	return write{flush, func(ctx context.Context, repo repository.Repository, _ repository.Attribution) error {
		return repo.AddUsage(ctx, usage)
	}, nil, nil, ids}
}

// eachWrite runs a test for each verb, in parallel and on a database of its
// own. next returns the verb with other values each time.
func eachWrite(s *suite, test func(s *suite, next func() write)) {
	for name, verb := range verbs() {
		s.Run(name, func(t *testing.T) {
			t.Parallel()
			own := &suite{T: t, backend: s.backend}
			own.openProxied()
			test(own, func() write { return verb(own) })
		})
	}
}

// state is what can be seen of what a write touches.
type state struct {
	rows    []repository.KeyUsage
	entries []models.Change
}

// observe reads the state past the proxy, with what was logged since a cursor.
func observe(s *suite, w write, since repository.Cursor) state {
	s.Helper()
	now := state{entries: s.entriesAfter(s.direct, since)}
	for _, id := range w.keyIDs {
		now.rows = append(now.rows, s.row(s.direct, id))
	}
	return now
}

func same(a, b any) bool { return reflect.DeepEqual(a, b) }

// attempt is a write that a fault met, and its repetition.
type attempt struct {
	write
	met                bool // whether the fault came before the write was through
	err, again         error
	before, after, end state
}

// try makes a write, of which the n-th message that counts meets its fate, and
// repeats it.
func try(s *suite, w write, n int, counts func(message []byte) bool, what fate) attempt {
	s.Helper()
	since, err := s.direct.LatestChange(s.Context())
	s.succeeds("LatestChange", err)
	a := attempt{write: w, before: observe(s, w, since)}
	ended := s.proxy.strike(n, counts, what)
	a.err = s.endsPromptly(w.name, func() error { return w.run(s.Context(), s.repo, attribution()) })
	a.met = ended()
	a.after = observe(s, w, since)
	a.again = w.run(s.Context(), s.repo, actAt(hour(2)))
	a.end = observe(s, w, since)
	return a
}

func (a attempt) changed() bool { return !same(a.before, a.after) }

// keepsPromises reports a write that said something else than what happened,
// or that was not safe to repeat.
func keepsPromises(s *suite, n int, a attempt) {
	s.Helper()
	unknown := errors.Is(a.err, repository.ErrOutcomeUnknown)
	if !unknown && a.changed() != (a.err == nil) {
		s.Errorf("message %d: it returns %v, and whether something has changed is %t", n, a.err, a.changed())
	}
	switch {
	case !a.changed():
		s.returns(nil, "repeating what never happened", a.again)
	case !errors.Is(a.again, a.repeated):
		s.Errorf("message %d: repeating it returns %v, want %v", n, a.again, a.repeated)
	case a.name != renewal && a.name != flush && !same(a.end, a.after):
		s.Errorf("message %d: repeating it made\n%+v of\n%+v", n, a.end, a.after)
	}
	isDoneOnce(s, n, a)
}

// isDoneOnce looks at the outcome. A renewal that is repeated is a change of
// its own.
func isDoneOnce(s *suite, n int, a attempt) {
	s.Helper()
	want, got := a.objects, []string(nil)
	if a.name == renewal && a.changed() {
		want = slices.Concat(want, want)
	}
	for _, entry := range a.end.entries {
		got = append(got, entry.ObjectID)
	}
	if !slices.Equal(got, want) {
		s.Errorf("message %d: the log names %v, want %v", n, got, want)
	}
	for _, row := range a.end.rows {
		if a.name == flush && row.TotalQueries != 1 {
			s.Errorf("message %d: the total is %d, want 1", n, row.TotalQueries)
		}
	}
}
