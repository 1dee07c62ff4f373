package faults

import (
	"context"
	"reflect"

	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/repository"
)

// write is a verb that changes something, made with values of its own.
type write struct {
	name string
	run  func(ctx context.Context, repo repository.Repository, act repository.Act) error
	// repeated is what it says if it is repeated though it came into force.
	repeated error
	// objects are what its entries in the log name; repetition reports whether
	// repeating it is a change of its own, with such entries again.
	objects    []string
	repetition bool
	// keys are those whose rows it touches.
	keys []string
}

// writes returns each verb; the keys that it needs are stored.
func (s *suite) writes() []write {
	s.Helper()
	fresh, renewed, revoked, deleted := newKey(), s.createKey(s.direct), s.createKey(s.direct), s.createKey(s.direct)
	user, first := newUser(newID())
	flush := flushOf(newID(), 1, s.createKey(s.direct).ID, s.createKey(s.direct).ID)
	return []write{
		{name: "CreateKey", run: func(ctx context.Context, repo repository.Repository, act repository.Act) error {
			return repo.CreateKey(ctx, act, fresh)
		}, repeated: repository.ErrConflict, objects: []string{fresh.ID}, keys: []string{fresh.ID}},
		{name: "CreateUser", run: func(ctx context.Context, repo repository.Repository, act repository.Act) error {
			return repo.CreateUser(ctx, act, user, first)
		}, repeated: repository.ErrConflict, objects: []string{user.ID, first.ID}, keys: []string{first.ID}},
		{name: "RenewKey", run: func(ctx context.Context, repo repository.Repository, act repository.Act) error {
			_, _, err := repo.RenewKey(ctx, act, renewed.ID, hour(20), false)
			return err
		}, objects: []string{renewed.ID}, repetition: true, keys: []string{renewed.ID}},
		{name: "RevokeKey", run: func(ctx context.Context, repo repository.Repository, act repository.Act) error {
			_, err := repo.RevokeKey(ctx, act, revoked.ID)
			return err
		}, objects: []string{revoked.ID}, keys: []string{revoked.ID}},
		{name: "DeleteKey", run: func(ctx context.Context, repo repository.Repository, act repository.Act) error {
			return repo.DeleteKey(ctx, act, deleted.ID)
		}, repeated: repository.ErrNotFound, objects: []string{deleted.ID}, keys: []string{deleted.ID}},
		{name: "AddUsage", run: func(ctx context.Context, repo repository.Repository, _ repository.Act) error {
			return repo.AddUsage(ctx, flush)
		}, keys: []string{flush.Usages[0].KeyID, flush.Usages[1].KeyID}},
	}
}

// eachWrite runs a test for each verb, in parallel and on a database of its
// own. The test gets a function that makes the verb with other values each
// time.
func (s *suite) eachWrite(test func(s *suite, next func() write)) {
	for i, name := range []string{"CreateKey", "CreateUser", "RenewKey", "RevokeKey", "DeleteKey", "AddUsage"} {
		s.Run(name, func(t *testing.T) {
			t.Parallel()
			own := &suite{T: t, backend: s.backend}
			own.openProxied()
			test(own, func() write { return own.writes()[i] })
		})
	}
}

// state is what can be seen of what a write touches.
type state struct {
	rows    []repository.KeyUsage
	entries []models.Change
}

// observe reads the state past the proxy, with what was logged since a cursor.
func (s *suite) observe(w write, since repository.Cursor) state {
	s.Helper()
	now := state{entries: s.entriesAfter(s.direct, since)}
	for _, id := range w.keys {
		now.rows = append(now.rows, s.row(s.direct, id))
	}
	return now
}

func same(a, b any) bool { return reflect.DeepEqual(a, b) }
