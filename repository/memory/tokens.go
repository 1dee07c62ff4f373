package memory

import (
	"bytes"
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/repository"
)

// AddToken implements repository.Users.
func (s userStore) AddToken(ctx context.Context, token models.Token) error {
	return s.write(ctx, func() error {
		if _, ok := s.users[token.UserID]; !ok {
			return errNoUser
		}
		token.Hash = bytes.Clone(token.Hash)
		token.CreationDate, token.ExpirationDate = stored(token.CreationDate), stored(token.ExpirationDate)
		kept := slices.DeleteFunc(slices.Clone(s.tokens[token.UserID]), func(t models.Token) bool { return t.HasExpired(token.CreationDate) })
		if len(kept) >= repository.MaxTokens {
			return repository.ErrTooManyTokens
		}
		if !s.hasToken(token.Hash) {
			kept = append(kept, token)
		}
		s.tokens[token.UserID] = kept
		return nil
	})
}

func (s userStore) hasToken(hash []byte) bool {
	for _, tokens := range s.tokens {
		if slices.ContainsFunc(tokens, func(t models.Token) bool { return bytes.Equal(t.Hash, hash) }) {
			return true
		}
	}
	return false
}

// TokensByUser implements repository.Users.
func (s userStore) TokensByUser(ctx context.Context, userID string) (tokens []models.Token, err error) {
	err = s.read(ctx, func() error {
		tokens = append([]models.Token{}, s.tokens[userID]...)
		return nil
	})
	slices.SortFunc(tokens, func(a, b models.Token) int {
		return cmp.Or(a.CreationDate.Compare(b.CreationDate), bytes.Compare(a.Hash, b.Hash))
	})
	return tokens, err
}

// DeleteToken implements repository.Users.
func (s userStore) DeleteToken(ctx context.Context, userID string, hash []byte) error {
	return s.write(ctx, func() error {
		s.removeTokens(userID, func(t models.Token) bool { return bytes.Equal(t.Hash, hash) })
		return nil
	})
}

func (s userStore) removeTokens(userID string, is func(models.Token) bool) {
	s.tokens[userID] = slices.DeleteFunc(s.tokens[userID], is)
}

// mayUse reports whether a user has the token, and it has not expired.
func (s userStore) mayUse(userID string, hash []byte, at time.Time) bool {
	return slices.ContainsFunc(s.tokens[userID], func(t models.Token) bool {
		return bytes.Equal(t.Hash, hash) && !t.HasExpired(stored(at))
	})
}
