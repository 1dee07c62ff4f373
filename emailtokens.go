package ginauth

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/repository"
	"github.com/ginauth/ginauth/security"
)

// The purposes of tokens in mails. A user may have several of one purpose at a
// time, so that a further mail takes nothing from the links before it.
const (
	purposeConfirm = "confirm"
	purposeReset   = "reset"
)

// addToken stores a new token that is mailed to the user, and returns the text
// that the mail carries.
func (a *Auth) addToken(ctx context.Context, user models.User, purpose string) (text string, err error) {
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	text, now := security.NewToken(user.ID), a.now()
	hash := security.HashToken(text)
	err = a.repo.AddToken(ctx, models.Token{
		Hash: hash[:], UserID: user.ID, Purpose: purpose, Email: user.Email, CanonicalEmail: user.CanonicalEmail,
		CreationDate: now, ExpirationDate: now.Add(timeOf(purpose)),
	})
	if errors.Is(err, repository.ErrTooManyTokens) {
		return "", tooManyAttempts("Too many links were mailed to this user.", resetTime)
	}
	return text, asUser(err)
}

// withdrawToken removes a token that could not be mailed. If that fails, it
// expires by itself, and nobody has it.
func (a *Auth) withdrawToken(ctx context.Context, user models.User, text string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), storeTimeout)
	defer cancel()
	hash := security.HashToken(text)
	if err := a.repo.DeleteToken(ctx, user.ID, hash[:]); err != nil {
		a.config.Logger.Warn("a token that is not mailed could not be removed", "user_id", user.ID, "error", err)
	}
}

// tokenHolder returns the user whom a token was mailed to, if it can be used for
// the purpose; the problem token_invalid if not.
func (a *Auth) tokenHolder(ctx context.Context, text, purpose string) (models.User, error) {
	id, ok := security.ParseToken(text)
	if !ok {
		return models.User{}, tokenInvalid()
	}
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	user, err := a.repo.UserByID(ctx, id)
	if isNotFound(err) {
		return models.User{}, tokenInvalid()
	}
	if err != nil {
		return models.User{}, err
	}
	tokens, err := a.repo.TokensOf(ctx, id)
	if err == nil && !holds(user, tokens, text, purpose, a.now()) {
		err = tokenInvalid()
	}
	return user, err
}

// holds reports whether a token of the user can be used for the purpose: it was
// mailed to the address that the user still has, and has not expired.
func holds(user models.User, tokens []models.Token, text, purpose string, now time.Time) bool {
	return !user.IsDisabled() && slices.ContainsFunc(tokens, func(t models.Token) bool {
		return security.MatchToken(t.Hash, text) && t.Purpose == purpose &&
			t.CanonicalEmail == user.CanonicalEmail && !t.HasExpired(now)
	})
}

// useToken changes the user whom a token belongs to, once, and returns their id;
// none for an invalid token, which may hold any id. The other tokens of the
// purpose are void then.
func (a *Auth) useToken(ctx context.Context, text, purpose string, apply func(user *models.User, now time.Time) (revokeKeys bool)) (id string, err error) {
	holder, err := a.tokenHolder(ctx, text, purpose)
	if err != nil {
		return "", err
	}
	hash, act := security.HashToken(text), a.actBy(holder.ID)
	_, err = a.changeUser(ctx, act, holder.ID, func(user *models.User) (repository.UserUpdate, error) {
		if user.IsDisabled() || user.CanonicalEmail != holder.CanonicalEmail {
			return repository.UserUpdate{}, tokenInvalid()
		}
		revokeKeys := apply(user, act.Date)
		return repository.UserUpdate{RevokeKeys: revokeKeys, UseToken: hash[:], VoidTokens: []string{purpose}}, nil
	})
	if isProblem(err, "user_not_found") || errors.Is(err, repository.ErrTokenUsed) {
		err = tokenInvalid()
	}
	if err != nil {
		return "", err
	}
	return holder.ID, nil
}

// limitTokens makes of a call that takes a token one that takes few wrong ones
// from one client.
func (a *Auth) limitTokens(call func(c *gin.Context) (id string, err error)) func(c *gin.Context) (id string, err error) {
	return func(c *gin.Context) (id string, err error) {
		wait, refund := a.letters.guesses.Take(a.config.ClientIP(c), a.now())
		if wait > 0 {
			return "", tooManyAttempts("Too many wrong tokens from this address.", wait)
		}
		id, err = call(c)
		if !isProblem(err, "token_invalid") {
			refund()
		}
		return id, err
	}
}

func tokenInvalid() Problem {
	return problem(http.StatusForbidden, "token_invalid", "The token is unknown, used up, void or expired.")
}
