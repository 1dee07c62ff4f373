package repositorytest

import (
	"time"

	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/repository"
)

func changeTests() []test {
	return []test{
		{"the log is empty at first", emptyLog},
		{"each verb appends what it changed", eachVerbAppends},
		{"what changes nothing appends nothing", nothingChanged},
		{"the log is read in pages", logInPages},
		{"the latest change is the end of the log", latestChange},
		{"a foreign cursor is lost", foreignCursor},
	}
}

// logged is what an entry says, without its number and its random id.
type logged struct {
	object models.Object
	id     string
	actor  string
	date   time.Time
}

// hasLog reports a log that does not say what is wanted, in that order, or
// whose numbers have a gap.
func hasLog(s *suite, want ...logged) {
	s.Helper()
	got := []logged{}
	seen := map[string]bool{}
	for i, entry := range s.changeLog() {
		got = append(got, logged{entry.Object, entry.ObjectID, entry.Actor, entry.Date})
		same(s, "the number of an entry", entry.Number, int64(i+1))
		if entry.ID == "" || seen[entry.ID] {
			s.Errorf("entry %d has no id of its own: %q", entry.Number, entry.ID)
		}
		seen[entry.ID] = true
	}
	same(s, "the change log", got, want)
}

// changesAfter reads on from a cursor.
func changesAfter(s *suite, cursor repository.Cursor, limit int) []models.Change {
	s.Helper()
	entries, err := s.repo.Changes(s.Context(), cursor, limit)
	s.succeeds("Changes", err)
	if entries == nil {
		s.Error("the entries are nil")
	}
	return entries
}

func emptyLog(s *suite) {
	latest, err := s.repo.LatestChange(s.Context())
	s.succeeds("LatestChange", err)
	same(s, "the latest change", latest, repository.Cursor{})
	same(s, "the number of entries", len(changesAfter(s, repository.Cursor{}, 10)), 0)
	same(s, "the number of entries", len(changesAfter(s, latest, 1)), 0)
}

func eachVerbAppends(s *suite) {
	user := newUser("ana")
	first, second, edited := newKeyFor(user), newKeyFor(user), user
	edited.Version = 2
	steps := []struct {
		actor   string
		do      func(by repository.Attribution) error
		objects []logged
	}{
		{"signup", creatingUser(s, user, first), []logged{{object: models.ObjectUser, id: user.ID}, {object: models.ObjectKey, id: first.ID}}},
		{"issuer", creatingKey(s, second), []logged{{object: models.ObjectKey, id: second.ID}}},
		{"renewer", renewing(s, first.ID, false), []logged{{object: models.ObjectKey, id: first.ID}}},
		{"revoker", revoking(s, first.ID), []logged{{object: models.ObjectKey, id: first.ID}}},
		{"reviver", renewing(s, first.ID, true), []logged{{object: models.ObjectKey, id: first.ID}}},
		{"deleter", deleting(s, second.ID), []logged{{object: models.ObjectKey, id: second.ID}}},
		{"editor", updating(s, user, false), []logged{{object: models.ObjectUser, id: user.ID}}},
		{"guardian", updating(s, edited, true), []logged{{object: models.ObjectUser, id: user.ID}}},
		{"remover", deletingUser(s, user.ID), []logged{{object: models.ObjectUser, id: user.ID}}},
	}
	want := []logged{}
	for i, step := range steps {
		s.succeeds(step.actor, step.do(repository.Attribution{Actor: step.actor, At: hour(i)}))
		for _, entry := range step.objects {
			entry.actor, entry.date = step.actor, hour(i)
			want = append(want, entry)
		}
		hasLog(s, want...)
	}
}

func creatingUser(s *suite, user models.User, key models.APIKey) func(repository.Attribution) error {
	return func(by repository.Attribution) error { return s.repo.CreateUser(s.Context(), by, user, key) }
}

func creatingKey(s *suite, key models.APIKey) func(repository.Attribution) error {
	return func(by repository.Attribution) error {
		return s.repo.CreateKey(s.Context(), by, key, repository.CreateKeyOptions{})
	}
}

func renewing(s *suite, id string, reactivate bool) func(repository.Attribution) error {
	return func(by repository.Attribution) error {
		_, _, err := s.repo.RenewKey(s.Context(), by, id, repository.Renewal{Expiration: hour(20), Reactivate: reactivate})
		return err
	}
}

func revoking(s *suite, id string) func(repository.Attribution) error {
	return func(by repository.Attribution) error {
		_, err := s.repo.RevokeKey(s.Context(), by, id)
		return err
	}
}

func deleting(s *suite, id string) func(repository.Attribution) error {
	return func(by repository.Attribution) error { return s.repo.DeleteKey(s.Context(), by, id) }
}

func updating(s *suite, user models.User, revokeKeys bool) func(repository.Attribution) error {
	return func(by repository.Attribution) error {
		_, err := s.repo.UpdateUser(s.Context(), by, user, repository.UserUpdate{RevokeKeys: revokeKeys})
		return err
	}
}

func deletingUser(s *suite, id string) func(repository.Attribution) error {
	return func(by repository.Attribution) error {
		return s.repo.DeleteUser(s.Context(), by, id, repository.DeleteUserOptions{})
	}
}

// Failures, repetitions and reads leave neither an entry nor a gap: the entry
// of the next change has the next number.
func nothingChanged(s *suite) {
	user, key := s.createUser("ana")
	s.revokeKey(key.ID)
	s.createUser("bob")
	before := s.changeLog()
	unknown, twin := newKey(), newUser("ana")
	outdated, moved := user, user
	outdated.Version, moved.CanonicalEmail = 7, "bob@example.org"
	for _, idle := range []func(repository.Attribution) error{
		creatingKey(s, key), creatingKey(s, newKeyFor(twin)), creatingUser(s, twin, newKeyFor(twin)),
		renewing(s, key.ID, false), renewing(s, unknown.ID, true), revoking(s, key.ID),
		revoking(s, unknown.ID), deleting(s, unknown.ID),
		updating(s, outdated, true), updating(s, moved, true), updating(s, twin, true), deletingUser(s, twin.ID),
	} {
		_ = idle(attribution()) // what each returns is tested elsewhere
		same(s, "the change log", s.changeLog(), before)
	}
	s.createKey(newKeyFor(user))
	after := s.changeLog()
	same(s, "the earlier entries", after[:len(after)-1], before)
	same(s, "the next number", after[len(after)-1].Number, int64(len(before)+1))
}

// fiveChanges makes a log of five entries.
func fiveChanges(s *suite) []models.Change {
	s.Helper()
	for range 5 {
		s.createKey(newKey())
	}
	return s.changeLog()
}

func logInPages(s *suite) {
	whole := fiveChanges(s)
	for _, limit := range []int{1, 2, 3, 4, 5, 6, 1000} {
		read, cursor := []models.Change{}, repository.Cursor{}
		for {
			entries := changesAfter(s, cursor, limit)
			if len(entries) == 0 {
				break
			}
			if len(entries) > limit {
				s.Fatalf("%d entries come for a limit of %d", len(entries), limit)
			}
			read = append(read, entries...)
			cursor = repository.NewCursor(entries[len(entries)-1])
		}
		same(s, "the log read in pages", read, whole)
	}
}

func latestChange(s *suite) {
	for range 3 {
		s.createKey(newKey())
		log := s.changeLog()
		latest, err := s.repo.LatestChange(s.Context())
		s.succeeds("LatestChange", err)
		same(s, "the latest change", latest, repository.NewCursor(log[len(log)-1]))
		same(s, "the number of entries after it", len(changesAfter(s, latest, 10)), 0)
	}
}

// Each of these is what a node may hold after the database was exchanged.
func foreignCursor(s *suite) {
	ahead := repository.Cursor{Number: 1, ID: newID()}
	_, err := s.repo.Changes(s.Context(), ahead, 10)
	s.failsWith(repository.ErrChangesLost, "Changes of an empty log", err)
	whole := fiveChanges(s)
	for name, cursor := range map[string]repository.Cursor{
		"with a foreign id":          {Number: 3, ID: newID()},
		"with another entry's id":    {Number: 3, ID: whole[3].ID},
		"without an id":              {Number: 3},
		"with no number":             {ID: whole[0].ID},
		"at the end, with a foreign": {Number: 5, ID: newID()},
		"one beyond the end":         {Number: 6, ID: whole[4].ID},
		"far beyond the end":         {Number: 1 << 60, ID: newID()},
		"before the beginning":       {Number: -1, ID: whole[0].ID},
	} {
		_, err := s.repo.Changes(s.Context(), cursor, 10)
		s.failsWith(repository.ErrChangesLost, "Changes after a cursor "+name, err)
	}
}
