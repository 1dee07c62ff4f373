package repositorytest

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/repository"
)

func errorTests() []test {
	return []test{
		{"a closed repository fails, and says no more", closedRepository},
		{"closing with calls under way is safe", closedUnderWay},
		{"errors hold no stored value", errorsHoldNoValue},
	}
}

func closedRepository(s *suite) {
	user, key := s.createUser("ana")
	s.succeeds("Close", s.repo.Close())
	for range 2 {
		for _, call := range calls(user, key) {
			err := call.make(s.Context(), s.repo)
			if err == nil {
				s.Errorf("%s succeeds after Close", call.name)
			}
			isNoSentinel(s, call.name, err)
		}
		s.succeeds("Close again", s.repo.Close())
	}
}

// A service that is told to stop closes while requests are being answered.
func closedUnderWay(s *suite) {
	_, key := s.createUser("ana")
	errs := race(20, func(i int) error {
		if i == 10 {
			return s.repo.Close()
		}
		_, err := s.repo.KeyByHash(s.Context(), key.Hash)
		isNoSentinel(s, "KeyByHash", err)
		err = s.repo.AddUsage(s.Context(), newFlush(fmt.Sprint("node-", i), 1, key.ID))
		isNoSentinel(s, "AddUsage", ignoring(repository.ErrOutcomeUnknown, err))
		return nil
	})
	s.allSucceed("Close", errs)
}

// Errors end in logs, which are read by more people than the database.
func errorsHoldNoValue(s *suite) {
	user, key := newUser("canonical-secret"), newKey()
	user.Username, user.Email = "typed-secret", "typed-secret@example.org"
	key.Name, key.Hint, key.UserID = "label-secret", "ga_secret", user.ID
	s.succeeds("CreateUser", s.repo.CreateUser(s.Context(), attribution(), user, key))
	s.succeeds("AddToken", s.repo.AddToken(s.Context(), secretToken(user)))
	for name, err := range failures(s, user, key) {
		if err == nil {
			s.Errorf("%s succeeds", name)
			continue
		}
		for what, value := range valuesFrom(user, key) {
			if strings.Contains(strings.ToLower(err.Error()), strings.ToLower(value)) {
				s.Errorf("%s returns an error that holds the %s: %v", name, what, err)
			}
		}
	}
}

// failures provokes as many kinds of failure as there are without cutting a
// cable, each with the values of the user and the key in its hands.
func failures(s *suite, user models.User, key models.APIKey) map[string]error {
	ctx := s.Context()
	failures := map[string]error{}
	sameName, sameEmail, sameHash, sameID, homeless := newUser("bob"), newUser("bob"), newKey(), newKey(), key
	sameName.CanonicalUsername, sameEmail.CanonicalEmail = user.CanonicalUsername, user.CanonicalEmail
	sameHash.Hash, sameID.ID = key.Hash, key.ID
	homeless.UserID = newID()
	failures["a taken username"] = s.repo.CreateUser(ctx, attribution(), sameName, newKeyFor(sameName))
	failures["a taken email"] = s.repo.CreateUser(ctx, attribution(), sameEmail, newKeyFor(sameEmail))
	failures["a taken hash"] = s.repo.CreateKey(ctx, attribution(), sameHash, repository.CreateKeyOptions{})
	failures["a taken id"] = s.repo.CreateKey(ctx, attribution(), sameID, repository.CreateKeyOptions{})
	moved, outdated := sameEmail, user
	moved.CanonicalEmail, outdated.Version = "free@example.org", 7
	s.succeeds("CreateUser", s.repo.CreateUser(ctx, attribution(), moved, newKeyFor(moved)))
	moved.Email, moved.CanonicalEmail = user.Email, user.CanonicalEmail
	_, failures["a change to a taken email"] = s.repo.UpdateUser(ctx, attribution(), moved, repository.UserUpdate{RevokeKeys: true})
	_, failures["an outdated change"] = s.repo.UpdateUser(ctx, attribution(), outdated, repository.UserUpdate{RevokeKeys: true})
	orphan := secretToken(user)
	orphan.UserID = newID()
	failures["a token of nobody"] = s.repo.AddToken(ctx, orphan)
	_, failures["a token of another"] = s.repo.UpdateUser(ctx, attribution(), sameEmail, repository.UserUpdate{UseToken: orphan.Hash})
	failures["another password's rehash"] = s.repo.RehashPassword(ctx, user.ID, user.PasswordHash+"x", user.PasswordHash)
	late := newKeyFor(user)
	late.UserVersion = 7
	failures["a key of an outdated user"] = s.repo.CreateKey(ctx, attribution(), late, repository.CreateKeyOptions{})
	failures["a missing user"] = s.repo.CreateKey(ctx, attribution(), homeless, repository.CreateKeyOptions{})
	s.revokeKey(key.ID)
	_, _, failures["a revoked key"] = s.repo.RenewKey(ctx, attribution(), key.ID, repository.Renewal{Expiration: hour(20)})
	s.deleteKey(key.ID)
	_, failures["a missing key"] = s.repo.KeyByHash(ctx, key.Hash)
	_, failures["a missing name"] = s.repo.UserByUsername(ctx, user.CanonicalUsername+"s")
	over, cancel := context.WithCancel(ctx)
	cancel()
	failures["a cancelled search"] = failuresFrom(over, s.repo, user, key)
	s.succeeds("Close", s.repo.Close())
	failures["a closed repository"] = failuresFrom(ctx, s.repo, user, key)
	return failures
}

// failuresFrom makes every call that takes the secret values.
func failuresFrom(ctx context.Context, repo repository.Repository, user models.User, key models.APIKey) error {
	_, search := repo.KeyByHash(ctx, key.Hash)
	_, login := repo.UserByUsername(ctx, user.CanonicalUsername)
	_, address := repo.UserByEmail(ctx, user.CanonicalEmail)
	_, update := repo.UpdateUser(ctx, attribution(), user, repository.UserUpdate{RevokeKeys: true})
	_, users := repo.ListUsers(ctx, repository.UserFilter{Username: user.CanonicalUsername, Email: user.CanonicalEmail}, wholeList())
	_, list := repo.ListKeys(ctx, repository.KeyFilter{
		Name: key.Name, Username: user.CanonicalUsername, Email: user.CanonicalEmail,
	}, wholeList())
	token := secretToken(user)
	_, tokens := repo.TokensByUser(ctx, user.ID)
	_, use := repo.UpdateUser(ctx, attribution(), user, repository.UserUpdate{UseToken: token.Hash, VoidTokens: []string{token.Purpose}})
	return errors.Join(search, login, address, update, users, list, tokens, use,
		repo.AddToken(ctx, token), repo.DeleteToken(ctx, user.ID, token.Hash),
		repo.RehashPassword(ctx, user.ID, user.PasswordHash, user.PasswordHash), repo.NoteMailFailure(ctx, user.ID, hour(1)),
		repo.CreateUser(ctx, attribution(), user, key), repo.CreateKey(ctx, attribution(), key, repository.CreateKeyOptions{}))
}

func secretToken(user models.User) models.Token {
	return models.Token{
		Hash: []byte("token-hash-secret-of-32-bytes-xx"), UserID: user.ID, Purpose: "purpose-secret",
		Email: user.Email, CanonicalEmail: user.CanonicalEmail, CreationDate: hour(1), ExpirationDate: hour(2),
	}
}

func valuesFrom(user models.User, key models.APIKey) map[string]string {
	return map[string]string{
		"typed name":         user.Username,
		"canonical name":     user.CanonicalUsername,
		"typed address":      user.Email,
		"canonical address":  user.CanonicalEmail,
		"password hash":      user.PasswordHash,
		"token's hash":       hex.EncodeToString(secretToken(user).Hash),
		"token's bytes":      string(secretToken(user).Hash),
		"token's purpose":    secretToken(user).Purpose,
		"key's name":         key.Name,
		"key's hint":         key.Hint,
		"hash in hex":        hex.EncodeToString(key.Hash),
		"hash in base64":     strings.TrimRight(base64.StdEncoding.EncodeToString(key.Hash), "="),
		"hash as numbers":    strings.Trim(fmt.Sprintf("%d", key.Hash), "[]"),
		"hash byte for byte": string(key.Hash),
		"hash, quoted":       strings.Trim(fmt.Sprintf("%q", key.Hash), `"`),
	}
}
