package repositorytest

import (
	"time"

	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/repository"
)

func userDeletionTests() []test {
	return []test{
		{"nothing of a deleted user is left", deletedUser},
		{"a deleted user's keys are revoked", keysOfDeletedUser},
		{"a deleted user's keys may be left in force", detachedKeys},
		{"the keys of a disabled user do not come into force", detachedKeysOfDisabledUser},
		{"deleting a user again finds none", deletedTwice},
		{"what a deleted user's keys were used for stays", usageOfDeletedUser},
	}
}

func deleteUser(s *suite, id string, detach bool) {
	s.Helper()
	s.succeeds("DeleteUser", s.repo.DeleteUser(s.Context(), actAt(hour(5)), id, repository.DeleteUserOptions{DetachKeys: detach}))
}

func deletedUser(s *suite) {
	user, _ := s.createUser("ana")
	bob, _ := s.createUser("bob")
	deleteUser(s, user.ID, false)
	s.hasNoUser("ana")
	_, err := s.repo.UserByID(s.Context(), user.ID)
	s.failsWith(repository.ErrNotFound, "UserByID", err)
	_, err = s.repo.UserByEmail(s.Context(), user.CanonicalEmail)
	s.failsWith(repository.ErrNotFound, "UserByEmail", err)
	same(s, "the users", listUsers(s, repository.UserFilter{}), []models.User{bob})
	entry := s.changeLog()[4]
	want := models.Change{Number: 5, ID: entry.ID, Object: models.ObjectUser, ObjectID: user.ID, Actor: "admin", Date: hour(5)}
	same(s, "the entry", entry, want)
	again, _ := s.createUser("ana")
	same(s, "the next user of the name", storedUser(s, again.ID), again)
}

func keysOfDeletedUser(s *suite) {
	user, first := s.createUser("ana")
	_, others := s.createUser("bob")
	second := s.createKey(newKeyFor(user))
	_, err := s.repo.RevokeKey(s.Context(), actAt(hour(2)), first.ID)
	s.succeeds("RevokeKey", err)
	deleteUser(s, user.ID, false)
	isOwnerless(s, first, hour(2))
	isOwnerless(s, second, hour(5))
	same(s, "another's key", s.stored(others), others)
	same(s, "the renewed key", s.renewKey(second.ID).IsRevoked(), false)
}

// isOwnerless reports a key that still tells of its owner, or was revoked at
// another time.
func isOwnerless(s *suite, key models.APIKey, revoked time.Time) {
	s.Helper()
	found := s.stored(key)
	if found.Version <= key.Version {
		s.Errorf("the key's version is %d, and was %d", found.Version, key.Version)
	}
	key.UserID, key.Username, key.UserVersion, key.RevocationDate = "", "", 0, revoked
	key.Version = found.Version
	same(s, "the key", found, key)
	row := s.row(key.ID)
	same(s, "the key in the list", row.APIKey, key)
	same(s, "the address in the list", row.Email, "")
}

func detachedKeys(s *suite) {
	user, key := s.createUser("ana")
	deleteUser(s, user.ID, true)
	isOwnerless(s, key, time.Time{})
	same(s, "the key's status", s.stored(key).Status(hour(1)), models.StatusActive)
}

func detachedKeysOfDisabledUser(s *suite) {
	user, key := s.createUser("ana")
	user.DisabledDate = hour(4)
	updateUser(s, user, false)
	deleteUser(s, user.ID, true)
	isOwnerless(s, key, hour(5))
}

func deletedTwice(s *suite) {
	user, _ := s.createUser("ana")
	deleteUser(s, user.ID, false)
	for _, id := range []string{user.ID, newID(), ""} {
		s.failsWith(repository.ErrNotFound, "DeleteUser", s.repo.DeleteUser(s.Context(), attribution(), id, repository.DeleteUserOptions{DetachKeys: true}))
	}
	_, err := s.repo.UpdateUser(s.Context(), attribution(), user, repository.UserUpdate{})
	s.failsWith(repository.ErrNotFound, "UpdateUser", err)
	same(s, "the number of changes", len(s.changeLog()), 3)
}

func usageOfDeletedUser(s *suite) {
	user, key := s.createUser("ana")
	flush := newFlush("node", 1, key.ID)
	flush.Hours = []models.HourUsage{{KeyID: key.ID, UserID: user.ID, Route: "/", Hour: hour(2), TotalQueries: 1}}
	s.addUsage(flush)
	deleteUser(s, user.ID, false)
	same(s, "the total", s.row(key.ID).TotalQueries, int64(1))
	series, err := s.repo.UsageSeries(s.Context(), repository.SeriesFilter{}, repository.SeriesPage{
		Interval: repository.IntervalHour, By: repository.Breakdown{User: true}, Limit: 10,
	})
	s.succeeds("UsageSeries", err)
	same(s, "the series", series.Rows, []repository.SeriesRow{{Date: hour(2), UserID: user.ID, TotalQueries: 1}})
}
