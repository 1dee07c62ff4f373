package users

import (
	"context"
	"time"

	"github.com/ginauth/ginauth/internal/audit"
	"github.com/ginauth/ginauth/internal/fields"
	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/problem"
	"github.com/ginauth/ginauth/repository"
	"github.com/ginauth/ginauth/security"
)

// emails changes and confirms addresses.
type emails struct {
	directory
	resolver Resolver
	tokens   *emailTokens
	mails    *mailer
}

// readEmail returns the form in which an address is compared.
func readEmail(email string) (canonicalEmail string, err error) {
	if email == "" {
		return "", problem.InvalidFields(problem.Missing("email"))
	}
	canonicalEmail, err = security.CanonicalEmail(email)
	if err != nil {
		return "", problem.InvalidFields(fields.Append(nil, "email", err)...)
	}
	return canonicalEmail, nil
}

// ChangeEmail asks for another email address. With a mailer it is pending until
// it is confirmed: a link goes there, the address in effect is told, and whether
// the new one is somebody else's nobody learns. Without a mailer it is in effect
// at once, and not confirmed; then it fails with the problem email_taken.
func (s *Service) ChangeEmail(ctx context.Context, ref Ref, email string) (account Account, err error) {
	id := ""
	defer func() { s.records.Call(ctx, "user.email", id, err) }()
	canonicalEmail, err := readEmail(email)
	if err != nil {
		return account, err
	}
	if err := checkDomain(ctx, s.emails.resolver, canonicalEmail); err != nil {
		return account, err
	}
	if id, err = s.resolve(ctx, ref); err != nil {
		return account, err
	}
	user, err := s.byID(ctx, id)
	if err != nil {
		return account, err
	}
	if s.mails != nil && canonicalEmail != user.CanonicalEmail {
		err = s.emails.requestChange(ctx, envelope{user, purposeChange, email, canonicalEmail})
	} else {
		user, err = s.emails.set(ctx, ref, email, canonicalEmail)
	}
	if err != nil {
		return account, err
	}
	return s.account(ctx, user)
}

// set changes the address at once. The same address, written differently,
// stays confirmed; a pending one is given up.
func (e *emails) set(ctx context.Context, ref Ref, email, canonicalEmail string) (models.User, error) {
	_, user, err := e.updateRef(ctx, ref, func(u *models.User, now time.Time) (repository.UserUpdate, error) {
		void := []string{purposeChange}
		if u.CanonicalEmail != canonicalEmail {
			u.ConfirmationDate, void = time.Time{}, allPurposes()
		}
		u.Email, u.CanonicalEmail, u.ChangeDate = email, canonicalEmail, now
		return repository.UserUpdate{VoidTokens: void}, nil
	})
	return user, err
}

// requestChange mails a link that confirms the new address. Whether the address
// is taken, the user learns neither by the answer nor by the work that it takes: a
// token is stored all the same, and the mail to the address tells its owner
// instead.
func (e *emails) requestChange(ctx context.Context, to envelope) error {
	refund, err := e.mails.take(to)
	if err != nil {
		return err
	}
	token, err := e.tokens.add(ctx, to)
	if err != nil {
		refund()
		return err
	}
	if err := e.mails.mailNewAddress(ctx, to, token); err != nil {
		refund()
		e.tokens.withdraw(ctx, to.user.ID, token)
		return err
	}
	e.mails.notify(noticeRequested, to.user)
	return nil
}

// SendConfirmation mails a link that confirms the user's address. It fails with
// the problem email_confirmed if it is.
func (s *Service) SendConfirmation(ctx context.Context, ref Ref) (err error) {
	id := ""
	defer func() { s.records.Call(ctx, "user.confirm.send", id, err) }()
	if s.mails == nil {
		return errNoMailer()
	}
	if id, err = s.resolve(ctx, ref); err != nil {
		return err
	}
	user, err := s.byID(ctx, id)
	if err != nil {
		return err
	}
	if ref.canonicalEmail != "" && user.CanonicalEmail != ref.canonicalEmail {
		return userProblem(repository.ErrOutdated)
	}
	if user.IsConfirmed() {
		return problem.Conflict("email_confirmed", "The address is confirmed already.")
	}
	return s.mails.sendLink(ctx, user, purposeConfirm)
}

// ConfirmParams is a token that was mailed.
type ConfirmParams struct {
	Token string
	// Login returns the user who is logged in; it is asked where the token is for
	// a new address.
	Login func(context.Context) (models.User, error)
}

// Confirm uses a token up, to confirm an address. A first confirmation revokes
// the keys issued before, since somebody else may have given the address. A new
// address needs the login of the user who asked for it; it fails with the problem
// email_taken if it was taken meanwhile. Any other token fails with the problem
// token_invalid.
func (s *Service) Confirm(ctx context.Context, p ConfirmParams) (user models.User, err error) {
	defer func() {
		s.records.Call(audit.WithActor(ctx, actorFrom(ctx, user.ID)), "user.confirm", user.ID, err)
	}()
	err = s.tokens.limit(ctx, func() error {
		user, err = s.emails.confirm(ctx, p)
		return err
	})
	return user, err
}

func (e *emails) confirm(ctx context.Context, p ConfirmParams) (models.User, error) {
	if p.Token == "" {
		return models.User{}, problem.InvalidFields(problem.Missing("token"))
	}
	_, token, err := e.tokens.find(ctx, p.Token, purposeConfirm, purposeChange)
	if err != nil {
		return models.User{}, err
	}
	if token.Purpose == purposeChange {
		return e.confirmChange(ctx, p)
	}
	purposes := []string{purposeConfirm}
	return e.tokens.use(ctx, tokenUse{text: p.Token, purposes: purposes, void: purposes, apply: func(user *models.User, now time.Time) (revokeKeys bool) {
		revokeKeys = !user.IsConfirmed()
		user.ConfirmationDate = now
		return revokeKeys
	}})
}

// confirmChange uses a token up that was mailed to a new address, if the user
// whose it is has logged in.
func (e *emails) confirmChange(ctx context.Context, p ConfirmParams) (models.User, error) {
	if p.Login == nil {
		return models.User{}, problem.Unauthenticated("credentials_missing", "Log in to confirm a new address.")
	}
	user, err := p.Login(ctx)
	if err != nil {
		return models.User{}, err
	}
	holder, token, err := e.tokens.find(ctx, p.Token, purposeChange)
	if err == nil && holder.ID != user.ID {
		err = tokenInvalid()
	}
	if err != nil {
		return user, err
	}
	ctx = audit.WithActor(ctx, actorFrom(ctx, user.ID))
	former, err := e.useChangeToken(ctx, user, p.Token, token)
	if err != nil {
		return user, err
	}
	e.mails.notify(noticeFormer, former)
	return user, nil
}

// useChangeToken puts the new address into effect and returns the user as they
// were before. As with any first confirmation, keys that were issued before are
// revoked.
func (e *emails) useChangeToken(ctx context.Context, user models.User, text string, token models.Token) (former models.User, err error) {
	hash := security.HashToken(text)
	_, _, err = e.updateRef(ctx, Authenticated(user), func(u *models.User, now time.Time) (repository.UserUpdate, error) {
		former = *u
		u.Email, u.CanonicalEmail, u.ConfirmationDate, u.ChangeDate = token.Email, token.CanonicalEmail, now, now
		return repository.UserUpdate{RevokeKeys: !former.IsConfirmed(), UseToken: hash[:], VoidTokens: allPurposes()}, nil
	})
	return former, tokenProblem(err)
}
