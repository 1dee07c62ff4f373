package repositorytest

import (
	"bytes"

	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/repository"
)

func userValueTests() []test {
	return []test{
		{"hostile strings in a user are plain values", hostileUsers},
		{"hostile strings find no user but their own", hostileStringsFindNobody},
		{"hostile ids name one user", hostileUserIDs},
		{"very long values of a user are kept whole", longUsers},
		{"a token's hash is kept byte for byte", tokenHashes},
		{"empty values of a user stay empty", emptyUser},
	}
}

// filledWith is the user with the value in each text that can change.
func filledWith(user models.User, value string) models.User {
	user.Email, user.CanonicalEmail, user.PasswordHash, user.TokenPurpose = value, value, value, value
	return user
}

func hostileUsers(s *suite) {
	users := map[string]models.User{}
	for _, value := range hostile() {
		user, _ := s.createUser("name " + value)
		users[value] = s.updateUser(filledWith(user, value), false)
		user.Version = 2
		same(s, "the user returned", users[value], filledWith(user, value))
	}
	for _, value := range hostile() {
		found, err := s.repo.UserByEmail(s.Context(), value)
		s.succeeds("UserByEmail", err)
		same(s, "the user found", found, users[value])
		for _, filter := range []repository.UserFilter{{Email: value}, {Username: "name " + value}} {
			same(s, "the users listed", s.users(filter), []models.User{users[value]})
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
		stranger := user
		stranger.ID = value
		_, err = s.repo.UpdateUser(s.Context(), act(), stranger, true)
		s.failsWith(repository.ErrNotFound, "UpdateUser", err)
		s.failsWith(repository.ErrNotFound, "DeleteUser", s.repo.DeleteUser(s.Context(), act(), value, false))
		for _, filter := range []repository.UserFilter{{Username: value}, {Email: value}} {
			same(s, "the users listed", s.users(filter), []models.User{})
		}
		same(s, "the number of the user's keys", len(s.list(repository.UsageFilter{UserID: value})), 0)
	}
	same(s, "the user", s.user(user.ID), user)
	same(s, "the key", s.stored(key), key)
}

func hostileUserIDs(s *suite) {
	keys := map[string]models.APIKey{}
	for _, id := range hostile() {
		user := newUser("name " + id)
		user.ID = id
		keys[id] = keyOf(user)
		s.succeeds("CreateUser", s.repo.CreateUser(s.Context(), act(), user, keys[id]))
	}
	for i, id := range hostile() {
		user := s.user(id)
		same(s, "the name", user.CanonicalUsername, "name "+id)
		rows := s.list(repository.UsageFilter{UserID: id})
		same(s, "the number of the user's keys", len(rows), 1)
		same(s, "the user's key", rows[0].APIKey, keys[id])
		s.updateUser(user, true)
		same(s, "the revoked keys", len(s.list(repository.UsageFilter{Status: models.StatusRevoked})), i+1)
		s.deleteUser(id, false)
		same(s, "the users left", len(s.users(repository.UserFilter{})), len(hostile())-1-i)
	}
}

// Two that differ in the last byte alone tell a store that cuts, and one that
// compares no more than a beginning.
func longUsers(s *suite) {
	for _, filling := range []string{"x", "é", "😀", "'"} {
		for _, end := range []string{"a", "b"} {
			want := newUser(newID())
			want.Username, want.CanonicalUsername = long(filling, 1024, end), long(filling, 512, end)
			s.succeeds("CreateUser", s.repo.CreateUser(s.Context(), act(), want, keyOf(want)))
			want = filledWith(want, long(filling, 1024, end))
			want.CanonicalEmail = long(filling, 512, end)
			changed := s.updateUser(want, false)
			want.Version = 2
			same(s, "the user returned", changed, want)
			found, err := s.repo.UserByEmail(s.Context(), want.CanonicalEmail)
			s.succeeds("UserByEmail", err)
			same(s, "the user", found, want)
			same(s, "the users of the name", s.users(repository.UserFilter{Username: want.CanonicalUsername}), []models.User{want})
			s.succeeds("CreateUser", s.createTwin(want))
		}
	}
}

// createTwin stores a user with all the long values but those that are unique.
func (s *suite) createTwin(user models.User) error {
	user.ID, user.CanonicalUsername, user.CanonicalEmail = newID(), newID(), newID()
	return s.repo.CreateUser(s.Context(), act(), user, keyOf(user))
}

func tokenHashes(s *suite) {
	user, _ := s.createUser("ana")
	all := make([]byte, 256)
	for i := range all {
		all[i] = byte(i)
	}
	for _, hash := range append([][]byte{make([]byte, 32), bytes.Repeat([]byte{' '}, 32)}, all[:32], all[32:64], all[96:128], all[128:160], all[224:]) {
		user.TokenHash = hash
		user = s.updateUser(user, false)
		same(s, "the hash returned", user.TokenHash, hash)
		same(s, "the hash", s.user(user.ID).TokenHash, hash)
	}
}

// No token is no token, however a caller says so.
func emptyUser(s *suite) {
	for _, none := range [][]byte{nil, {}} {
		user := newUser(newID())
		user.TokenHash = none
		s.succeeds("CreateUser", s.repo.CreateUser(s.Context(), act(), user, keyOf(user)))
		same(s, "the length of the hash", len(s.user(user.ID).TokenHash), 0)
		user = s.updateUser(changed(user), false)
		user.Email, user.PasswordHash, user.TokenPurpose, user.TokenHash = "", "", "", none
		emptied := s.updateUser(user, false)
		found := s.user(user.ID)
		same(s, "the length of the hash returned", len(emptied.TokenHash), 0)
		same(s, "the length of the hash found", len(found.TokenHash), 0)
		emptied.TokenHash, found.TokenHash = nil, nil
		same(s, "the user", found, emptied)
		same(s, "what is left in texts", emptied.Email+emptied.PasswordHash+emptied.TokenPurpose, "")
		s.succeeds("freeing the address", s.repo.DeleteUser(s.Context(), act(), user.ID, false))
	}
}
