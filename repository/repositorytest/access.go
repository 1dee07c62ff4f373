package repositorytest

import (
	"time"

	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/repository"
)

func accessTests() []test {
	return []test{
		{"no key lasts longer than its user's access", accessEnds},
		{"lists know that an access has ended", endedAccessInLists},
		{"keys without an owner are not bound by the access", accessOfDetachedKeys},
		{"a fixed expiration date is not moved by the owner", fixedExpiration},
	}
}

func accessEnds(s *suite) {
	user, key := s.createUser("ana")
	user.AccessUntil = hour(6)
	user = updateUser(s, user, false)
	key.AccessUntil, key.UserVersion = hour(6), 2
	same(s, "the key", s.stored(key), key)
	same(s, "the key listed", s.row(key.ID).APIKey, key)
	lasting := newKeyFor(user)
	lasting.ExpirationDate, lasting.UserVersion, lasting.AccessUntil = time.Time{}, 2, hour(6)
	same(s, "a further key", s.stored(s.createKey(lasting)), lasting)
	renewed, _, err := s.repo.RenewKey(s.Context(), attribution(), key.ID, repository.Renewal{})
	s.succeeds("RenewKey", err)
	same(s, "the renewed key's end of access", renewed.AccessUntil, hour(6))
	same(s, "its status before", renewed.Status(hour(6).Add(-time.Millisecond)), models.StatusActive)
	same(s, "its status from then on", renewed.Status(hour(6)), models.StatusExpired)
	user.AccessUntil = time.Time{}
	updateUser(s, user, false)
	same(s, "the status when it is lifted", s.stored(lasting).Status(hour(20)), models.StatusActive)
}

func endedAccessInLists(s *suite) {
	service := s.createKey(newKey()) // expires at 12
	ana, anas := s.createUser("ana")
	bob, bobs := s.createUser("bob")
	ana.AccessUntil, bob.AccessUntil, bob.DisabledDate = hour(6), hour(6), hour(1)
	updateUser(s, ana, false)
	updateUser(s, bob, false)
	further := newKeyFor(ana)
	further.UserVersion = 0
	s.createKey(further)
	for now, want := range map[int]map[models.Status][]string{
		5:  {models.StatusActive: {service.ID, anas.ID, further.ID}, models.StatusDisabled: {bobs.ID}},
		6:  {models.StatusActive: {service.ID}, models.StatusExpired: {anas.ID, further.ID}, models.StatusDisabled: {bobs.ID}},
		12: {models.StatusExpired: {service.ID, anas.ID, further.ID}, models.StatusDisabled: {bobs.ID}},
	} {
		for _, status := range []models.Status{models.StatusActive, models.StatusExpired, models.StatusDisabled} {
			ids := []string{}
			for _, row := range s.list(repository.KeyFilter{Status: status, Now: hour(now)}) {
				ids = append(ids, row.ID)
				same(s, "the status of a row", row.Status(hour(now)), status)
			}
			same(s, "the keys that are "+string(status), ids, append([]string{}, want[status]...))
		}
	}
}

func accessOfDetachedKeys(s *suite) {
	user, key := s.createUser("ana")
	user.AccessUntil = hour(6)
	updateUser(s, user, false)
	deleteUser(s, user.ID, true)
	same(s, "the end of access", s.stored(key).AccessUntil, time.Time{})
	same(s, "the active keys", len(s.list(repository.KeyFilter{Status: models.StatusActive, Now: hour(7)})), 1)
}

func fixedExpiration(s *suite) {
	user, _ := s.createUser("ana")
	key := newKeyFor(user)
	key.ExpirationFixed = true
	s.createKey(key)
	same(s, "the key", s.stored(key), key)
	same(s, "the key listed", s.row(key.ID).APIKey, key)
	_, _, err := s.repo.RenewKey(s.Context(), attribution(), key.ID, repository.Renewal{Expiration: hour(20), ByOwner: true})
	s.failsWith(repository.ErrExpirationFixed, "RenewKey by the owner", err)
	same(s, "the key", s.stored(key), key)
	renewed, _, err := s.repo.RenewKey(s.Context(), attribution(), key.ID, repository.Renewal{Expiration: hour(20), Fixed: true})
	s.succeeds("RenewKey", err)
	same(s, "whether it is fixed still", renewed.ExpirationFixed, true)
	_, _, err = s.repo.RenewKey(s.Context(), attribution(), key.ID, repository.Renewal{Expiration: hour(20)})
	s.succeeds("RenewKey", err)
	renewed, _, err = s.repo.RenewKey(s.Context(), attribution(), key.ID, repository.Renewal{Expiration: hour(21), ByOwner: true})
	s.succeeds("RenewKey by the owner", err)
	same(s, "whether it is fixed", renewed.ExpirationFixed, false)
	same(s, "the date", renewed.ExpirationDate, hour(21))
}
