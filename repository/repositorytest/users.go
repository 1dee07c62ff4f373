package repositorytest

import (
	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/repository"
)

func userTests() []test {
	return []test{
		{"a user is found as stored", userFoundAsStored},
		{"a user is found by the canonical name only", foundByCanonicalName},
		{"a user is found by id and by canonical address", foundByIDAndAddress},
		{"of two users with one name or address one is created", oneOfTwoUsers},
		{"a user and the first key come together or not at all", bothOrNeither},
		{"typed names need not be unique", typedNamesMayRepeat},
		{"canonical forms compare byte for byte", canonicalByteForByte},
		{"a user may hold many keys", manyKeys},
	}
}

func userFoundAsStored(s *suite) {
	user, key := s.createUser("ana")
	other, _ := s.createUser("bob")
	for _, want := range []models.User{user, other} {
		found, err := s.repo.UserByUsername(s.Context(), want.CanonicalUsername)
		s.succeeds("UserByUsername", err)
		same(s, "the user", found, want)
	}
	same(s, "the first key", s.stored(key), key)
}

func foundByCanonicalName(s *suite) {
	s.hasNoUser("ana")
	user, key := s.createUser("ana")
	for _, other := range []string{user.Username, user.Email, user.CanonicalEmail, user.ID, key.ID, "an", "anaa", "Ana", ""} {
		s.hasNoUser(other)
	}
}

func foundByIDAndAddress(s *suite) {
	user, key := s.createUser("ana")
	found, err := s.repo.UserByID(s.Context(), user.ID)
	s.succeeds("UserByID", err)
	same(s, "the user", found, user)
	found, err = s.repo.UserByEmail(s.Context(), user.CanonicalEmail)
	s.succeeds("UserByEmail", err)
	same(s, "the user", found, user)
	for _, other := range []string{user.Username, user.Email, user.CanonicalUsername, key.ID, "", "Ana@example.org"} {
		_, err := s.repo.UserByID(s.Context(), other)
		s.failsWith(repository.ErrNotFound, "UserByID", err)
		_, err = s.repo.UserByEmail(s.Context(), other)
		s.failsWith(repository.ErrNotFound, "UserByEmail", err)
	}
}

func oneOfTwoUsers(s *suite) {
	for field, free := range map[string]func(u *models.User){
		"username": func(u *models.User) { u.CanonicalEmail = u.ID },
		"email":    func(u *models.User) { u.CanonicalUsername = u.ID },
	} {
		errs := race(8, func(int) error {
			user := newUser("the-" + field)
			free(&user)
			return s.repo.CreateUser(s.Context(), attribution(), user, newKeyFor(user))
		})
		created := 0
		for _, err := range errs {
			if err == nil {
				created++
				continue
			}
			s.conflicts(field, "CreateUser", err)
		}
		same(s, "the number of users with the "+field, created, 1)
	}
	same(s, "the number of users", len(listUsers(s, repository.UserFilter{})), 2)
}

// Each value that may be taken stops the whole; the free ones that came with
// it stay free.
func bothOrNeither(s *suite) {
	user, key := s.createUser("ana")
	taken := []struct {
		field string
		set   func(u *models.User, k *models.APIKey)
	}{
		{"username", func(u *models.User, _ *models.APIKey) { u.CanonicalUsername = user.CanonicalUsername }},
		{"email", func(u *models.User, _ *models.APIKey) { u.CanonicalEmail = user.CanonicalEmail }},
		{"id", func(u *models.User, k *models.APIKey) { u.ID, k.UserID = user.ID, user.ID }},
		{"id", func(_ *models.User, k *models.APIKey) { k.ID = key.ID }},
		{"hash", func(_ *models.User, k *models.APIKey) { k.Hash = key.Hash }},
	}
	for _, t := range taken {
		u := newUser("bob")
		k := newKeyFor(u)
		freeUser, freeKey := u, k
		t.set(&u, &k)
		s.conflicts(t.field, "CreateUser", s.repo.CreateUser(s.Context(), attribution(), u, k))
		s.hasNoUser("bob")
		s.isGone(freeKey)
		areFree(s, freeUser, freeKey)
	}
	same(s, "the first user's key", s.stored(key), key)
}

// areFree proves that nothing is left of a user and a key, by storing them
// under a name that no later attempt needs.
func areFree(s *suite, user models.User, key models.APIKey) {
	s.Helper()
	before := len(s.changeLog())
	same(s, "the rows of the key's id", len(s.list(repository.KeyFilter{KeyID: key.ID})), 0)
	user.CanonicalUsername, user.CanonicalEmail = user.ID, user.ID
	s.succeeds("CreateUser with the free values", s.repo.CreateUser(s.Context(), attribution(), user, key))
	same(s, "the number of changes", len(s.changeLog()), before+2)
}

func typedNamesMayRepeat(s *suite) {
	user, _ := s.createUser("ana")
	other := newUser("bob")
	other.Username, other.Email = user.Username, user.Email
	s.succeeds("CreateUser", s.repo.CreateUser(s.Context(), attribution(), other, newKeyFor(other)))
}

// The caller decides which names are the same. A store that decides again,
// with its own idea of case, accents or spaces, lets one user log in as
// another or locks a third out.
func canonicalByteForByte(s *suite) {
	names := []string{
		"jose", "josé", "jose\u0301", "JOSE", "jose ", " jose", "jo\u00adse", "ｊose",
		"i", "ı", "I", "İ", "ß", "ss", "ſs", "a", "а", "ﬁ", "fi", "0", "00", "0.0",
	}
	for _, name := range names {
		s.createUser(name)
	}
	for _, name := range names {
		found, err := s.repo.UserByUsername(s.Context(), name)
		s.succeeds("UserByUsername", err)
		same(s, "the canonical name", found.CanonicalUsername, name)
		for _, filter := range []repository.KeyFilter{{Username: name}, {Email: name + "@example.org"}} {
			rows := s.list(filter)
			same(s, "the number of rows for "+name, len(rows), 1)
			same(s, "the owner of the row", rows[0].UserID, found.ID)
		}
	}
}

func manyKeys(s *suite) {
	user, first := s.createUser("ana")
	keys := []models.APIKey{first, s.createKey(newKeyFor(user)), s.createKey(newKeyFor(user))}
	rows := s.list(repository.KeyFilter{Username: "ana"})
	same(s, "the number of rows", len(rows), len(keys))
	for i, row := range rows {
		same(s, "a key of the user", row.APIKey, keys[i])
		same(s, "the address", row.Email, user.Email)
	}
}
