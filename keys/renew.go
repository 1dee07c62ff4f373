package keys

import (
	"context"
	"errors"
	"time"

	"github.com/ginauth/ginauth/internal/audit"
	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/problem"
	"github.com/ginauth/ginauth/repository"
)

// RenewParams says until when a key is to be valid. With neither a date nor
// NeverExpires that is the automatic expiration, counted from now.
type RenewParams struct {
	ExpirationDate time.Time
	NeverExpires   bool
	// Reactivate lifts the revocation of a revoked key. A user cannot.
	Reactivate bool
}

// Renewed is a key that was renewed.
type Renewed struct {
	models.APIKey
	// Reactivated says that the key was revoked until now.
	Reactivated bool
}

// Renew moves the expiration date of a key, perhaps to an earlier one. It fails
// with the problems key_not_found; key_revoked, for a revoked key without
// Reactivate; and expiration_fixed, for a user whose key has a date that an
// administrator or the application has given. Such a date is fixed.
func (s *Service) Renew(ctx context.Context, ref Ref, p RenewParams) (Renewed, error) {
	return s.RenewIf(ctx, ref, p, nil)
}

// RenewIf is Renew for package users, which allows it or says why not, once the
// fields were checked.
func (s *Service) RenewIf(ctx context.Context, ref Ref, p RenewParams, allow func(context.Context) error) (renewed Renewed, err error) {
	by, isOwner := s.attribution(ctx), audit.ActorFrom(ctx).Kind == audit.User
	date, invalid := s.validity(p.ExpirationDate, p.NeverExpires, by.At, isOwner)
	renewal := repository.Renewal{
		Expiration: date, Fixed: !isOwner && !p.ExpirationDate.IsZero(), Reactivate: p.Reactivate && !isOwner, ByOwner: isOwner,
	}
	renewed.APIKey, err = s.change(ctx, change{"key.renew", ref, invalid, allow}, func(ctx context.Context, id string) (key models.APIKey, err error) {
		key, renewed.Reactivated, err = s.repo.RenewKey(ctx, by, id, renewal)
		return key, renewalProblem(err, isOwner)
	})
	if renewed.Reactivated {
		s.records.Call(ctx, "key.reactivate", renewed.ID, nil)
	}
	return renewed, err
}

func renewalProblem(err error, isOwner bool) error {
	switch {
	case errors.Is(err, repository.ErrRevoked) && isOwner:
		return problem.Conflict("key_revoked", "The key is revoked; only an administrator can bring it back.").WithCause(err)
	case errors.Is(err, repository.ErrRevoked):
		return problem.Conflict("key_revoked", "The key is revoked; send \"reactivate\": true to bring it back.").WithCause(err)
	case errors.Is(err, repository.ErrExpirationFixed):
		return problem.Forbidden("expiration_fixed", "An administrator has set the expiration date; only an administrator can move it.").WithCause(err)
	default:
		return err
	}
}
