package keys

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/ginauth/ginauth/internal/audit"
	"github.com/ginauth/ginauth/internal/fields"
	"github.com/ginauth/ginauth/internal/ids"
	"github.com/ginauth/ginauth/internal/store"
	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/problem"
	"github.com/ginauth/ginauth/repository"
	"github.com/ginauth/ginauth/security"
)

// maxAttempts bounds how often a key is issued to a user who is being changed.
const maxAttempts = 10

// IssueParams asks for a key.
type IssueParams struct {
	// Name is a label; a key without a user needs one.
	Name string
	// UserID names the user whom the key is for; empty for the key of a service.
	UserID string
	// ExpirationDate is the first instant at which the key is refused. With
	// neither a date nor NeverExpires it is the automatic expiration, from now.
	ExpirationDate time.Time
	NeverExpires   bool
}

// Issued is a new key.
type Issued struct {
	models.APIKey
	// Key is the key itself. It is nowhere else, and cannot be shown again.
	Key string
}

// Issue makes a key for a service or for a user. It fails with the problems
// user_not_found, user_disabled, access_ended, email_unconfirmed (where
// Config.RequireConfirmedEmail is set) and too_many_keys. A failure of the
// outcome outcome_unknown returns the key's ID, since it may be stored.
func (s *Service) Issue(ctx context.Context, p IssueParams) (Issued, error) {
	to := Recipient{IsUser: p.UserID != "", Store: s.storeForService}
	if p.UserID != "" {
		to.Invalid = fields.ID(p.UserID)
		to.Store = func(ctx context.Context, by repository.Attribution, key models.APIKey) (models.APIKey, error) {
			return s.StoreForUser(ctx, by, key, func(ctx context.Context) (models.User, error) {
				return s.user(ctx, ids.Canonical(p.UserID))
			})
		}
	} else if p.Name == "" {
		to.Invalid = []problem.Field{problem.Missing("name")}
	}
	return s.IssueTo(ctx, p, to)
}

// user reads a user.
func (s *Service) user(ctx context.Context, id string) (models.User, error) {
	if actor := audit.ActorFrom(ctx); actor.Kind == audit.User && actor.Name != id {
		return models.User{}, userNotFound()
	}
	ctx, cancel := store.Context(ctx)
	defer cancel()
	user, err := s.repo.UserByID(ctx, id)
	return user, store.Problem(err, userNotFound())
}

func userNotFound() *problem.Error {
	return problem.NotFound("user_not_found", "There is no such user.")
}

// Recipient is whom package users issues a key to.
type Recipient struct {
	IsUser bool
	// Invalid is what is wrong with the recipient.
	Invalid []problem.Field
	// Store stores the new key. With an error it returns the key if that is
	// stored all the same, or may be.
	Store func(ctx context.Context, by repository.Attribution, key models.APIKey) (models.APIKey, error)
}

// IssueTo is Issue for package users.
func (s *Service) IssueTo(ctx context.Context, p IssueParams, to Recipient) (issued Issued, err error) {
	defer func() { s.records.Call(ctx, "key.create", issued.ID, err) }()
	by, invalid := s.attribution(ctx), to.Invalid
	if p.Name != "" {
		invalid = fields.Append(invalid, "name", security.CheckName(p.Name))
	}
	date, refused := s.validity(p.ExpirationDate, p.NeverExpires, by.At, to.IsUser)
	if invalid = append(invalid, refused...); len(invalid) > 0 {
		return issued, problem.InvalidFields(invalid...)
	}
	text := security.NewKey(s.policy.Prefixes[0])
	isFixed := !p.ExpirationDate.IsZero() && audit.ActorFrom(ctx).Kind != audit.User
	key, err := to.Store(ctx, by, newKey(text, p.Name, by, date, isFixed))
	if err != nil {
		return Issued{APIKey: key}, notFoundOr(err)
	}
	return Issued{key, text}, nil
}

// newKey makes the record of a new key.
func newKey(text, name string, by repository.Attribution, expiration time.Time, isFixed bool) models.APIKey {
	hash := security.HashKey(text)
	return models.APIKey{
		ID: ids.New(), Hash: hash[:], Hint: security.Hint(text), Name: name,
		IssuedBy: by.Actor, CreationDate: by.At, ExpirationDate: expiration, ExpirationFixed: isFixed,
	}
}

func (s *Service) storeForService(ctx context.Context, by repository.Attribution, key models.APIKey) (models.APIKey, error) {
	return s.store(ctx, by, key, 0)
}

// store stores a key. With an error it returns the key only if that may be in
// the repository.
func (s *Service) store(ctx context.Context, by repository.Attribution, key models.APIKey, maxKeys int) (models.APIKey, error) {
	ctx, cancel := store.Context(ctx)
	defer cancel()
	return MayBeStored(key, s.repo.CreateKey(ctx, by, key, repository.CreateKeyOptions{MaxKeys: maxKeys}))
}

// MayBeStored returns the key if it is in the repository, or may be.
func MayBeStored(key models.APIKey, err error) (models.APIKey, error) {
	if err != nil && !errors.Is(err, repository.ErrOutcomeUnknown) {
		return models.APIKey{}, err
	}
	return key, err
}

// StoreForUser stores a key for the user whom read returns. If the user was
// changed in between, it reads again: what they were allowed then must still
// hold.
func (s *Service) StoreForUser(ctx context.Context, by repository.Attribution, key models.APIKey, read func(context.Context) (models.User, error)) (models.APIKey, error) {
	for range maxAttempts {
		user, err := read(ctx)
		if err != nil {
			return models.APIKey{}, err
		}
		if err := s.MayHold(user); err != nil {
			return models.APIKey{}, err
		}
		key.UserID, key.Username, key.UserVersion, key.AccessUntil = user.ID, user.Username, user.Version, user.AccessUntil
		stored, err := s.store(ctx, by, key, s.policy.MaxKeysPerUser)
		switch {
		case errors.Is(err, repository.ErrTooManyKeys):
			return stored, s.tooManyKeys().WithCause(err)
		case errors.Is(err, repository.ErrNotFound):
			return stored, userNotFound().WithCause(err)
		case !errors.Is(err, repository.ErrOutdated):
			return stored, err
		}
	}
	return models.APIKey{}, repository.ErrOutdated
}

func (s *Service) tooManyKeys() *problem.Error {
	return problem.Conflict("too_many_keys", fmt.Sprintf("The user has %d keys that are not revoked, which is the limit; revoke one that is not needed any more.", s.policy.MaxKeysPerUser))
}

// MayHold refuses keys to a disabled user, to one whose access has ended and,
// where that is configured, to one whose address is not confirmed.
func (s *Service) MayHold(user models.User) error {
	switch {
	case user.IsDisabled():
		return problem.Forbidden("user_disabled", "The user is disabled.")
	case !user.AccessUntil.IsZero() && !s.now().Before(user.AccessUntil):
		return problem.Forbidden("access_ended", "The user's access has ended; an administrator can extend it.")
	case s.policy.RequireConfirmedEmail && !user.IsConfirmed():
		return problem.Forbidden("email_unconfirmed", "The email address has to be confirmed first; a mail says how.")
	default:
		return nil
	}
}
