package repositorytest

import (
	"reflect"
	"strings"

	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/repository"
)

func valueTests() []test {
	return []test{
		{"hostile strings are plain values", hostileStrings},
		{"hostile strings find nothing but themselves", hostileStringsFindNothing},
		{"hostile ids name one key", hostileIDs},
		{"hostile actors and nodes are plain values", hostileActorsAndNodes},
		{"very long strings are kept whole", longStrings},
		{"empty strings stay empty", emptyStrings},
		{"a key is read with all that is stored of it", wholeKeys},
	}
}

// hostile returns strings that mean something to some parser between here and
// the disk. All are UTF-8 without NUL, 64 bytes at most, and differ.
func hostile() []string {
	return []string{
		`'`, `"`, "`", `\`, `\\`, `\'`, `''`, `;`, `--`, `/*`, `#`, `?`, `$1`, `:name`, `@name`,
		`' OR '1'='1`, `" OR ""="`, `'; DROP TABLE ginauth_keys; --`, `1) OR (1=1`,
		`%`, `_`, `%%`, `[a-z]`, `*`, `.*`, `^`, `(?i)a`,
		`$where`, `$ne`, `{"$gt":""}`, `{"$ne":null}`, `a.b`, `a.$b`, `[]`, `{}`, `[object Object]`,
		`null`, `NULL`, `nil`, `true`, `0`, `-1`, `1e3`, `1E3`, `0x10`, `NaN`,
		"\n", "\r\n", "\t", "line\nbreak", "trailing ", " leading", " ", "\u00a0", "\x1b[31m", "\x01", "\x7f",
		"%s%n%d", "{{.}}", "${jndi:ldap://x}", "<script>alert(1)</script>", "../../etc/passwd", "C:\\x",
		"😀", "👩‍👩‍👧", "é", "e\u0301", "日本語", "עברית", "\u202eevil", "\u200b", "\ufeff", "\U0010ffff", "ﷺ",
	}
}

// owner is a user whose every text, and whose key's every text, is the value.
func owner(value string) (models.User, models.APIKey) {
	user := models.User{
		ID: newID(), Username: value, Email: value, CanonicalUsername: value,
		CanonicalEmail: value, PasswordHash: value, CreationDate: hour(0), Version: 1,
	}
	key := newKeyFor(user)
	key.Name, key.Hint = value, value
	return user, key
}

func hostileStrings(s *suite) {
	owners := map[string]models.User{}
	keys := map[string]models.APIKey{}
	for _, value := range hostile() {
		user, key := owner(value)
		s.succeeds("CreateUser", s.repo.CreateUser(s.Context(), attribution(), user, key))
		owners[value], keys[value] = user, key
	}
	for _, value := range hostile() {
		found, err := s.repo.UserByUsername(s.Context(), value)
		s.succeeds("UserByUsername", err)
		same(s, "the user", found, owners[value])
		same(s, "the key", s.stored(keys[value]), keys[value])
		filtersByValue(s, value, keys[value])
	}
}

func filtersByValue(s *suite, value string, key models.APIKey) {
	s.Helper()
	for _, filter := range []repository.KeyFilter{{Name: value}, {Username: value}, {Email: value}} {
		rows := s.list(filter)
		if len(rows) != 1 {
			s.Fatalf("%+v finds %d rows, want 1", filter, len(rows))
		}
		same(s, "the key listed", rows[0].APIKey, key)
		same(s, "the address listed", rows[0].Email, value)
	}
}

func hostileStringsFindNothing(s *suite) {
	_, key := s.createUser("ana")
	for _, value := range hostile() {
		s.hasNoUser(value)
		for _, filter := range []repository.KeyFilter{{Name: value}, {Username: value}, {Email: value}, {KeyID: value}} {
			same(s, "the number of rows", len(s.list(filter)), 0)
		}
		_, err := s.repo.KeyByHash(s.Context(), []byte(value))
		s.failsWith(repository.ErrNotFound, "KeyByHash", err)
		_, err = s.repo.RevokeKey(s.Context(), attribution(), value)
		s.failsWith(repository.ErrNotFound, "RevokeKey", err)
		s.failsWith(repository.ErrNotFound, "DeleteKey", s.repo.DeleteKey(s.Context(), attribution(), value))
	}
	same(s, "the key", s.stored(key), key)
}

func hostileIDs(s *suite) {
	ids := hostile()
	for _, id := range ids {
		s.createKey(keyWithID(id))
	}
	s.addUsage(newFlush("node", 1, ids...))
	for i, id := range ids {
		same(s, "the usage", s.row(id).TotalQueries, 1)
		same(s, "the id of the revoked key", s.revokeKey(id).ID, id)
		same(s, "the revoked keys", len(s.list(repository.KeyFilter{Status: models.StatusRevoked})), 1)
		s.deleteKey(id)
		same(s, "the deleted keys", len(s.list(repository.KeyFilter{Status: models.StatusDeleted})), i+1)
	}
}

// Two nodes whose names a store takes for one would lose each other's counts.
func hostileActorsAndNodes(s *suite) {
	key := s.createKey(newKey())
	values := append(hostile(), "node", "NODE", "node ", "nodé")
	for _, value := range values {
		_, _, err := s.repo.RenewKey(s.Context(), repository.Attribution{Actor: value, At: hour(1)}, key.ID, repository.Renewal{Expiration: hour(20)})
		s.succeeds("RenewKey", err)
		s.addUsage(newFlush(value, 1, key.ID))
	}
	for i, entry := range s.changeLog()[1:] {
		same(s, "the actor", entry.Actor, values[i])
	}
	same(s, "the total", s.row(key.ID).TotalQueries, int64(len(values)))
}

// Texts hold 1,024 bytes, canonical forms 512. Two that differ in the last
// byte alone tell a store that cuts.
func longStrings(s *suite) {
	for i, filling := range []string{"x", "é", "😀", "'"} {
		for _, end := range []string{"a", "b"} {
			user, key := owner(long(filling, 512, end))
			user.Username, user.Email = long(filling, 1024, end), long(filling, 1024, end)
			user.PasswordHash, key.Username = long(filling, 1024, end), user.Username
			key.Name, key.Hint = long(filling, 1024, end), "ga_1a2b3c"
			s.succeeds("CreateUser", s.repo.CreateUser(s.Context(), attribution(), user, key))
			found, err := s.repo.UserByUsername(s.Context(), user.CanonicalUsername)
			s.succeeds("UserByUsername", err)
			same(s, "the user", found, user)
			same(s, "the key", s.stored(key), key)
			same(s, "the rows of the name", len(s.list(repository.KeyFilter{Name: key.Name})), 1)
			same(s, "the rows of the address", len(s.list(repository.KeyFilter{Email: user.CanonicalEmail})), 1)
		}
		same(s, "the number of rows", len(s.list(repository.KeyFilter{})), 2*(i+1))
	}
}

// long returns exactly size bytes of the filling and, last, the end.
func long(filling string, size int, end string) string {
	text := strings.Repeat(filling, (size-len(end))/len(filling)) + end
	return strings.Repeat(".", size-len(text)) + text
}

func emptyStrings(s *suite) {
	user := newUser("ana")
	user.Email, user.PasswordHash = "", ""
	key := newKeyFor(user)
	key.Name, key.Hint, key.IssuedBy = "", "", ""
	s.succeeds("CreateUser", s.repo.CreateUser(s.Context(), repository.Attribution{At: hour(1)}, user, key))
	found, err := s.repo.UserByUsername(s.Context(), "ana")
	s.succeeds("UserByUsername", err)
	same(s, "the user", found, user)
	same(s, "the key", s.stored(key), key)
	same(s, "the actor", s.changeLog()[0].Actor, "")
}

// All that a key has of its own is read with it, also a field that is added one day.
func wholeKeys(s *suite) {
	user := newUser("ana")
	key := newKeyFor(user)
	key.ExpirationFixed = true
	s.succeeds("CreateUser", s.repo.CreateUser(s.Context(), attribution(), user, key))
	_, err := s.repo.RevokeKey(s.Context(), attribution(), key.ID)
	s.succeeds("RevokeKey", err)
	found := reflect.ValueOf(s.stored(key))
	for i := range found.NumField() {
		field := found.Type().Field(i)
		if found.Field(i).IsZero() && !strings.Contains(field.Tag.Get("gorm"), "->") {
			s.Errorf("%s is not read", field.Name)
		}
	}
}
