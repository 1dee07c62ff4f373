package repositorytest

import (
	"time"

	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/repository"
)

func userNoteTests() []test {
	return []test{
		{"it is noted since when mail fails", mailFailure},
		{"a changed address has not failed yet", mailFailureOfAddress},
		{"a password is rehashed while its hash is the old one", rehash},
		{"neither is a change of the user", notesAreNoChange},
	}
}

func noteMailFailure(s *suite, userID string, date time.Time) {
	s.Helper()
	s.succeeds("NoteMailFailure", s.repo.NoteMailFailure(s.Context(), userID, date))
}

func mailFailure(s *suite) {
	user, _ := s.createUser("ana")
	bob, _ := s.createUser("bob")
	noteMailFailure(s, user.ID, clockTime(3))
	user.MailFailureDate = keptTime(3)
	same(s, "the user", storedUser(s, user.ID), user)
	noteMailFailure(s, user.ID, hour(5))
	same(s, "the user whose mail still fails", storedUser(s, user.ID), user)
	noteMailFailure(s, user.ID, time.Time{})
	noteMailFailure(s, user.ID, time.Time{})
	user.MailFailureDate = time.Time{}
	same(s, "the user whose mail is delivered", storedUser(s, user.ID), user)
	same(s, "the other user", storedUser(s, bob.ID), bob)
	noteMailFailure(s, newID(), hour(5))
	deleteUser(s, user.ID, false)
	noteMailFailure(s, user.ID, hour(5))
	same(s, "the users", listUsers(s, repository.UserFilter{}), []models.User{bob})
}

// A change of a user leaves alone what was noted meanwhile.
func mailFailureOfAddress(s *suite) {
	user, _ := s.createUser("ana")
	noteMailFailure(s, user.ID, hour(3))
	user.ConfirmationDate = hour(4)
	user = updateUser(s, user, false)
	same(s, "the date", user.MailFailureDate, hour(3))
	user.Email, user.CanonicalEmail = "New@Example.org", "new@example.org"
	user = updateUser(s, user, false)
	same(s, "the date of the new address", user.MailFailureDate, time.Time{})
	same(s, "the user", storedUser(s, user.ID), user)
}

func rehash(s *suite) {
	user, _ := s.createUser("ana")
	s.succeeds("RehashPassword", s.repo.RehashPassword(s.Context(), user.ID, user.PasswordHash, "$new$"))
	again := s.repo.RehashPassword(s.Context(), user.ID, user.PasswordHash, "$newer$")
	s.failsWith(repository.ErrOutdated, "RehashPassword of another hash", again)
	user.PasswordHash = "$new$"
	same(s, "the user", storedUser(s, user.ID), user)
	s.succeeds("RehashPassword", s.repo.RehashPassword(s.Context(), user.ID, "$new$", "$new$"))
	for _, id := range []string{newID(), ""} {
		s.failsWith(repository.ErrNotFound, "RehashPassword of nobody", s.repo.RehashPassword(s.Context(), id, "$new$", "$newer$"))
	}
}

func notesAreNoChange(s *suite) {
	user, key := s.createUser("ana")
	before := len(s.changeLog())
	noteMailFailure(s, user.ID, hour(3))
	s.succeeds("RehashPassword", s.repo.RehashPassword(s.Context(), user.ID, user.PasswordHash, "$new$"))
	same(s, "the version", storedUser(s, user.ID).Version, user.Version)
	same(s, "the key", s.stored(key), key)
	same(s, "the number of changes", len(s.changeLog()), before)
	updateUser(s, user, false)
}
