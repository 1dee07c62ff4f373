package users

import (
	"context"
	"time"

	"github.com/ginauth/ginauth/internal/audit"
	"github.com/ginauth/ginauth/internal/hashpool"
	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/problem"
	"github.com/ginauth/ginauth/repository"
	"github.com/ginauth/ginauth/security"
)

// RequestReset mails a link to a new password to the user with the address. It
// succeeds whether there is one or not. It fails with the problems
// too_many_attempts and mail_busy.
func (s *Service) RequestReset(ctx context.Context, email string) (err error) {
	defer func() { s.records.Call(ctx, "user.forgot", "", err) }()
	canonicalEmail, err := readEmail(email)
	if err != nil {
		return err
	}
	if s.resets == nil {
		return errNoMailer()
	}
	return s.resets.add(canonicalEmail, audit.ActorFrom(ctx).ClientAddress)
}

func errNoMailer() *problem.Error {
	return problem.Conflict("mailer_missing", "This needs mail, and no mailer is configured.")
}

// ResetParams is a new password, and the token that allows to set it.
type ResetParams struct {
	Token, Password string
	// RevokeKeys revokes all keys of the user, too.
	RevokeKeys bool
}

// Reset uses a token that was mailed up, to set a new password. That confirms the
// address, too; if it was not confirmed before, the user's keys are revoked, since
// somebody else may have registered the address. It fails with the problem
// token_invalid.
func (s *Service) Reset(ctx context.Context, p ResetParams) (user models.User, err error) {
	defer func() {
		s.records.Call(audit.WithActor(ctx, actorFrom(ctx, user.ID)), "user.password", user.ID, err)
	}()
	err = s.tokens.limit(ctx, func() error {
		user, err = s.passwords.reset(ctx, p)
		return err
	})
	return user, err
}

func (p *passwords) reset(ctx context.Context, params ResetParams) (models.User, error) {
	if err := p.checkReset(ctx, params); err != nil {
		return models.User{}, err
	}
	hash, err := p.hashing.Hash(ctx, params.Password, hashpool.Known)
	if err != nil {
		return models.User{}, err
	}
	user, err := p.tokens.use(ctx, tokenUse{text: params.Token, purposes: resetPurposes(), void: allPurposes(), apply: func(user *models.User, now time.Time) (revokeKeys bool) {
		revokeKeys = params.RevokeKeys || !user.IsConfirmed()
		user.PasswordHash, user.ChangeDate = hash, now
		if !user.IsConfirmed() {
			user.ConfirmationDate = now
		}
		return revokeKeys
	}})
	if err != nil {
		return models.User{}, err
	}
	p.mails.notify(noticeReset, user)
	return user, nil
}

// checkReset looks at the token before anything is hashed, and at the password
// before the token is used up.
func (p *passwords) checkReset(ctx context.Context, params ResetParams) error {
	if params.Token == "" {
		return problem.InvalidFields(problem.Missing("token"))
	}
	if params.Password == "" {
		return problem.InvalidFields(problem.Missing("password"))
	}
	user, _, err := p.tokens.find(ctx, params.Token, resetPurposes()...)
	if err != nil {
		return err
	}
	return p.rules.check(params.Password, user.Username, user.Email)
}

// ForceResetParams says what else a forced reset does.
type ForceResetParams struct {
	// RevokeKeys revokes all keys of the user, too.
	RevokeKeys bool
}

// ForceReset gives a user a password that nobody knows, and mails a link to a new
// one. If the mail fails, the password is gone all the same.
func (s *Service) ForceReset(ctx context.Context, ref Ref, p ForceResetParams) (user models.User, err error) {
	id := ""
	defer func() { s.records.Call(ctx, "user.reset", id, err) }()
	if s.mails == nil {
		return user, errNoMailer()
	}
	if id, err = s.resolve(ctx, ref); err != nil {
		return user, err
	}
	user, err = s.passwords.scramble(ctx, id, p.RevokeKeys)
	if err != nil {
		return user, err
	}
	s.records.Call(ctx, "user.password", id, nil) // whatever becomes of the mail
	return user, s.mails.sendUnlimited(ctx, user, purposeAdminReset)
}

// scramble gives a user a password that nobody knows.
func (p *passwords) scramble(ctx context.Context, id string, revokeKeys bool) (models.User, error) {
	hash, err := p.hashing.Hash(ctx, security.NewSecret(), hashpool.Known)
	if err != nil {
		return models.User{}, err
	}
	return p.update(ctx, p.attribution(ctx), id, func(user *models.User, now time.Time) (repository.UserUpdate, error) {
		user.PasswordHash, user.ChangeDate = hash, now
		return repository.UserUpdate{RevokeKeys: revokeKeys, VoidTokens: allPurposes()}, nil
	})
}
