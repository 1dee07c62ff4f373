package repositorytest

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/repository"
)

func contextTests() []test {
	return []test{
		{"a cancelled context ends every call", cancelledContext},
		{"an expired context ends every call", expiredContext},
		{"cancelling in the middle leaves nothing by halves", cancelledInTheMiddle},
	}
}

// call is one method, made with arguments with which it would succeed.
type call struct {
	name string
	make func(ctx context.Context, repo repository.Repository) error
}

// calls returns every method that takes a context; user and key are stored.
func calls(user models.User, key models.APIKey) []call {
	newcomer := newUser("newcomer")
	return append(readingCalls(user, key), []call{
		{"CreateKey", func(ctx context.Context, repo repository.Repository) error {
			return repo.CreateKey(ctx, attribution(), newKeyFor(user), repository.CreateKeyOptions{})
		}},
		{"CreateUser", func(ctx context.Context, repo repository.Repository) error {
			return repo.CreateUser(ctx, attribution(), newcomer, newKeyFor(newcomer))
		}},
		{"RenewKey", func(ctx context.Context, repo repository.Repository) error {
			_, _, err := repo.RenewKey(ctx, attribution(), key.ID, repository.Renewal{Expiration: hour(20), Reactivate: true})
			return err
		}},
		{"RevokeKey", func(ctx context.Context, repo repository.Repository) error {
			_, err := repo.RevokeKey(ctx, attribution(), key.ID)
			return err
		}},
		{"AddUsage", func(ctx context.Context, repo repository.Repository) error {
			return repo.AddUsage(ctx, newFlush(newID(), 1, key.ID))
		}},
		{"an empty AddUsage", func(ctx context.Context, repo repository.Repository) error {
			return repo.AddUsage(ctx, repository.Flush{Node: newID(), Number: 1})
		}},
		{"RollUpUsage", func(ctx context.Context, repo repository.Repository) error {
			_, err := repo.RollUpUsage(ctx, hour(0))
			return err
		}},
		{"DeleteUsage", func(ctx context.Context, repo repository.Repository) error {
			_, err := repo.DeleteUsage(ctx, hour(0))
			return err
		}},
		{"DeleteKey", func(ctx context.Context, repo repository.Repository) error {
			return repo.DeleteKey(ctx, attribution(), key.ID)
		}},
		{"UpdateUser", func(ctx context.Context, repo repository.Repository) error {
			_, err := repo.UpdateUser(ctx, attribution(), user, repository.UserUpdate{RevokeKeys: true})
			return err
		}},
		{"DeleteUser", func(ctx context.Context, repo repository.Repository) error {
			return repo.DeleteUser(ctx, attribution(), user.ID, repository.DeleteUserOptions{})
		}},
	}...)
}

func readingCalls(user models.User, key models.APIKey) []call {
	return []call{
		{"KeyByHash", func(ctx context.Context, repo repository.Repository) error {
			_, err := repo.KeyByHash(ctx, key.Hash)
			return err
		}},
		{"UserByID", func(ctx context.Context, repo repository.Repository) error {
			_, err := repo.UserByID(ctx, user.ID)
			return err
		}},
		{"UserByEmail", func(ctx context.Context, repo repository.Repository) error {
			_, err := repo.UserByEmail(ctx, user.CanonicalEmail)
			return err
		}},
		{"ListUsers", func(ctx context.Context, repo repository.Repository) error {
			_, err := repo.ListUsers(ctx, repository.UserFilter{}, wholeList())
			return err
		}},
		{"UserByUsername", func(ctx context.Context, repo repository.Repository) error {
			_, err := repo.UserByUsername(ctx, user.CanonicalUsername)
			return err
		}},
		{"ListKeys", func(ctx context.Context, repo repository.Repository) error {
			_, err := repo.ListKeys(ctx, repository.KeyFilter{}, wholeList())
			return err
		}},
		{"UsageSeries", func(ctx context.Context, repo repository.Repository) error {
			_, err := repo.UsageSeries(ctx, repository.SeriesFilter{}, wholeSeries(repository.IntervalDay, byAll()))
			return err
		}},
		{"LatestChange", func(ctx context.Context, repo repository.Repository) error {
			_, err := repo.LatestChange(ctx)
			return err
		}},
		{"Changes", func(ctx context.Context, repo repository.Repository) error {
			_, err := repo.Changes(ctx, repository.Cursor{}, 10)
			return err
		}},
	}
}

func cancelledContext(s *suite) {
	ctx, cancel := context.WithCancel(s.Context())
	cancel()
	nothingHappensIn(s, ctx)
}

func expiredContext(s *suite) {
	ctx, cancel := context.WithDeadline(s.Context(), hour(0).AddDate(-20, 0, 0))
	defer cancel()
	nothingHappensIn(s, ctx)
}

// nothingHappensIn makes every call in a context that is over. A bad key and
// an outage are told apart by the error, so absence may not be claimed; and
// what the caller gave up must not happen behind their back.
func nothingHappensIn(s *suite, ctx context.Context) {
	s.Helper()
	user, key := s.createUser("ana")
	before, row := s.changeLog(), s.row(key.ID)
	for _, call := range calls(user, key) {
		err := call.make(ctx, s.repo)
		s.failsWith(ctx.Err(), call.name, err)
		isNoSentinel(s, call.name, err)
	}
	same(s, "the change log", s.changeLog(), before)
	same(s, "the key and its usage", s.row(key.ID), row)
	s.hasNoUser("newcomer")
	for _, call := range calls(user, key) {
		s.succeeds(call.name+" in a living context", call.make(s.Context(), s.repo))
	}
}

// sentinels are the errors that mean something other than an outage.
func sentinels() []error {
	return []error{
		repository.ErrNotFound, repository.ErrConflict, repository.ErrRevoked, repository.ErrOutdated,
		repository.ErrInvalidCursor, repository.ErrChangesLost, repository.ErrOutcomeUnknown,
	}
}

// isNoSentinel reports an error that claims to know more than that the store
// failed.
func isNoSentinel(s *suite, name string, err error) {
	s.Helper()
	for _, sentinel := range sentinels() {
		if errors.Is(err, sentinel) {
			s.Errorf("%s returns %v, which claims %q", name, err, sentinel)
		}
	}
}

// Contexts end at every stage of a call. At each stage the error says so, or
// there is none, and what was written is there as a whole or not at all.
// How many calls are caught in the middle depends on the machine; no promise
// does.
func cancelledInTheMiddle(s *suite) {
	user, first := s.createUser("ana")
	for i := range 150 {
		ctx, cancel := context.WithTimeout(s.Context(), time.Duration(i)*20*time.Microsecond)
		key := newKeyFor(user)
		err := s.repo.CreateKey(ctx, attribution(), key, repository.CreateKeyOptions{})
		isWholeOrAbsent(s, key, err)
		for _, call := range readingCalls(user, first) {
			if err := call.make(ctx, s.repo); err != nil {
				s.failsWith(context.DeadlineExceeded, call.name, err)
				isNoSentinel(s, call.name, err)
			}
		}
		cancel()
	}
	logMatchesKeys(s)
}

func isWholeOrAbsent(s *suite, key models.APIKey, err error) {
	s.Helper()
	settle(s, err)
	found, findErr := s.repo.KeyByHash(s.Context(), key.Hash)
	there := findErr == nil
	switch {
	case err == nil:
		same(s, "the key whose creation was acknowledged", found, key)
	case errors.Is(err, repository.ErrOutcomeUnknown):
		s.failsWith(context.DeadlineExceeded, "CreateKey", err)
	default:
		s.failsWith(context.DeadlineExceeded, "CreateKey", err)
		isNoSentinel(s, "CreateKey", err)
		same(s, "whether a key is there whose creation failed", there, false)
	}
	same(s, "whether the key has a row", len(s.list(repository.KeyFilter{KeyID: key.ID})) == 1, there)
}

// settle waits for a write whose outcome is unknown, which the server may not have
// finished: changes take turns, and one that changes nothing waits for its turn.
func settle(s *suite, err error) {
	s.Helper()
	if errors.Is(err, repository.ErrOutcomeUnknown) {
		_, err := s.repo.RevokeKey(s.Context(), attribution(), newID())
		s.failsWith(repository.ErrNotFound, "RevokeKey", err)
	}
}

// logMatchesKeys reports a log of creations that names other keys than exist.
func logMatchesKeys(s *suite) {
	s.Helper()
	want := []string{}
	for _, row := range s.list(repository.KeyFilter{}) {
		want = append(want, row.KeyID)
	}
	got := []string{}
	for i, entry := range s.changeLog() {
		same(s, fmt.Sprint("the number of entry ", i), entry.Number, int64(i+1))
		if entry.Object == models.ObjectKey {
			got = append(got, entry.ObjectID)
		}
	}
	same(s, "the keys in the log", got, want)
}
