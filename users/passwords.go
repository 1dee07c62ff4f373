package users

import (
	"context"
	"time"

	"github.com/ginauth/ginauth/internal/hashpool"
	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/repository"
)

// passwords sets passwords.
type passwords struct {
	directory
	hashing *hashpool.Pool
	rules   passwordRules
	tokens  *emailTokens
	mails   *mailer
}

// PasswordParams is a new password.
type PasswordParams struct {
	Password string
	// RevokeKeys revokes all keys of the user, too.
	RevokeKeys bool
}

// ChangePassword sets another password, and voids the links that were mailed
// before. The user is told by mail. It fails with the problem fields_invalid,
// which proposes a password, if the rules do not accept it.
func (s *Service) ChangePassword(ctx context.Context, ref Ref, p PasswordParams) (user models.User, err error) {
	id := ""
	defer func() { s.records.Call(ctx, "user.password", id, err) }()
	if id, err = s.resolve(ctx, ref); err != nil {
		return models.User{}, err
	}
	named, err := s.byID(ctx, id)
	if err != nil {
		return models.User{}, err
	}
	if err := s.passwords.rules.check(p.Password, named.Username, named.Email); err != nil {
		return models.User{}, err
	}
	hash, err := s.passwords.hashing.Hash(ctx, p.Password, hashpool.Known)
	if err != nil {
		return models.User{}, err
	}
	_, user, err = s.updateRef(ctx, ref, func(u *models.User, now time.Time) (repository.UserUpdate, error) {
		u.PasswordHash, u.ChangeDate = hash, now
		return repository.UserUpdate{RevokeKeys: p.RevokeKeys, VoidTokens: allPurposes()}, nil
	})
	if err == nil {
		s.mails.notify(noticePassword, user)
	}
	return user, err
}
