package ginauth

import (
	"context"
	"errors"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/problem"
	"github.com/ginauth/ginauth/repository"
	"github.com/ginauth/ginauth/security"
)

// sendConfirmation mails a link that confirms the user's address.
//
//	@Summary	Mail a link that confirms your address
//	@Tags		account
//	@Accept		json
//	@Success	202
//	@Failure	401,403,404,409,415,429,503	{object}	Problem
//	@Security	Account
//	@Router		/account/confirm/send [post]
func (a *Auth) sendConfirmation(c *gin.Context, user models.User) (id string, err error) {
	if err := requireJSON(c); err != nil {
		return "", err
	}
	if user.IsConfirmed() {
		return user.ID, problem.Conflict("email_confirmed", "The address is confirmed already.")
	}
	if err := a.mailToken(c.Request.Context(), user, purposeConfirm); err != nil {
		return user.ID, err
	}
	c.Status(http.StatusAccepted)
	return user.ID, nil
}

// confirm uses a token that was mailed up, to confirm the address.
//
//	@Summary		Confirm an address
//	@Description	With the token of the link. A first confirmation revokes the keys issued before, since somebody else may have given the address. A new address needs the login, by HTTP Basic, of the user who asked for it; if it was taken meanwhile, nothing changes.
//	@Tags			account
//	@Accept			json
//	@Param			body	body	confirmRequest	true	"the token"
//	@Success		204
//	@Failure		400,401,403,409,413,415,422,429,503	{object}	Problem
//	@Router			/account/confirm [post]
func (a *Auth) confirm(c *gin.Context, login basicLogin) (id string, err error) {
	var request confirmRequest
	if err := readJSON(c, &request); err != nil {
		return "", err
	}
	if request.Token == "" {
		return "", problem.InvalidFields(problem.Missing("token"))
	}
	ctx := c.Request.Context()
	_, token, err := a.findToken(ctx, request.Token, purposeConfirm, purposeChange)
	if err != nil {
		return "", err
	}
	if token.Purpose == purposeChange {
		id, err = a.confirmChange(c, request.Token, login)
	} else {
		id, err = a.confirmFirst(ctx, request.Token)
	}
	if err != nil {
		return id, err
	}
	c.Status(http.StatusNoContent)
	return id, nil
}

// confirmFirst confirms the address that the user has.
func (a *Auth) confirmFirst(ctx context.Context, token string) (id string, err error) {
	purposes := []string{purposeConfirm}
	user, err := a.useToken(ctx, tokenUse{text: token, purposes: purposes, void: purposes, apply: func(user *models.User, now time.Time) (revokeKeys bool) {
		revokeKeys = !user.IsConfirmed()
		user.ConfirmationDate = now
		return revokeKeys
	}})
	return user.ID, err
}

// forgot mails a link to a new password.
//
//	@Summary		Mail a link to a new password
//	@Description	The answer is the same whether anybody has the address or not.
//	@Tags			account
//	@Accept			json
//	@Param			body	body	emailRequest	true	"the address"
//	@Success		202
//	@Failure		400,403,413,415,422,429,503	{object}	Problem
//	@Router			/account/forgot [post]
func (a *Auth) forgot(c *gin.Context) (id string, err error) {
	var body emailRequest
	if err := readJSON(c, &body); err != nil {
		return "", err
	}
	canonical, err := body.canonical()
	if err != nil {
		return "", err
	}
	request := a.forgottenBy(canonical, a.config.ClientIP(c))
	if wait := a.letters.takeRequest(request); wait > 0 {
		return "", problem.TooManyAttempts("Too many mails are asked for from this address.", wait)
	}
	if a.closed.Load() {
		return "", errClosed
	}
	if err := a.letters.take(request); err != nil {
		return "", err
	}
	c.Status(http.StatusAccepted)
	return "", nil
}

// resetPassword uses a token that was mailed up, to set a new password.
//
//	@Summary		Set a new password
//	@Description	With the token of the link, which confirms the address, too. If it was not confirmed before, the keys are revoked, since somebody else may have registered the address; else they are if revoke_keys is sent.
//	@Tags			account
//	@Accept			json
//	@Param			body	body	resetRequest	true	"the token and the new password"
//	@Success		204
//	@Failure		400,403,409,413,415,429,503	{object}	Problem
//	@Failure		422	{object}	Problem{proposed_password=string}
//	@Router			/account/reset [post]
func (a *Auth) resetPassword(c *gin.Context) (id string, err error) {
	var request resetRequest
	if err := readJSON(c, &request); err != nil {
		return "", err
	}
	if err := a.checkReset(c.Request.Context(), request); err != nil {
		return "", err
	}
	hash, err := a.hashPassword(c.Request.Context(), request.Password, known)
	if err != nil {
		return "", err
	}
	user, err := a.useToken(c.Request.Context(), tokenUse{text: request.Token, purposes: resetPurposes(), void: allPurposes(), apply: func(user *models.User, now time.Time) (revokeKeys bool) {
		revokeKeys = request.RevokeKeys || !user.IsConfirmed()
		user.PasswordHash, user.ChangeDate = hash, now
		if !user.IsConfirmed() {
			user.ConfirmationDate = now
		}
		return revokeKeys
	}})
	if err != nil {
		return user.ID, err
	}
	a.notify(noticeReset, user)
	c.Status(http.StatusNoContent)
	return user.ID, nil
}

// checkReset looks at the token before anything is hashed, and at the password
// before the token is used up.
func (a *Auth) checkReset(ctx context.Context, request resetRequest) error {
	if request.Token == "" {
		return problem.InvalidFields(problem.Missing("token"))
	}
	if request.Password == "" {
		return problem.InvalidFields(problem.Missing("password"))
	}
	user, _, err := a.findToken(ctx, request.Token, resetPurposes()...)
	if err != nil {
		return err
	}
	return a.checkNewPassword(request.Password, user.Username, user.Email)
}

// resetUser makes a user's password worthless and mails a link to a new one.
//
//	@Summary		Force a new password
//	@Description	The password no longer works, and a link to a new one is mailed. With revoke_keys all keys are revoked, too.
//	@Tags			users
//	@Accept			json
//	@Produce		json
//	@Param			body	body		resetUserRequest	true	"which user"
//	@Success		200		{object}	userResponse
//	@Failure		400,401,404,409,413,415,422,429,503	{object}	Problem
//	@Security		AdminSecret
//	@Router			/users/reset [post]
func (a *Auth) resetUser(c *gin.Context) (id string, err error) {
	var request resetUserRequest
	if err := readJSON(c, &request); err != nil {
		return "", err
	}
	ctx := c.Request.Context()
	if id, err = a.resolveUser(ctx, request.userRef); err != nil {
		return id, err
	}
	user, err := a.lockOut(ctx, id, request.RevokeKeys)
	if err != nil {
		return id, err
	}
	a.audit(c, actorAdmin, "user.password", id, nil) // whatever becomes of the mail
	return id, answerUser(c, user, a.sendToken(ctx, user, purposeAdminReset))
}

// lockOut gives a user a password that nobody knows.
func (a *Auth) lockOut(ctx context.Context, id string, revokeKeys bool) (models.User, error) {
	hash, err := a.hashPassword(ctx, security.NewSecret(), known)
	if err != nil {
		return models.User{}, err
	}
	act := a.act()
	return a.changeUser(ctx, act, id, func(user *models.User) (repository.UserUpdate, error) {
		user.PasswordHash, user.ChangeDate = hash, act.Date
		return repository.UserUpdate{RevokeKeys: revokeKeys, VoidTokens: allPurposes()}, nil
	})
}

// mxTimeout bounds the look-up of an address's domain.
const mxTimeout = 3 * time.Second

// checkDomain refuses an address to whose domain nobody could send mail (RFC
// 5321 section 5.1), where that is configured. A look-up that fails refuses
// nothing.
func (a *Auth) checkDomain(ctx context.Context, canonicalEmail string) error {
	if a.config.Resolver == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, mxTimeout)
	defer cancel()
	_, domain, _ := strings.Cut(canonicalEmail, "@")
	if a.takesMail(ctx, domain) {
		return nil
	}
	return problem.InvalidFields(problem.NewField("email", "email_undeliverable", "The domain of this address takes no mail."))
}

// takesMail reports whether the domain has a mail exchanger or, without any, an
// address. A single exchanger "." says that it takes none (RFC 7505).
func (a *Auth) takesMail(ctx context.Context, domain string) bool {
	records, err := a.config.Resolver.LookupMX(ctx, domain)
	if !isAbsent(err) {
		return err != nil || len(records) != 1 || records[0].Host != "."
	}
	_, err = a.config.Resolver.LookupHost(ctx, domain)
	return !isAbsent(err)
}

func isAbsent(err error) bool {
	var failure *net.DNSError
	return errors.As(err, &failure) && failure.IsNotFound
}
