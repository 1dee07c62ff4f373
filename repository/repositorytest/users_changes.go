package repositorytest

import (
	"time"

	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/repository"
)

func userChangeTests() []test {
	return []test{
		{"all of a user that can change does", userChangesWhole},
		{"what of a user cannot change stays", userKeepsTheRest},
		{"an address that a user leaves is free", addressIsFreed},
		{"a change of a user that was changed meanwhile is refused", outdatedUser},
		{"an address that is taken changes nothing", takenAddress},
		{"a change of a user is one entry of the log", userChangeIsLogged},
		{"a user may have all keys revoked with a change", keysRevoked},
		{"a disabled user's keys say so", disabledUser},
		{"a key is issued to the version of a user that it names", keyOfVersion},
	}
}

// changed is the user with all that can change.
func changed(user models.User) models.User {
	user.Email, user.CanonicalEmail = "New@Example.org", "new@example.org"
	user.PasswordHash = "$argon2id$v=19$m=19456,t=2,p=1$bmV3$bmV3"
	user.ChangeDate, user.DisabledDate, user.ConfirmationDate, user.AccessUntil = hour(3), hour(4), hour(5), hour(6)
	return user
}

func updateUser(s *suite, user models.User, revokeKeys bool) models.User {
	s.Helper()
	updated, err := s.repo.UpdateUser(s.Context(), attribution(), user, repository.UserUpdate{RevokeKeys: revokeKeys})
	s.succeeds("UpdateUser", err)
	return updated
}

func storedUser(s *suite, id string) models.User {
	s.Helper()
	found, err := s.repo.UserByID(s.Context(), id)
	s.succeeds("UserByID", err)
	return found
}

func userChangesWhole(s *suite) {
	user, _ := s.createUser("ana")
	bob, _ := s.createUser("bob")
	want := changed(user)
	want.Version = 2
	same(s, "the user returned", updateUser(s, changed(user), false), want)
	same(s, "the user", storedUser(s, user.ID), want)
	found, err := s.repo.UserByEmail(s.Context(), "new@example.org")
	s.succeeds("UserByEmail", err)
	same(s, "the user of the new address", found, want)
	_, err = s.repo.UserByEmail(s.Context(), user.CanonicalEmail)
	s.failsWith(repository.ErrNotFound, "UserByEmail of the old address", err)
	user.Version = 2
	same(s, "the user returned", updateUser(s, user, false).AccessUntil, time.Time{})
	user.Version = 3
	same(s, "the user changed back", storedUser(s, user.ID), user)
	same(s, "the other user", storedUser(s, bob.ID), bob)
}

func userKeepsTheRest(s *suite) {
	user, _ := s.createUser("ana")
	other := user
	other.Username, other.CanonicalUsername, other.CreationDate, other.MailFailureDate = "Eve", "eve", hour(9), hour(9)
	want := user
	want.Version = 2
	same(s, "the user", updateUser(s, other, false), want)
	s.hasNoUser("eve")
}

func addressIsFreed(s *suite) {
	ana, _ := s.createUser("ana")
	bob, _ := s.createUser("bob")
	updateUser(s, changed(ana), false)
	bob.CanonicalEmail = ana.CanonicalEmail
	same(s, "who moved in", updateUser(s, bob, false).CanonicalEmail, ana.CanonicalEmail)
	found, err := s.repo.UserByEmail(s.Context(), ana.CanonicalEmail)
	s.succeeds("UserByEmail", err)
	same(s, "the user of the address", found.ID, bob.ID)
	eve := newUser("eve")
	eve.CanonicalEmail = "bob@example.org"
	s.succeeds("CreateUser with the other's address", s.repo.CreateUser(s.Context(), attribution(), eve, newKeyFor(eve)))
}

func outdatedUser(s *suite) {
	user, key := s.createUser("ana")
	current := updateUser(s, user, false)
	before := len(s.changeLog())
	for _, version := range []int64{0, 1, 3} {
		outdated := changed(user)
		outdated.Version = version
		_, err := s.repo.UpdateUser(s.Context(), attribution(), outdated, repository.UserUpdate{RevokeKeys: true})
		s.failsWith(repository.ErrOutdated, "UpdateUser", err)
	}
	unknown := changed(user)
	unknown.ID = newID()
	_, err := s.repo.UpdateUser(s.Context(), attribution(), unknown, repository.UserUpdate{RevokeKeys: true})
	s.failsWith(repository.ErrNotFound, "UpdateUser of nobody", err)
	same(s, "the user", storedUser(s, user.ID), current)
	same(s, "whether the key is revoked", s.stored(key).IsRevoked(), false)
	same(s, "the number of changes", len(s.changeLog()), before)
}

func takenAddress(s *suite) {
	user, key := s.createUser("ana")
	bob, _ := s.createUser("bob")
	taken := changed(user)
	taken.CanonicalEmail = bob.CanonicalEmail
	_, err := s.repo.UpdateUser(s.Context(), attribution(), taken, repository.UserUpdate{RevokeKeys: true})
	s.conflicts("email", "UpdateUser", err)
	same(s, "the user", storedUser(s, user.ID), user)
	same(s, "whether the key is revoked", s.stored(key).IsRevoked(), false)
	same(s, "the number of changes", len(s.changeLog()), 4)
}

func userChangeIsLogged(s *suite) {
	user, _ := s.createUser("ana")
	_, err := s.repo.UpdateUser(s.Context(), repository.Attribution{Actor: "someone", At: hour(8)}, user, repository.UserUpdate{RevokeKeys: true})
	s.succeeds("UpdateUser", err)
	log := s.changeLog()
	same(s, "the number of changes", len(log), 3)
	entry := log[len(log)-1]
	want := models.Change{Number: 3, ID: entry.ID, Object: models.ObjectUser, ObjectID: user.ID, Actor: "someone", Date: hour(8)}
	same(s, "the entry", entry, want)
}

func keysRevoked(s *suite) {
	user, first := s.createUser("ana")
	_, others := s.createUser("bob")
	second, service := s.createKey(newKeyFor(user)), s.createKey(newKey())
	_, err := s.repo.RevokeKey(s.Context(), actAt(hour(2)), first.ID)
	s.succeeds("RevokeKey", err)
	_, err = s.repo.UpdateUser(s.Context(), actAt(hour(3)), user, repository.UserUpdate{RevokeKeys: true})
	s.succeeds("UpdateUser", err)
	same(s, "the date of what was revoked before", s.stored(first).RevocationDate, hour(2))
	same(s, "the version of what was revoked before", s.stored(first).Version, int64(2))
	same(s, "the date of what was not", s.stored(second).RevocationDate, hour(3))
	same(s, "the version of what was not", s.stored(second).Version, int64(2))
	same(s, "the user's version with the key", s.stored(second).UserVersion, int64(2))
	for _, key := range []models.APIKey{others, service} {
		same(s, "another's key", s.stored(key), key)
	}
	later := newKeyFor(user)
	later.UserVersion = 2
	same(s, "a key that was issued later", s.stored(s.createKey(later)), later)
	key, reactivated, err := s.repo.RenewKey(s.Context(), attribution(), second.ID, repository.Renewal{Expiration: hour(20), Reactivate: true})
	s.succeeds("RenewKey", err)
	same(s, "whether it was reactivated", reactivated, true)
	same(s, "the key", s.stored(second), key)
	same(s, "whether it is revoked", key.IsRevoked(), false)
}

func disabledUser(s *suite) {
	user, key := s.createUser("ana")
	_, others := s.createUser("bob")
	user.DisabledDate = hour(4)
	user = updateUser(s, user, false)
	key.DisabledDate, key.UserVersion = hour(4), 2
	same(s, "the key", s.stored(key), key)
	same(s, "the key in the list", s.row(key.ID).APIKey, key)
	further := newKeyFor(user)
	further.UserVersion, further.DisabledDate = 2, hour(4)
	same(s, "a further key", s.stored(s.createKey(further)), further)
	same(s, "another's key", s.stored(others), others)
	same(s, "the renewed key", s.renewKey(key.ID).DisabledDate, hour(4))
	same(s, "the revoked key", s.revokeKey(key.ID).DisabledDate, hour(4))
	user.DisabledDate = time.Time{}
	updateUser(s, user, false)
	same(s, "the key of the enabled user", s.stored(key).DisabledDate, time.Time{})
	same(s, "the further key of the enabled user", s.stored(further).Status(hour(1)), models.StatusActive)
}

func keyOfVersion(s *suite) {
	user, _ := s.createUser("ana")
	updateUser(s, user, false)
	for _, version := range []int64{1, 3} {
		key := newKeyFor(user)
		key.UserVersion = version
		s.failsWith(repository.ErrOutdated, "CreateKey", s.repo.CreateKey(s.Context(), attribution(), key, repository.CreateKeyOptions{}))
		s.isGone(key)
	}
	same(s, "the number of changes", len(s.changeLog()), 3)
	service := newKey()
	service.UserVersion = 7
	s.createKey(service)
	same(s, "the version with a key of nobody", s.stored(service).UserVersion, int64(0))
	for _, version := range []int64{0, 2} {
		key := newKeyFor(user)
		key.UserVersion = version
		s.createKey(key)
		key.UserVersion = 2
		same(s, "the key", s.stored(key), key)
	}
}
