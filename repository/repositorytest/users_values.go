package repositorytest

import (
	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/repository"
)

func userValueTests() []test {
	return []test{
		{"hostile strings in a user are plain values", hostileUsers},
		{"hostile strings find no user but their own", hostileStringsFindNobody},
		{"hostile ids name one user", hostileUserIDs},
		{"very long values of a user are kept whole", longUsers},
		{"empty values of a user stay empty", emptyUser},
	}
}

// filledWith is the user with the value in each text that can change.
func filledWith(user models.User, value string) models.User {
	user.Email, user.CanonicalEmail, user.PasswordHash = value, value, value
	return user
}

func hostileUsers(s *suite) {
	users := map[string]models.User{}
	for _, value := range hostile() {
		user, _ := s.createUser("name " + value)
		users[value] = updateUser(s, filledWith(user, value), false)
		user.Version = 2
		same(s, "the user returned", users[value], filledWith(user, value))
	}
	for _, value := range hostile() {
		found, err := s.repo.UserByEmail(s.Context(), value)
		s.succeeds("UserByEmail", err)
		same(s, "the user found", found, users[value])
		for _, filter := range []repository.UserFilter{{Email: value}, {Username: "name " + value}} {
			same(s, "the users listed", listUsers(s, filter), []models.User{users[value]})
		}
	}
}

func hostileStringsFindNobody(s *suite) {
	user, key := s.createUser("ana")
	for _, value := range hostile() {
		_, err := s.repo.UserByID(s.Context(), value)
		s.failsWith(repository.ErrNotFound, "UserByID", err)
		_, err = s.repo.UserByEmail(s.Context(), value)
		s.failsWith(repository.ErrNotFound, "UserByEmail", err)
		unknown := user
		unknown.ID = value
		_, err = s.repo.UpdateUser(s.Context(), attribution(), unknown, repository.UserUpdate{RevokeKeys: true})
		s.failsWith(repository.ErrNotFound, "UpdateUser", err)
		s.failsWith(repository.ErrNotFound, "DeleteUser", s.repo.DeleteUser(s.Context(), attribution(), value, repository.DeleteUserOptions{}))
		for _, filter := range []repository.UserFilter{{Username: value}, {Email: value}} {
			same(s, "the users listed", listUsers(s, filter), []models.User{})
		}
		same(s, "the number of the user's keys", len(s.list(repository.KeyFilter{UserID: value})), 0)
	}
	same(s, "the user", storedUser(s, user.ID), user)
	same(s, "the key", s.stored(key), key)
}

func hostileUserIDs(s *suite) {
	keys := map[string]models.APIKey{}
	for _, id := range hostile() {
		user := newUser("name " + id)
		user.ID = id
		keys[id] = newKeyFor(user)
		s.succeeds("CreateUser", s.repo.CreateUser(s.Context(), attribution(), user, keys[id]))
	}
	for i, id := range hostile() {
		user := storedUser(s, id)
		same(s, "the name", user.CanonicalUsername, "name "+id)
		rows := s.list(repository.KeyFilter{UserID: id})
		same(s, "the number of the user's keys", len(rows), 1)
		same(s, "the user's key", rows[0].APIKey, keys[id])
		updateUser(s, user, true)
		same(s, "the revoked keys", len(s.list(repository.KeyFilter{Status: models.StatusRevoked})), i+1)
		deleteUser(s, id, false)
		same(s, "the users left", len(listUsers(s, repository.UserFilter{})), len(hostile())-1-i)
	}
}

// Two that differ in the last byte alone tell a store that cuts, and one that
// compares no more than a beginning.
func longUsers(s *suite) {
	for _, filling := range []string{"x", "é", "😀", "'"} {
		for _, end := range []string{"a", "b"} {
			want := newUser(newID())
			want.Username, want.CanonicalUsername = long(filling, 1024, end), long(filling, 512, end)
			s.succeeds("CreateUser", s.repo.CreateUser(s.Context(), attribution(), want, newKeyFor(want)))
			want = filledWith(want, long(filling, 1024, end))
			want.CanonicalEmail = long(filling, 512, end)
			changed := updateUser(s, want, false)
			want.Version = 2
			same(s, "the user returned", changed, want)
			found, err := s.repo.UserByEmail(s.Context(), want.CanonicalEmail)
			s.succeeds("UserByEmail", err)
			same(s, "the user", found, want)
			same(s, "the users of the name", listUsers(s, repository.UserFilter{Username: want.CanonicalUsername}), []models.User{want})
			s.succeeds("CreateUser", createTwin(s, want))
		}
	}
}

// createTwin stores a user with all the long values but those that are unique.
func createTwin(s *suite, user models.User) error {
	user.ID, user.CanonicalUsername, user.CanonicalEmail = newID(), newID(), newID()
	return s.repo.CreateUser(s.Context(), attribution(), user, newKeyFor(user))
}

func emptyUser(s *suite) {
	user, _ := s.createUser("ana")
	user = updateUser(s, changed(user), false)
	user.Email, user.PasswordHash = "", ""
	emptied := updateUser(s, user, false)
	same(s, "the user", storedUser(s, user.ID), emptied)
	same(s, "what is left in texts", emptied.Email+emptied.PasswordHash, "")
}
