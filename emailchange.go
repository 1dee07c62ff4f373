package ginauth

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/ginauth/ginauth/internal/outbox"
	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/problem"
	"github.com/ginauth/ginauth/repository"
	"github.com/ginauth/ginauth/security"
)

// accountEmail changes the user's address.
//
//	@Summary		Change your email address
//	@Description	If mail can be sent, the new address is pending until it is confirmed: a link goes there, the address in effect is told, and the answer is the same if the new one is somebody else's. Without mail the change is in effect at once, and the new address is not confirmed.
//	@Tags			account
//	@Accept			json
//	@Produce		json
//	@Param			body	body		emailRequest	true	"the new address"
//	@Success		200		{object}	accountResponse
//	@Failure		400,401,403,404,409,413,415,422,429,503	{object}	Problem
//	@Security		Account
//	@Router			/account/email [post]
func (a *Auth) accountEmail(c *gin.Context, user models.User) (id string, err error) {
	var request emailRequest
	if err := readJSON(c, &request); err != nil {
		return "", err
	}
	canonical, err := request.canonical()
	if err != nil {
		return "", err
	}
	ctx := c.Request.Context()
	if err := a.checkDomain(ctx, canonical); err != nil {
		return "", err
	}
	if a.letters != nil && canonical != user.CanonicalEmail {
		err = a.requestEmailChange(ctx, envelope{user, purposeChange, request.Email, canonical})
	} else {
		user, err = a.setEmail(ctx, user, request.Email, canonical)
	}
	if err != nil {
		return user.ID, err
	}
	return user.ID, a.answerAccount(c, user)
}

// setEmail changes the address at once. The same address, written differently,
// stays confirmed; a pending one is given up.
func (a *Auth) setEmail(ctx context.Context, user models.User, email, canonical string) (models.User, error) {
	return a.changeProven(ctx, user, func(u *models.User, now time.Time) repository.UserUpdate {
		void := []string{purposeChange}
		if u.CanonicalEmail != canonical {
			u.ConfirmationDate, void = time.Time{}, allPurposes()
		}
		u.Email, u.CanonicalEmail, u.ChangeDate = email, canonical, now
		return repository.UserUpdate{VoidTokens: void}
	})
}

// requestEmailChange mails a link that confirms the new address. Whether the
// address is taken, the user learns neither by the answer nor by the work that
// it takes: a token is stored all the same, and the mail to the address tells its
// owner instead.
func (a *Auth) requestEmailChange(ctx context.Context, to envelope) error {
	refund, err := a.takeMail(to)
	if err != nil {
		return err
	}
	token, err := a.addToken(ctx, to)
	if err != nil {
		refund()
		return err
	}
	if err := a.mailNewAddress(ctx, to, token); err != nil {
		refund()
		a.withdrawToken(ctx, to.user.ID, token)
		return err
	}
	a.notify(noticeRequested, to.user)
	return nil
}

// mailNewAddress mails the link to a new address, or if that is taken, a notice
// to its owner.
func (a *Auth) mailNewAddress(ctx context.Context, to envelope, token string) error {
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	owner, err := a.repo.UserByEmail(ctx, to.canonicalEmail)
	if isNotFound(err) {
		return a.enqueueLink(to, token)
	}
	if err != nil {
		return err
	}
	return a.enqueue(owner.ID, noticeTaken, a.noticeMessage(noticeTaken, owner), a.isStillAt(owner))
}

// isStillAt keeps a mail from being sent to somebody who is deleted or has
// another address by now.
func (a *Auth) isStillAt(user models.User) outbox.Check {
	return func(ctx context.Context) error {
		_, err := a.userStillAt(ctx, user)
		if problem.Is(err, "user_not_found") || errors.Is(err, repository.ErrOutdated) {
			return outbox.ErrUnwanted
		}
		return err
	}
}

// isStillThere is isStillAt for a mail to a former address.
func (a *Auth) isStillThere(user models.User) outbox.Check {
	return func(ctx context.Context) error {
		_, err := a.repo.UserByID(ctx, user.ID)
		if isNotFound(err) {
			return outbox.ErrUnwanted
		}
		return err
	}
}

// notify tells users of a change of theirs at the address that they have, or had.
// The change is made already, so a mail that cannot be queued is logged alone. An
// address gets few notices, whatever they are of.
func (a *Auth) notify(kind string, user models.User) {
	if a.letters == nil {
		return
	}
	check := a.isStillAt(user)
	if kind == noticeFormer {
		check = a.isStillThere(user)
	}
	wait, refund := a.letters.recipients.Take(recipient{user.CanonicalEmail, "notice"}, a.config.Now())
	if wait > 0 {
		a.config.Logger.Warn("a user is not told of a change: too many mails to this address", "user_id", user.ID, "kind", kind)
		return
	}
	if err := a.enqueue(user.ID, kind, a.noticeMessage(kind, user), check); err != nil {
		refund()
		a.config.Logger.Warn("a user is not told of a change", "user_id", user.ID, "kind", kind, "error", err)
	}
}

// confirmChange uses a token up that was mailed to a new address, if the user
// whose it is has logged in.
func (a *Auth) confirmChange(c *gin.Context, text string, login basicLogin) (id string, err error) {
	if login.err != nil {
		return "", login.err
	}
	if !login.sent {
		return "", problem.Unauthenticated("credentials_missing", "Log in to confirm a new address: send username and password by HTTP Basic.")
	}
	user, err := a.userByPassword(c, login.name, login.password)
	a.recordLogin(c, login.name, user, err)
	if err != nil {
		return "", err
	}
	ctx := c.Request.Context()
	holder, token, err := a.findToken(ctx, text, purposeChange)
	if err == nil && holder.ID != user.ID {
		err = tokenInvalid()
	}
	if err != nil {
		return user.ID, err
	}
	former, err := a.useChangeToken(ctx, user, text, token)
	if err != nil {
		return user.ID, err
	}
	a.notify(noticeFormer, former)
	return user.ID, nil
}

// useChangeToken puts the new address into effect and returns the user as they
// were before. As with any first confirmation, keys that were issued before are
// revoked.
func (a *Auth) useChangeToken(ctx context.Context, user models.User, text string, token models.Token) (former models.User, err error) {
	hash := security.HashToken(text)
	_, err = a.changeProven(ctx, user, func(u *models.User, now time.Time) repository.UserUpdate {
		former = *u
		u.Email, u.CanonicalEmail, u.ConfirmationDate, u.ChangeDate = token.Email, token.CanonicalEmail, now, now
		return repository.UserUpdate{RevokeKeys: !former.IsConfirmed(), UseToken: hash[:], VoidTokens: allPurposes()}
	})
	if errors.Is(err, repository.ErrTokenUsed) {
		err = tokenInvalid()
	}
	return former, err
}

// answerAccount shows users who they are, with the address that is pending.
func (a *Auth) answerAccount(c *gin.Context, user models.User) error {
	ctx, cancel := storeContext(c)
	defer cancel()
	response, err := a.describeAccount(ctx, user)
	if err == nil {
		c.JSON(http.StatusOK, response)
	}
	return err
}

func (a *Auth) describeAccount(ctx context.Context, user models.User) (*accountResponse, error) {
	tokens, err := a.repo.TokensOf(ctx, user.ID)
	return &accountResponse{*describeUser(user), a.pendingEmail(user, tokens)}, err
}

// pendingEmail is the address that waits for its confirmation, the latest one if
// there are several; nil if there is none.
func (a *Auth) pendingEmail(user models.User, tokens []models.Token) *string {
	now := a.now()
	for _, token := range slices.Backward(tokens) {
		if token.Purpose == purposeChange && isUsable(user, token, now) {
			return &token.Email
		}
	}
	return nil
}
