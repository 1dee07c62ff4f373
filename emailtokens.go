package ginauth

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/problem"
	"github.com/ginauth/ginauth/repository"
	"github.com/ginauth/ginauth/security"
)

// The purposes of tokens in mails. A user may have several of one purpose at a
// time, so that a further mail takes nothing from the links before it. The
// three of a reset differ in who asks for the link, and are counted apart.
const (
	purposeConfirm    = "confirm"
	purposeChange     = "change" // of the address; it is mailed to the new one
	purposeReset      = "reset"
	purposeKnownReset = "reset.known" // from where the password was right lately
	purposeAdminReset = "reset.admin"
)

const (
	// linkTime is how long links can be used, confirmTime how long those to a
	// first confirmation.
	linkTime, confirmTime = time.Hour, 24 * time.Hour
	// maxLinks is how many links of one purpose a user has at a time, maxConfirmLinks
	// of those to a first confirmation, which live longer and which only the user
	// asks for.
	maxLinks, maxConfirmLinks = 10, 20
)

// resetPurposes are those of tokens that set a password.
func resetPurposes() []string {
	return []string{purposeReset, purposeKnownReset, purposeAdminReset}
}

// allPurposes are those of all tokens, which a new password and a new address
// void.
func allPurposes() []string {
	return append(resetPurposes(), purposeConfirm, purposeChange)
}

func lifetimeOf(purpose string) time.Duration {
	if purpose == purposeConfirm {
		return confirmTime
	}
	return linkTime
}

func maxLinksOf(purpose string) int {
	switch purpose {
	case purposeConfirm:
		return maxConfirmLinks
	case purposeAdminReset:
		return repository.MaxTokens
	}
	return maxLinks
}

// addToken stores a new token that is mailed to an address, and returns the text
// that the mail carries.
func (a *Auth) addToken(ctx context.Context, to envelope) (text string, err error) {
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	now := a.now()
	if err := a.checkRoom(ctx, to, now); err != nil {
		return "", err
	}
	text = security.NewToken(to.user.ID)
	hash := security.HashToken(text)
	err = a.repo.AddToken(ctx, models.Token{
		Hash: hash[:], UserID: to.user.ID, Purpose: to.purpose, Email: to.email, CanonicalEmail: to.canonicalEmail,
		CreationDate: now, ExpirationDate: now.Add(lifetimeOf(to.purpose)),
	})
	switch {
	case errors.Is(err, repository.ErrTooManyTokens):
		return "", tooManyLinks(linkTime)
	case isNotFound(err):
		return "", userNotFound()
	}
	return text, err
}

// checkRoom refuses a further link while the user has as many of its purpose as
// are allowed.
func (a *Auth) checkRoom(ctx context.Context, to envelope, now time.Time) error {
	tokens, err := a.repo.TokensOf(ctx, to.user.ID)
	if err != nil {
		return err
	}
	live := slices.DeleteFunc(tokens, func(t models.Token) bool { return t.Purpose != to.purpose || t.HasExpired(now) })
	if len(live) < maxLinksOf(to.purpose) {
		return nil
	}
	return tooManyLinks(live[0].ExpirationDate.Sub(now))
}

func tooManyLinks(wait time.Duration) *problem.Error {
	return problem.TooManyAttempts("Too many links were mailed to this user.", wait)
}

// withdrawToken removes a token that could not be mailed. If that fails, it
// expires by itself, and nobody has it.
func (a *Auth) withdrawToken(ctx context.Context, userID, text string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), storeTimeout)
	defer cancel()
	hash := security.HashToken(text)
	if err := a.repo.DeleteToken(ctx, userID, hash[:]); err != nil {
		a.config.Logger.Warn("a token that is not mailed could not be removed", "user_id", userID, "error", err)
	}
}

// findToken returns a token and its user, if it can be used for one of the
// purposes; the problem token_invalid if not.
func (a *Auth) findToken(ctx context.Context, text string, purposes ...string) (models.User, models.Token, error) {
	id, ok := security.ParseToken(text)
	if !ok {
		return models.User{}, models.Token{}, tokenInvalid()
	}
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	user, err := a.repo.UserByID(ctx, id)
	if isNotFound(err) {
		return models.User{}, models.Token{}, tokenInvalid()
	}
	if err != nil {
		return models.User{}, models.Token{}, err
	}
	tokens, err := a.repo.TokensOf(ctx, id)
	if err != nil {
		return models.User{}, models.Token{}, err
	}
	now := a.now()
	i := slices.IndexFunc(tokens, func(t models.Token) bool {
		return security.MatchToken(t.Hash, text) && slices.Contains(purposes, t.Purpose) && isUsable(user, t, now)
	})
	if i < 0 {
		return models.User{}, models.Token{}, tokenInvalid()
	}
	return user, tokens[i], nil
}

// isUsable reports whether a token has not expired and was mailed to the address
// that its user still has, or to a new one.
func isUsable(user models.User, t models.Token, now time.Time) bool {
	return !user.IsDisabled() && !t.HasExpired(now) && (t.Purpose == purposeChange || t.CanonicalEmail == user.CanonicalEmail)
}

// tokenUse is how a token is used.
type tokenUse struct {
	text     string
	purposes []string // for one of which it must be
	void     []string // the purposes whose tokens are void then
	apply    func(user *models.User, now time.Time) (revokeKeys bool)
}

// useToken changes the user whom a token belongs to, once, and returns them; none
// for an invalid token, which may hold any id.
func (a *Auth) useToken(ctx context.Context, use tokenUse) (models.User, error) {
	holder, _, err := a.findToken(ctx, use.text, use.purposes...)
	if err != nil {
		return models.User{}, err
	}
	hash, act := security.HashToken(use.text), a.actBy(holder.ID)
	changed, err := a.changeUser(ctx, act, holder.ID, func(user *models.User) (repository.UserUpdate, error) {
		if user.IsDisabled() || user.CanonicalEmail != holder.CanonicalEmail {
			return repository.UserUpdate{}, tokenInvalid()
		}
		revokeKeys := use.apply(user, act.Date)
		return repository.UserUpdate{RevokeKeys: revokeKeys, UseToken: hash[:], VoidTokens: use.void}, nil
	})
	if problem.Is(err, "user_not_found") || errors.Is(err, repository.ErrTokenUsed) {
		err = tokenInvalid()
	}
	if err != nil {
		return models.User{}, err
	}
	return changed, nil
}

// limitTokens makes of a call that takes a token one that takes few wrong ones
// from one client.
func (a *Auth) limitTokens(call func(c *gin.Context) (id string, err error)) func(c *gin.Context) (id string, err error) {
	return func(c *gin.Context) (id string, err error) {
		wait, refund := a.letters.guesses.Take(a.config.ClientIP(c), a.config.Now())
		if wait > 0 {
			return "", problem.TooManyAttempts("Too many wrong tokens from this address.", wait)
		}
		id, err = call(c)
		if !problem.Is(err, "token_invalid") {
			refund()
		}
		return id, err
	}
}

func tokenInvalid() *problem.Error {
	return problem.Forbidden("token_invalid", "The token is unknown, used up or out of time, or a new password or address has voided it.")
}
