package repositorytest

import (
	"bytes"
	"slices"

	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/repository"
)

func keyTests() []test {
	return []test{
		{"a service key is found as it was stored", foundAsStored},
		{"a user's key carries the username", carriesUsername},
		{"every key begins at version 1", beginsAtVersion1},
		{"an unknown hash is not found", unknownHash},
		{"hashes compare byte for byte", hashesByteForByte},
		{"ids compare byte for byte", idsByteForByte},
		{"a taken id conflicts", takenID},
		{"a taken hash conflicts", takenHash},
		{"a key for an unknown user is refused", unknownUser},
	}
}

func foundAsStored(s *suite) {
	key := s.createKey(newKey())
	other := s.createKey(newKey())
	same(s, "the first key", s.stored(key), key)
	same(s, "the second key", s.stored(other), other)
}

// The name comes from the user, on each way by which a key is read, and is
// never taken from the key that is written.
func carriesUsername(s *suite) {
	user, first := s.createUser("ana")
	further := newKeyFor(user)
	further.Username = "Somebody else"
	s.createKey(further)
	for _, key := range []models.APIKey{first, further} {
		same(s, "the username found", s.stored(key).Username, "Typed-ana")
		same(s, "the username listed", s.row(key.ID).Username, "Typed-ana")
		same(s, "the username after renewal", s.renewKey(key.ID).Username, "Typed-ana")
		same(s, "the username after revocation", s.revokeKey(key.ID).Username, "Typed-ana")
	}
	service := newKey()
	service.Username = "Nobody"
	s.createKey(service)
	same(s, "the username of a service key", s.stored(service).Username, "")
}

func beginsAtVersion1(s *suite) {
	user := newUser("ana")
	first, further := newKeyFor(user), newKeyFor(user)
	first.Version, further.Version = 7, 0
	s.succeeds("CreateUser", s.repo.CreateUser(s.Context(), attribution(), user, first))
	s.createKey(further)
	same(s, "the version of the first key", s.stored(first).Version, 1)
	same(s, "the version of the further key", s.stored(further).Version, 1)
}

func unknownHash(s *suite) {
	s.isGone(newKey())
	s.createKey(newKey())
	for _, hash := range [][]byte{newKey().Hash, {}, nil} {
		_, err := s.repo.KeyByHash(s.Context(), hash)
		s.failsWith(repository.ErrNotFound, "KeyByHash of an unknown hash", err)
	}
}

// A hash is neither text, which ends at a zero and ignores case, nor a pattern.
func hashesByteForByte(s *suite) {
	stored := [][]byte{
		bytes.Repeat([]byte{0}, 32),
		append([]byte{0}, bytes.Repeat([]byte{1}, 31)...),
		append([]byte{0}, bytes.Repeat([]byte{2}, 31)...),
		bytes.Repeat([]byte("a"), 32),
		bytes.Repeat([]byte("A"), 32),
		bytes.Repeat([]byte("%"), 32),
		bytes.Repeat([]byte{0xff}, 32),
		append(bytes.Repeat([]byte("b"), 31), 0),
	}
	for _, hash := range stored {
		key := newKey()
		key.Hash = hash
		s.createKey(key)
		same(s, "the key with that hash", s.stored(key), key)
	}
	for _, hash := range stored {
		isNotFoundByVariants(s, hash)
	}
}

func isNotFoundByVariants(s *suite, hash []byte) {
	s.Helper()
	lastChanged := slices.Clone(hash)
	lastChanged[31] ^= 0x55
	for variant, other := range map[string][]byte{
		"cut":      hash[:31],
		"longer":   append(slices.Clone(hash), 0),
		"reversed": slices.Concat(hash[16:], []byte{3}, hash[:15]),
		"changed":  lastChanged,
	} {
		_, err := s.repo.KeyByHash(s.Context(), other)
		s.failsWith(repository.ErrNotFound, "KeyByHash of a "+variant+" hash", err)
	}
}

func idsByteForByte(s *suite) {
	ids := []string{"key-a", "key-A", "KEY-A", "key-a ", "key-à", "key-ａ", "1", "01", "1.0"}
	for _, id := range ids {
		s.createKey(keyWithID(id))
	}
	for i, id := range ids {
		same(s, "the id of the revoked key", s.revokeKey(id).ID, id)
		for j, other := range ids {
			same(s, "whether "+other+" is revoked", s.stored(keyWithID(other)).IsRevoked(), j <= i)
		}
	}
	_, err := s.repo.RevokeKey(s.Context(), attribution(), "key-")
	s.failsWith(repository.ErrNotFound, "RevokeKey with the beginning of an id", err)
}

func takenID(s *suite) {
	key := s.createKey(newKey())
	intruder := newKey()
	intruder.ID = key.ID
	s.conflicts("id", "CreateKey", s.repo.CreateKey(s.Context(), attribution(), intruder, repository.CreateKeyOptions{}))
	same(s, "the key that was there", s.stored(key), key)
	s.isGone(intruder)
	same(s, "the number of changes", len(s.changeLog()), 1)
}

// A refused key leaves nothing behind, so its id is still free.
func takenHash(s *suite) {
	key := s.createKey(newKey())
	intruder := newKey()
	intruder.Hash = key.Hash
	s.conflicts("hash", "CreateKey", s.repo.CreateKey(s.Context(), attribution(), intruder, repository.CreateKeyOptions{}))
	same(s, "the key that was there", s.stored(key), key)
	same(s, "the number of rows", len(s.list(repository.KeyFilter{})), 1)
	intruder.Hash = newKey().Hash
	s.createKey(intruder)
	same(s, "the number of changes", len(s.changeLog()), 2)
}

func unknownUser(s *suite) {
	user, _ := s.createUser("ana")
	key := newKeyFor(newUser("bob"))
	err := s.repo.CreateKey(s.Context(), attribution(), key, repository.CreateKeyOptions{})
	s.failsWith(repository.ErrNotFound, "CreateKey for an unknown user", err)
	s.isGone(key)
	same(s, "the number of rows", len(s.list(repository.KeyFilter{})), 1)
	same(s, "the number of changes", len(s.changeLog()), 2)
	key.UserID = user.ID
	s.createKey(key)
}
