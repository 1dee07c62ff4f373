package repositorytest

import (
	"time"

	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/repository"
)

func renewalTests() []test {
	return []test{
		{"renewal moves the expiration", renewalMovesExpiration},
		{"renewal to never and back", renewalToNever},
		{"a revoked key is left alone", revokedIsLeftAlone},
		{"a revoked key is reactivated on demand", revokedIsReactivated},
		{"an unknown key is not renewed", unknownIsNotRenewed},
		{"versions grow with each change", versionsGrow},
	}
}

// Renewing works before and after the expiration, later and earlier, and
// concerns one key.
func renewalMovesExpiration(s *suite) {
	bystander := s.createKey(newKey())
	key := s.createKey(newKey())
	for i, expiration := range []time.Time{hour(20), hour(3), hour(22)} {
		renewed, reactivated, err := s.repo.RenewKey(s.Context(), attribution(), key.ID, repository.Renewal{Expiration: expiration, Reactivate: i == 1})
		s.succeeds("RenewKey", err)
		want := key
		want.ExpirationDate, want.Version = expiration, int64(i+2)
		same(s, "the renewed key", renewed, want)
		same(s, "the key found", s.stored(key), want)
		same(s, "whether a key that was not revoked was reactivated", reactivated, false)
	}
	same(s, "the other key", s.stored(bystander), bystander)
}

func renewalToNever(s *suite) {
	key := s.createKey(newKey())
	for _, expiration := range []time.Time{{}, hour(20)} {
		renewed, _, err := s.repo.RenewKey(s.Context(), attribution(), key.ID, repository.Renewal{Expiration: expiration})
		s.succeeds("RenewKey", err)
		same(s, "whether it never expires", renewed.NeverExpires(), expiration.IsZero())
		same(s, "the key found", s.stored(key), renewed)
	}
}

func revokedIsLeftAlone(s *suite) {
	key := s.createKey(newKey())
	revoked := s.revokeKey(key.ID)
	_, reactivated, err := s.repo.RenewKey(s.Context(), attribution(), key.ID, repository.Renewal{Expiration: hour(20)})
	s.failsWith(repository.ErrRevoked, "RenewKey of a revoked key", err)
	same(s, "whether it was reactivated", reactivated, false)
	same(s, "the key found", s.stored(key), revoked)
	same(s, "the number of changes", len(s.changeLog()), 2)
}

func revokedIsReactivated(s *suite) {
	key := s.createKey(newKey())
	s.revokeKey(key.ID)
	renewed, reactivated, err := s.repo.RenewKey(s.Context(), attribution(), key.ID, repository.Renewal{Expiration: hour(20), Reactivate: true})
	s.succeeds("RenewKey", err)
	same(s, "whether it was reactivated", reactivated, true)
	want := key
	want.ExpirationDate, want.Version = hour(20), 3
	same(s, "the reactivated key", renewed, want)
	same(s, "the key found", s.stored(key), want)
}

func unknownIsNotRenewed(s *suite) {
	s.createKey(newKey())
	for _, reactivate := range []bool{false, true} {
		_, reactivated, err := s.repo.RenewKey(s.Context(), attribution(), newID(), repository.Renewal{Expiration: hour(20), Reactivate: reactivate})
		s.failsWith(repository.ErrNotFound, "RenewKey of an unknown key", err)
		same(s, "whether it was reactivated", reactivated, false)
	}
	same(s, "the number of changes", len(s.changeLog()), 1)
}

// A node that holds an old copy must be able to tell, so even a change to the
// very same values counts.
func versionsGrow(s *suite) {
	key := s.createKey(newKey())
	changes := []func(id string) models.APIKey{s.renewKey, s.renewKey, s.revokeKey, s.renewKey, s.revokeKey}
	version := int64(1)
	for _, change := range changes {
		changed := change(key.ID)
		if changed.Version <= version {
			s.Errorf("version %d follows version %d", changed.Version, version)
		}
		version = changed.Version
		same(s, "the key found", s.stored(key), changed)
	}
}

func revocationTests() []test {
	return []test{
		{"revocation keeps its date", revocationKeepsDate},
		{"revoking again changes nothing", revokingAgain},
		{"an expired key can be revoked", expiredIsRevoked},
		{"an unknown key is not revoked", unknownIsNotRevoked},
	}
}

func revocationKeepsDate(s *suite) {
	bystander := s.createKey(newKey())
	_, key := s.createUser("ana")
	revoked, err := s.repo.RevokeKey(s.Context(), actAt(hour(5)), key.ID)
	s.succeeds("RevokeKey", err)
	want := key
	want.RevocationDate, want.Version = hour(5), 2
	same(s, "the revoked key", revoked, want)
	same(s, "the key found", s.stored(key), want)
	same(s, "the other key", s.stored(bystander), bystander)
}

func revokingAgain(s *suite) {
	key := s.createKey(newKey())
	first := s.revokeKey(key.ID)
	for _, date := range []time.Time{hour(6), hour(0)} {
		again, err := s.repo.RevokeKey(s.Context(), actAt(date), key.ID)
		s.succeeds("RevokeKey again", err)
		same(s, "the key revoked again", again, first)
	}
	same(s, "the key found", s.stored(key), first)
	same(s, "the number of changes", len(s.changeLog()), 2)
}

func expiredIsRevoked(s *suite) {
	key := newKey()
	key.ExpirationDate = hour(0)
	s.createKey(key)
	revoked, err := s.repo.RevokeKey(s.Context(), actAt(hour(5)), key.ID)
	s.succeeds("RevokeKey of an expired key", err)
	same(s, "its status", revoked.Status(hour(5)), models.StatusRevoked)
	same(s, "its expiration", revoked.ExpirationDate, hour(0))
}

func unknownIsNotRevoked(s *suite) {
	s.createKey(newKey())
	_, err := s.repo.RevokeKey(s.Context(), attribution(), newID())
	s.failsWith(repository.ErrNotFound, "RevokeKey of an unknown key", err)
	same(s, "the number of changes", len(s.changeLog()), 1)
}

func deletionTests() []test {
	return []test{
		{"a deleted key is gone for every verb", deletedIsGone},
		{"the id of a deleted key is never taken again", deletedIDStaysTaken},
		{"the usage of a deleted key stays", deletedUsageStays},
		{"deleting spares the others", deletingSparesOthers},
		{"an unknown key is not deleted", unknownIsNotDeleted},
	}
}

func deletedIsGone(s *suite) {
	key := s.createKey(newKey())
	s.deleteKey(key.ID)
	s.isGone(key)
	_, _, err := s.repo.RenewKey(s.Context(), attribution(), key.ID, repository.Renewal{Expiration: hour(20), Reactivate: true})
	s.failsWith(repository.ErrNotFound, "RenewKey of a deleted key", err)
	_, err = s.repo.RevokeKey(s.Context(), attribution(), key.ID)
	s.failsWith(repository.ErrNotFound, "RevokeKey of a deleted key", err)
	err = s.repo.DeleteKey(s.Context(), attribution(), key.ID)
	s.failsWith(repository.ErrNotFound, "DeleteKey of a deleted key", err)
	same(s, "the number of changes", len(s.changeLog()), 2)
}

// Usage is told by id: a second owner of the id would inherit the first one's.
func deletedIDStaysTaken(s *suite) {
	key := s.createKey(newKey())
	s.deleteKey(key.ID)
	again := newKey()
	again.ID = key.ID
	s.conflicts("id", "CreateKey", s.repo.CreateKey(s.Context(), attribution(), again, repository.CreateKeyOptions{}))
	user := newUser("ana")
	first := newKeyFor(user)
	first.ID = key.ID
	s.conflicts("id", "CreateUser", s.repo.CreateUser(s.Context(), attribution(), user, first))
	s.hasNoUser("ana")
	s.isGone(again)
	s.isGone(first)
}

// Nothing of the key and its owner is left beside the numbers.
func deletedUsageStays(s *suite) {
	_, key := s.createUser("ana")
	s.addUsage(newFlush("node", 1, key.ID))
	s.deleteKey(key.ID)
	row := s.row(key.ID)
	same(s, "what is left", row, repository.KeyUsage{
		Usage: models.Usage{KeyID: key.ID, TotalQueries: 1, LatestQueryDate: hour(2)},
	})
	same(s, "its status", row.Status(hour(1)), models.StatusDeleted)
}

func deletingSparesOthers(s *suite) {
	user, first := s.createUser("ana")
	second := s.createKey(newKeyFor(user))
	s.deleteKey(first.ID)
	same(s, "the second key", s.stored(second), second)
	s.deleteKey(second.ID)
	found, err := s.repo.UserByUsername(s.Context(), "ana")
	s.succeeds("UserByUsername after the last key was deleted", err)
	same(s, "the user", found, user)
	s.createKey(newKeyFor(user))
}

func unknownIsNotDeleted(s *suite) {
	key := s.createKey(newKey())
	err := s.repo.DeleteKey(s.Context(), attribution(), newID())
	s.failsWith(repository.ErrNotFound, "DeleteKey of an unknown key", err)
	same(s, "the key that is there", s.stored(key), key)
	same(s, "the number of changes", len(s.changeLog()), 1)
}
