package repositorytest

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"time"

	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/repository"
)

func tokenTests() []test {
	return []test{
		{"several tokens of one purpose live at a time", severalTokens},
		{"a token is kept as it was added", tokenValues},
		{"adding a token again changes nothing", tokenAddedAgain},
		{"a token of nobody is refused", tokenOfNobody},
		{"a token that has expired goes when another is added", expiredTokens},
		{"a user has a bounded number of tokens", tooManyTokens},
		{"a token can be withdrawn", withdrawnToken},
		{"a token is used up with the change that it is for", usedToken},
		{"a token that is no good changes nothing", uselessToken},
		{"a change may void the tokens of some purposes", voidedTokens},
		{"a deleted user's tokens are gone", tokensOfDeletedUser},
		{"tokens are no change of the user", tokensAreNoChange},
		{"of many who use a token one succeeds", tokenRace},
		{"many may add tokens at the same time", tokenCrowd},
		{"no token outlives its user", tokensAgainstDeletion},
	}
}

// newToken makes a token of the user that is good from 1 to 9 o'clock.
func newToken(user models.User, purpose string) models.Token {
	hash := sha256.Sum256([]byte(newID()))
	return models.Token{
		Hash: hash[:], UserID: user.ID, Purpose: purpose, Email: user.Email, CanonicalEmail: user.CanonicalEmail,
		CreationDate: hour(1), ExpirationDate: hour(9),
	}
}

func addToken(s *suite, user models.User, purpose string) models.Token {
	s.Helper()
	token := newToken(user, purpose)
	s.succeeds("AddToken", s.repo.AddToken(s.Context(), token))
	return token
}

// hasTokens reports tokens of the user other than these, in whatever order.
func hasTokens(s *suite, userID string, want ...models.Token) {
	s.Helper()
	tokens, err := s.repo.TokensByUser(s.Context(), userID)
	s.succeeds("TokensByUser", err)
	if tokens == nil {
		s.Errorf("the tokens are nil")
	}
	byHash := map[string]models.Token{}
	for _, token := range want {
		byHash[string(token.Hash)] = token
	}
	for _, token := range tokens {
		same(s, "a token", token, byHash[string(token.Hash)])
	}
	same(s, "the number of tokens", len(tokens), len(want))
}

func severalTokens(s *suite) {
	ana, _ := s.createUser("ana")
	bob, _ := s.createUser("bob")
	hasTokens(s, ana.ID)
	hasTokens(s, newID())
	first, second, confirm := addToken(s, ana, "reset"), newToken(ana, "reset"), newToken(ana, "confirm")
	second.CreationDate, confirm.CreationDate = hour(3), hour(2)
	for _, token := range []models.Token{second, confirm} {
		s.succeeds("AddToken", s.repo.AddToken(s.Context(), token))
	}
	bobs := addToken(s, bob, "reset")
	tokens, err := s.repo.TokensByUser(s.Context(), ana.ID)
	s.succeeds("TokensByUser", err)
	same(s, "the tokens, the oldest first", tokens, []models.Token{first, confirm, second})
	hasTokens(s, bob.ID, bobs)
}

func tokenValues(s *suite) {
	for _, value := range hostile() {
		user, _ := s.createUser("name " + value)
		token := newToken(user, value)
		token.Email, token.CanonicalEmail = value, value
		token.CreationDate, token.ExpirationDate = clockTime(3), clockTime(7)
		s.succeeds("AddToken", s.repo.AddToken(s.Context(), token))
		token.CreationDate, token.ExpirationDate = keptTime(3), keptTime(7)
		hasTokens(s, user.ID, token)
	}
	all := make([]byte, 256)
	for i := range all {
		all[i] = byte(i)
	}
	user, _ := s.createUser("ana")
	tokens := []models.Token{}
	for _, hash := range [][]byte{make([]byte, 32), bytes.Repeat([]byte{' '}, 32), all[:32], all[32:64], all[96:128], all[224:]} {
		token := newToken(user, long("x", 128, "a"))
		token.Hash, token.Email, token.CanonicalEmail = hash, long("é", 1024, "a"), long("x", 512, "a")
		tokens = append(tokens, token)
		s.succeeds("AddToken", s.repo.AddToken(s.Context(), token))
	}
	hasTokens(s, user.ID, tokens...)
}

func tokenAddedAgain(s *suite) {
	user, _ := s.createUser("ana")
	token := addToken(s, user, "reset")
	s.succeeds("AddToken", s.repo.AddToken(s.Context(), token))
	hasTokens(s, user.ID, token)
}

func tokenOfNobody(s *suite) {
	user, _ := s.createUser("ana")
	deleteUser(s, user.ID, false)
	for _, id := range []string{user.ID, newID(), ""} {
		token := newToken(user, "reset")
		token.UserID = id
		s.failsWith(repository.ErrNotFound, "AddToken", s.repo.AddToken(s.Context(), token))
		hasTokens(s, id)
	}
}

func expiredTokens(s *suite) {
	ana, _ := s.createUser("ana")
	bob, _ := s.createUser("bob")
	addToken(s, ana, "reset")
	others, lasting := addToken(s, bob, "reset"), newToken(ana, "confirm")
	lasting.ExpirationDate = hour(9).Add(time.Millisecond)
	s.succeeds("AddToken", s.repo.AddToken(s.Context(), lasting))
	next := newToken(ana, "reset")
	next.CreationDate, next.ExpirationDate = hour(9), hour(10)
	s.succeeds("AddToken", s.repo.AddToken(s.Context(), next))
	hasTokens(s, ana.ID, lasting, next)
	hasTokens(s, bob.ID, others)
}

func tooManyTokens(s *suite) {
	user, _ := s.createUser("ana")
	tokens := []models.Token{}
	for range repository.MaxTokens {
		tokens = append(tokens, addToken(s, user, "reset"))
	}
	s.failsWith(repository.ErrTooManyTokens, "AddToken", s.repo.AddToken(s.Context(), newToken(user, "confirm")))
	hasTokens(s, user.ID, tokens...)
	s.succeeds("DeleteToken", s.repo.DeleteToken(s.Context(), user.ID, tokens[0].Hash))
	hasTokens(s, user.ID, append(tokens[1:], addToken(s, user, "confirm"))...)
	late := newToken(user, "reset")
	late.CreationDate, late.ExpirationDate = hour(9), hour(10)
	s.succeeds("AddToken when all have expired", s.repo.AddToken(s.Context(), late))
	hasTokens(s, user.ID, late)
}

func withdrawnToken(s *suite) {
	ana, _ := s.createUser("ana")
	bob, _ := s.createUser("bob")
	first, second := addToken(s, ana, "reset"), addToken(s, ana, "reset")
	for range 2 {
		s.succeeds("DeleteToken", s.repo.DeleteToken(s.Context(), ana.ID, first.Hash))
		hasTokens(s, ana.ID, second)
	}
	s.succeeds("DeleteToken of another's", s.repo.DeleteToken(s.Context(), bob.ID, second.Hash))
	s.succeeds("DeleteToken of nobody's", s.repo.DeleteToken(s.Context(), newID(), second.Hash))
	hasTokens(s, ana.ID, second)
}

func useToken(s *suite, user models.User, token models.Token, at time.Time, void ...string) (models.User, error) {
	s.Helper()
	return s.repo.UpdateUser(s.Context(), actAt(at), user, repository.UserUpdate{UseToken: token.Hash, VoidTokens: void})
}

func usedToken(s *suite) {
	user, _ := s.createUser("ana")
	token, other := addToken(s, user, "reset"), addToken(s, user, "reset")
	used, err := useToken(s, changed(user), token, hour(9).Add(-time.Millisecond))
	s.succeeds("UpdateUser", err)
	same(s, "the change date", storedUser(s, user.ID).ChangeDate, changed(user).ChangeDate)
	hasTokens(s, user.ID, other)
	_, err = useToken(s, used, token, hour(2))
	s.failsWith(repository.ErrTokenUsed, "UpdateUser with a used token", err)
	same(s, "the user", storedUser(s, user.ID), used)
}

func uselessToken(s *suite) {
	user, key := s.createUser("ana")
	bob, _ := s.createUser("bob")
	token, others := addToken(s, user, "reset"), addToken(s, bob, "reset")
	before := len(s.changeLog())
	for name, c := range map[string]struct {
		user  models.User
		token models.Token
		at    time.Time
		want  error
	}{
		"expired":                 {user, token, hour(9), repository.ErrTokenUsed},
		"another's":               {user, others, hour(2), repository.ErrTokenUsed},
		"unknown":                 {user, newToken(user, "reset"), hour(2), repository.ErrTokenUsed},
		"unknown and outdated":    {models.User{ID: user.ID, Version: 9}, others, hour(2), repository.ErrTokenUsed},
		"good for an old version": {models.User{ID: user.ID, Version: 9}, token, hour(2), repository.ErrOutdated},
		"nobody's":                {models.User{ID: newID(), Version: 1}, token, hour(2), repository.ErrNotFound},
	} {
		update := repository.UserUpdate{RevokeKeys: true, UseToken: c.token.Hash, VoidTokens: []string{"reset"}}
		_, err := s.repo.UpdateUser(s.Context(), actAt(c.at), c.user, update)
		s.failsWith(c.want, name, err)
	}
	same(s, "the user", storedUser(s, user.ID), user)
	same(s, "whether the key is revoked", s.stored(key).IsRevoked(), false)
	hasTokens(s, user.ID, token)
	hasTokens(s, bob.ID, others)
	same(s, "the number of changes", len(s.changeLog()), before)
}

func voidedTokens(s *suite) {
	ana, _ := s.createUser("ana")
	bob, _ := s.createUser("bob")
	addToken(s, ana, "reset")
	confirm, used, bobs := addToken(s, ana, "confirm"), addToken(s, ana, "confirm"), addToken(s, bob, "reset")
	addToken(s, ana, "email")
	ana, err := useToken(s, ana, used, hour(2), "reset", "email")
	s.succeeds("UpdateUser", err)
	hasTokens(s, ana.ID, confirm)
	hasTokens(s, bob.ID, bobs)
	_, err = s.repo.UpdateUser(s.Context(), attribution(), ana, repository.UserUpdate{VoidTokens: []string{"confirm", "reset"}})
	s.succeeds("UpdateUser", err)
	hasTokens(s, ana.ID)
}

func tokensOfDeletedUser(s *suite) {
	ana, _ := s.createUser("ana")
	bob, _ := s.createUser("bob")
	token, others := addToken(s, ana, "reset"), addToken(s, bob, "reset")
	deleteUser(s, ana.ID, false)
	hasTokens(s, ana.ID)
	hasTokens(s, bob.ID, others)
	_, err := useToken(s, ana, token, hour(2))
	s.failsWith(repository.ErrNotFound, "UpdateUser of a deleted user", err)
}

func tokensAreNoChange(s *suite) {
	user, key := s.createUser("ana")
	before := len(s.changeLog())
	token := addToken(s, user, "reset")
	s.succeeds("DeleteToken", s.repo.DeleteToken(s.Context(), user.ID, token.Hash))
	same(s, "the user", storedUser(s, user.ID), user)
	same(s, "the key", s.stored(key), key)
	same(s, "the number of changes", len(s.changeLog()), before)
}

// A caller who loses leaves no trace: the user is changed once.
func tokenRace(s *suite) {
	user, _ := s.createUser("ana")
	token := addToken(s, user, "reset")
	users := make([]models.User, 100)
	errs := race(len(users), func(i int) error {
		var err error
		users[i], err = useToken(s, user, token, hour(2))
		return err
	})
	successes := 0
	for i, err := range errs {
		if err == nil {
			successes++
			same(s, "the user", storedUser(s, user.ID), users[i])
			continue
		}
		s.failsWith(repository.ErrTokenUsed, "UpdateUser", err)
	}
	same(s, "the number of successes", successes, 1)
	same(s, "the number of changes", len(s.changeLog()), 3)
	hasTokens(s, user.ID)
}

func tokenCrowd(s *suite) {
	user, _ := s.createUser("ana")
	tokens := make([]models.Token, 8)
	for i := range tokens {
		tokens[i] = newToken(user, fmt.Sprint("purpose-", i%2))
	}
	s.allSucceed("AddToken", race(len(tokens), func(i int) error { return s.repo.AddToken(s.Context(), tokens[i]) }))
	hasTokens(s, user.ID, tokens...)
}

func tokensAgainstDeletion(s *suite) {
	user, _ := s.createUser("ana")
	errs := race(8, func(i int) error {
		if i == 4 {
			return s.repo.DeleteUser(s.Context(), attribution(), user.ID, repository.DeleteUserOptions{})
		}
		return ignoring(repository.ErrNotFound, s.repo.AddToken(s.Context(), newToken(user, "reset")))
	})
	s.allSucceed("DeleteUser against AddToken", errs)
	hasTokens(s, user.ID)
}
