package repositorytest

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/repository"
)

// RunPruning checks PruneChanges on an empty database. The log has to be long
// for it, so insert writes entries past the repository.
func RunPruning(t *testing.T, repo repository.Repository, insert func(entries []models.Change) error) {
	s := &suite{T: t, repo: repo}
	now, err := repo.Clock(t.Context())
	s.succeeds("Clock", err)
	l := &longLog{suite: s, now: now, insert: insert}
	prune(s) // an empty log
	l.add(8*24*time.Hour, repository.ChangesKept+200)
	l.add(24*time.Hour, 1)
	prune(s)
	l.begins(202) // the newest stay, whatever their age
	l.add(8*24*time.Hour, 100)
	l.add(repository.ChangesKeptFor-time.Minute, 2*repository.ChangesKept)
	s.allSucceed("PruneChanges", race(3, func(int) error { return pruneAll(s) }))
	l.begins(repository.ChangesKept + 201) // an old one behind a young one stays
	l.goesOn()
}

// longLog is a log that was filled by hand.
type longLog struct {
	*suite
	now     time.Time
	insert  func([]models.Change) error
	entries []models.Change
}

// add appends n entries of an age.
func (l *longLog) add(age time.Duration, n int) {
	l.Helper()
	added := make([]models.Change, n)
	for i := range added {
		added[i] = models.Change{
			Number: int64(len(l.entries) + i + 1), ID: uuid.NewString(), Object: models.ObjectKey, ObjectID: newID(),
			Actor: "admin", Date: l.now.Add(-age).Truncate(time.Millisecond),
		}
	}
	l.succeeds("inserting entries", l.insert(added))
	l.entries = append(l.entries, added...)
}

func pruneAll(s *suite) error {
	for {
		more, err := s.repo.PruneChanges(s.Context())
		if err != nil || !more {
			return err
		}
	}
}

func prune(s *suite) {
	s.Helper()
	s.succeeds("PruneChanges", pruneAll(s))
}

// begins reports a log that begins with another entry. It can be followed from
// there, and from before it cannot.
func (l *longLog) begins(number int) {
	l.Helper()
	lost := []repository.Cursor{{}}
	if number > 1 {
		lost = append(lost, repository.NewCursor(l.entries[number-2]))
	}
	for _, cursor := range lost {
		_, err := l.repo.Changes(l.Context(), cursor, 1)
		l.failsWith(repository.ErrChangesLost, "Changes after what is pruned", err)
	}
	rest := changesAfter(l.suite, repository.NewCursor(l.entries[number-1]), len(l.entries))
	same(l.suite, "the rest of the log", rest, l.entries[number:])
}

// goesOn reports a change that does not get the next number.
func (l *longLog) goesOn() {
	l.Helper()
	latest := repository.NewCursor(l.entries[len(l.entries)-1])
	key := l.createKey(newKey())
	entries := changesAfter(l.suite, latest, 10)
	if len(entries) != 1 || entries[0].Number != latest.Number+1 || entries[0].ObjectID != key.ID {
		l.Errorf("after entry %d there are %+v", latest.Number, entries)
	}
}
