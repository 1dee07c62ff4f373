package users

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/ginauth/ginauth/internal/audit"
	"github.com/ginauth/ginauth/internal/store"
	"github.com/ginauth/ginauth/internal/throttle"
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
	// Wrong tokens of one client, each of which may be a query.
	tokenGuesses, tokenRefill = 60, time.Second
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

func linkLifetime(purpose string) time.Duration {
	if purpose == purposeConfirm {
		return confirmTime
	}
	return linkTime
}

func linkLimit(purpose string) int {
	switch purpose {
	case purposeConfirm:
		return maxConfirmLinks
	case purposeAdminReset:
		return repository.MaxTokens
	}
	return maxLinks
}

// emailTokens issues, checks and uses the tokens of links in mails.
type emailTokens struct {
	directory
	tokenLimiter *throttle.Throttle
	logger       *slog.Logger
}

func newEmailTokens(d directory, logger *slog.Logger) *emailTokens {
	return &emailTokens{d, throttle.New(tokenGuesses, tokenRefill), logger}
}

// add stores a new token that is mailed to an address, and returns the text that
// the mail carries.
func (t *emailTokens) add(ctx context.Context, to envelope) (text string, err error) {
	ctx, cancel := store.Context(ctx)
	defer cancel()
	now := t.now()
	if err := t.checkRoom(ctx, to, now); err != nil {
		return "", err
	}
	text = security.NewToken(to.user.ID)
	hash := security.HashToken(text)
	err = t.repo.AddToken(ctx, models.Token{
		Hash: hash[:], UserID: to.user.ID, Purpose: to.purpose, Email: to.email, CanonicalEmail: to.canonicalEmail,
		CreationDate: now, ExpirationDate: now.Add(linkLifetime(to.purpose)),
	})
	if errors.Is(err, repository.ErrTooManyTokens) {
		return "", tooManyLinks(linkTime)
	}
	return text, userProblem(err)
}

// checkRoom refuses a further link while the user has as many of its purpose as
// are allowed.
func (t *emailTokens) checkRoom(ctx context.Context, to envelope, now time.Time) error {
	tokens, err := t.repo.TokensByUser(ctx, to.user.ID)
	if err != nil {
		return userProblem(err)
	}
	live := slices.DeleteFunc(tokens, func(t models.Token) bool { return t.Purpose != to.purpose || t.HasExpired(now) })
	if len(live) < linkLimit(to.purpose) {
		return nil
	}
	return tooManyLinks(live[0].ExpirationDate.Sub(now))
}

func tooManyLinks(wait time.Duration) *problem.Error {
	return problem.TooManyAttempts("Too many links were mailed to this user.", wait)
}

// withdraw removes a token that could not be mailed. If that fails, it expires by
// itself, and nobody has it.
func (t *emailTokens) withdraw(ctx context.Context, userID, text string) {
	ctx, cancel := store.Context(context.WithoutCancel(ctx))
	defer cancel()
	hash := security.HashToken(text)
	if err := t.repo.DeleteToken(ctx, userID, hash[:]); err != nil {
		t.logger.Warn("a token that is not mailed could not be removed", "user_id", userID, "error", err)
	}
}

// find returns a token and its user, if it can be used for one of the purposes;
// the problem token_invalid if not.
func (t *emailTokens) find(ctx context.Context, text string, purposes ...string) (models.User, models.Token, error) {
	id, ok := security.ParseToken(text)
	if !ok {
		return models.User{}, models.Token{}, tokenInvalid()
	}
	ctx, cancel := store.Context(ctx)
	defer cancel()
	user, err := t.repo.UserByID(ctx, id)
	if err != nil {
		return models.User{}, models.Token{}, store.Problem(err, tokenInvalid())
	}
	tokens, err := t.repo.TokensByUser(ctx, id)
	if err != nil {
		return models.User{}, models.Token{}, userProblem(err)
	}
	now := t.now()
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

// pendingEmail is the address that waits for its confirmation, the latest one if
// there are several; empty if there is none.
func pendingEmail(user models.User, tokens []models.Token, now time.Time) string {
	for _, token := range slices.Backward(tokens) {
		if token.Purpose == purposeChange && isUsable(user, token, now) {
			return token.Email
		}
	}
	return ""
}

// tokenUse is how a token is used.
type tokenUse struct {
	text     string
	purposes []string // for one of which it must be
	void     []string // the purposes whose tokens are void then
	apply    func(user *models.User, now time.Time) (revokeKeys bool)
}

// use changes the user whom a token belongs to, once, and returns them; none for
// an invalid token, which may hold any id.
func (t *emailTokens) use(ctx context.Context, use tokenUse) (models.User, error) {
	holder, _, err := t.find(ctx, use.text, use.purposes...)
	if err != nil {
		return models.User{}, err
	}
	hash := security.HashToken(use.text)
	by := actorFrom(ctx, holder.ID).Attribution(t.now())
	changed, err := t.update(ctx, by, holder.ID, func(user *models.User, now time.Time) (repository.UserUpdate, error) {
		if user.IsDisabled() || user.CanonicalEmail != holder.CanonicalEmail {
			return repository.UserUpdate{}, tokenInvalid()
		}
		revokeKeys := use.apply(user, now)
		return repository.UserUpdate{RevokeKeys: revokeKeys, UseToken: hash[:], VoidTokens: use.void}, nil
	})
	return changed, tokenProblem(err)
}

// actorFrom is who acts by a token: its user, unless it is the application.
func actorFrom(ctx context.Context, userID string) audit.Actor {
	actor := audit.ActorFrom(ctx)
	if actor.Kind == audit.Anonymous {
		actor.Kind, actor.Name = audit.User, userID
	}
	return actor
}

// tokenProblem says of a token that came too late that it is invalid.
func tokenProblem(err error) error {
	if problem.Is(err, "user_not_found") || errors.Is(err, repository.ErrTokenUsed) {
		return tokenInvalid()
	}
	return err
}

// limit makes of a call with a token one that takes few wrong ones from a client.
func (t *emailTokens) limit(ctx context.Context, call func() error) error {
	address := audit.ActorFrom(ctx).ClientAddress
	if address == "" { // the application's own
		return call()
	}
	wait, refund := t.tokenLimiter.Take(address, t.clock())
	if wait > 0 {
		return problem.TooManyAttempts("Too many wrong tokens from this address.", wait)
	}
	err := call()
	if !problem.Is(err, "token_invalid") {
		refund()
	}
	return err
}

func tokenInvalid() *problem.Error {
	return problem.Forbidden("token_invalid", "The token is unknown, used up or out of time, or a new password or address has voided it.")
}

// publicPurpose is what a user may know of a purpose, but for who asked for it.
func publicPurpose(purpose string) string {
	public, _, _ := strings.Cut(purpose, ".")
	return public
}
