package repositorytest

import (
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/repository"
)

func bulkTests() []test {
	return []test{
		{"a batch is stored as a whole", wholeBatch},
		{"a batch that fails leaves nothing", failingBatch},
		{"a batch is stored once, however often it is sent", repeatedBatch},
		{"a batch minds the bound of a user", boundedBatch},
		{"one of many gets a batch", racingBatch},
		{"a large batch", largeBatch},
		{"revoking many revokes what meets the filter", revokingMany},
		{"revoking many looks at the use again", usedMeanwhile},
		{"matching keys are neither revoked nor deleted", matchingKeys},
	}
}

func newBatch(n int) repository.Batch {
	batch := repository.Batch{ID: newID()}
	for range n {
		batch.Keys = append(batch.Keys, newKey())
	}
	return batch
}

func (s *suite) createBatch(batch repository.Batch) error {
	return s.repo.CreateKeys(s.Context(), attribution(), batch, repository.CreateKeyOptions{})
}

func wholeBatch(s *suite) {
	user, _ := s.createUser("ana")
	batch := newBatch(3)
	batch.Keys[1] = newKeyFor(user)
	s.succeeds("CreateKeys", s.createBatch(batch))
	logged := []string{}
	for _, entry := range s.changeLog()[2:] {
		logged = append(logged, entry.ObjectID)
	}
	ids := []string{}
	for _, key := range batch.Keys {
		ids = append(ids, key.ID)
		same(s, "a key of the batch", s.stored(key), key)
		same(s, "its row", s.row(key.ID).APIKey, key)
	}
	same(s, "the change log", logged, ids)
	same(s, "a revoked key of the batch", s.revokeKey(ids[0]).IsRevoked(), true)
	s.deleteKey(ids[2])
}

func failingBatch(s *suite) {
	user, _ := s.createUser("ana")
	outdated, unknown, taken := newKeyFor(user), newKeyFor(user), newKey()
	outdated.UserVersion, unknown.UserID, unknown.UserVersion = 7, "nobody", 0
	s.createKey(taken)
	for want, bad := range map[error]models.APIKey{repository.ErrOutdated: outdated, repository.ErrNotFound: unknown, repository.ErrConflict: taken} {
		batch := newBatch(4)
		batch.Keys[2] = bad
		before := len(s.changeLog())
		s.failsWith(want, "CreateKeys", s.createBatch(batch))
		for _, key := range []models.APIKey{batch.Keys[0], batch.Keys[3]} {
			s.isGone(key)
			finds(s, repository.KeyFilter{KeyID: key.ID}, nil)
		}
		same(s, "the number of changes", len(s.changeLog()), before)
		batch.Keys[2] = newKey()
		s.succeeds("CreateKeys after a failure", s.createBatch(batch))
	}
}

func repeatedBatch(s *suite) {
	batch := newBatch(2)
	ids := []string{batch.Keys[0].ID, batch.Keys[1].ID}
	s.succeeds("CreateKeys", s.createBatch(batch))
	s.deleteKey(ids[0])
	again := newBatch(5)
	again.ID = batch.ID
	var stored *repository.BatchError
	if err := s.createBatch(again); !errors.As(err, &stored) || !slices.Equal(stored.KeyIDs, ids) {
		s.Errorf("the second batch of the id returns %v (%+v), want the keys %q", err, stored, ids)
	}
	s.isGone(again.Keys[0])
}

func boundedBatch(s *suite) {
	user, _ := s.createUser("ana")
	batch := newBatch(1)
	batch.Keys = append(batch.Keys, newKeyFor(user), newKeyFor(user))
	options := repository.CreateKeyOptions{MaxKeys: 2}
	s.failsWith(repository.ErrTooManyKeys, "CreateKeys", s.repo.CreateKeys(s.Context(), attribution(), batch, options))
	s.isGone(batch.Keys[0])
	options.MaxKeys = 3
	s.succeeds("CreateKeys", s.repo.CreateKeys(s.Context(), attribution(), batch, options))
}

// Of batches of one id that are sent at once, one is stored, and all others name its keys.
func racingBatch(s *suite) {
	id := newID()
	var mu sync.Mutex
	named := map[string]int{}
	errs := race(8, func(int) error {
		batch := newBatch(3)
		batch.ID = id
		err := s.createBatch(batch)
		var stored *repository.BatchError
		first := batch.Keys[0].ID
		if errors.As(err, &stored) && len(stored.KeyIDs) == 3 {
			first = stored.KeyIDs[0]
		}
		mu.Lock()
		named[first]++
		mu.Unlock()
		return err
	})
	stored := 0
	for _, err := range errs {
		if err == nil {
			stored++
			continue
		}
		s.failsWith(repository.ErrConflict, "CreateKeys", err)
	}
	same(s, "the number of batches that are stored", stored, 1)
	same(s, "the number of first keys that are named", len(named), 1)
	same(s, "the number of keys", len(s.list(repository.KeyFilter{})), 3)
}

func largeBatch(s *suite) {
	batch := newBatch(repository.BatchSize)
	s.succeeds("CreateKeys", s.createBatch(batch))
	same(s, "the last key", s.stored(batch.Keys[len(batch.Keys)-1]), batch.Keys[len(batch.Keys)-1])
	ids := []string{}
	for _, key := range batch.Keys {
		ids = append(ids, key.ID)
	}
	revoked, err := s.repo.RevokeKeys(s.Context(), actAt(hour(3)), repository.KeyFilter{}, ids)
	s.succeeds("RevokeKeys", err)
	same(s, "the number of revoked keys", len(revoked), len(ids))
	last, err := s.repo.LatestChange(s.Context())
	s.succeeds("LatestChange", err)
	same(s, "the number of changes", last.Number, int64(2*repository.BatchSize))
}

func revokingMany(s *suite) {
	h := newHousehold(s)
	by := repository.Attribution{Actor: "cleaner", At: hour(4)}
	before := len(s.changeLog())
	revoked, err := s.repo.RevokeKeys(s.Context(), by, repository.KeyFilter{Name: "laptop"}, []string{h.anas, h.anasOther, h.bobs, h.service, h.deleted, "nothing"})
	s.succeeds("RevokeKeys", err)
	slices.Sort(revoked)
	want := []string{h.anasOther, h.service}
	slices.Sort(want)
	same(s, "the revoked keys", revoked, want)
	for _, id := range want {
		row := s.row(id)
		same(s, "the revocation", row.RevocationDate, hour(4))
		same(s, "the version", row.Version, int64(2))
		same(s, "the status", row.Status(hour(5)), models.StatusRevoked)
	}
	finds(s, repository.KeyFilter{Status: models.StatusRevoked, Now: hour(5)}, append(want, h.bobs))
	entries := s.changeLog()[before:]
	same(s, "the number of changes", len(entries), 2)
	for _, entry := range entries {
		same(s, "the actor", entry.Actor, "cleaner")
		same(s, "whether the key was revoked", slices.Contains(want, entry.ObjectID), true)
	}
	revoked, err = s.repo.RevokeKeys(s.Context(), by, repository.KeyFilter{Name: "laptop"}, want)
	s.succeeds("RevokeKeys again", err)
	same(s, "the number of keys that are revoked again", len(revoked), 0)
	same(s, "the number of changes", len(s.changeLog()), before+2)
}

func usedMeanwhile(s *suite) {
	idle, used := s.createKey(newKey()), s.createKey(newKey())
	filter := repository.KeyFilter{UnusedSince: hour(3)}
	ids, err := s.repo.MatchingKeys(s.Context(), filter, 10)
	s.succeeds("MatchingKeys", err)
	same(s, "the number of unused keys", len(ids), 2)
	s.addUsage(flushOne("node", 1, used.ID, 1, hour(4)))
	revoked, err := s.repo.RevokeKeys(s.Context(), actAt(hour(5)), filter, ids)
	s.succeeds("RevokeKeys", err)
	same(s, "the revoked keys", revoked, []string{idle.ID})
}

func matchingKeys(s *suite) {
	h := newHousehold(s)
	for _, c := range []struct {
		filter repository.KeyFilter
		want   []string
	}{
		{repository.KeyFilter{}, []string{h.anas, h.anasOther, h.service}},
		{repository.KeyFilter{UserID: h.ana.ID}, []string{h.anas, h.anasOther}},
		{repository.KeyFilter{Status: models.StatusExpired, Now: hour(12)}, []string{h.anas, h.anasOther, h.service}},
		{repository.KeyFilter{Status: models.StatusRevoked, Now: hour(12)}, nil},
	} {
		ids, err := s.repo.MatchingKeys(s.Context(), c.filter, 10)
		s.succeeds("MatchingKeys", err)
		slices.Sort(ids)
		slices.Sort(c.want)
		if !slices.Equal(ids, c.want) {
			s.Errorf("%+v matches %q, want %q", c.filter, ids, c.want)
		}
	}
	ids, err := s.repo.MatchingKeys(s.Context(), repository.KeyFilter{}, 2)
	s.succeeds("MatchingKeys", err)
	same(s, fmt.Sprint("the number of ", ids), len(ids), 2)
}
