package users

import (
	"context"
	"errors"

	"github.com/ginauth/ginauth/internal/fields"
	"github.com/ginauth/ginauth/internal/hashpool"
	"github.com/ginauth/ginauth/internal/ids"
	"github.com/ginauth/ginauth/internal/store"
	"github.com/ginauth/ginauth/keys"
	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/problem"
	"github.com/ginauth/ginauth/repository"
	"github.com/ginauth/ginauth/security"
)

// registrar makes users, and issues keys to them.
type registrar struct {
	directory
	auth             *authenticator
	keys             *keys.Service
	hashing          *hashpool.Pool
	rules            passwordRules
	resolver         Resolver
	mails            *mailer
	requireConfirmed bool
}

// RegisterParams names a user in full and asks for a key for them.
type RegisterParams struct {
	Username, Email, Password string
	// ClientAddress is whose password it is; see Credentials.
	ClientAddress string
	// Key is what is asked for of the key. Its UserID is ignored.
	Key keys.IssueParams
}

// newUser is a user who is named in full.
type newUser struct {
	RegisterParams
	canonicalUsername, canonicalEmail string
}

// read says what is wrong with the params.
func (p RegisterParams) read() (user newUser, invalid []problem.Field) {
	user.RegisterParams = p
	invalid = checkAddress(p.ClientAddress)
	var err error
	if p.Username == "" {
		invalid = append(invalid, problem.Missing("username"))
	} else {
		user.canonicalUsername, err = security.CanonicalUsername(p.Username)
		invalid = fields.Append(invalid, "username", err)
	}
	if p.Email == "" {
		invalid = append(invalid, problem.Missing("email"))
	} else {
		user.canonicalEmail, err = security.CanonicalEmail(p.Email)
		invalid = fields.Append(invalid, "email", err)
	}
	if p.Password == "" {
		invalid = append(invalid, problem.Missing("password"))
	}
	return user, invalid
}

// record makes the record of the user.
func (u newUser) record(hash string, by repository.Attribution) models.User {
	return models.User{
		ID: ids.New(), Username: u.Username, Email: u.Email,
		CanonicalUsername: u.canonicalUsername, CanonicalEmail: u.canonicalEmail,
		PasswordHash: hash, CreationDate: by.At, ChangeDate: by.At,
	}
}

// Register makes a user together with their first key, both or neither. It fails
// with the problems username_taken and email_taken. Where
// Config.RequireConfirmedEmail is set, the key is revoked from the start, a link
// is mailed, and the problem email_unconfirmed says so.
func (s *Service) Register(ctx context.Context, p RegisterParams) (keys.Issued, error) {
	user, invalid := p.read()
	return s.keys.IssueTo(ctx, p.Key, keys.Recipient{IsUser: true, Invalid: invalid, Store: func(ctx context.Context, by repository.Attribution, key models.APIKey) (models.APIKey, error) {
		return s.registrar.create(ctx, by, key, user)
	}})
}

// RegisterOrIssue is Register for a new user. For a user who exists it issues one
// more key, if the password is right: else it fails with the problem
// wrong_password, or with username_taken or email_taken if the name and the
// address are not one user's.
func (s *Service) RegisterOrIssue(ctx context.Context, p RegisterParams) (keys.Issued, error) {
	user, invalid := p.read()
	return s.keys.IssueTo(ctx, p.Key, keys.Recipient{IsUser: true, Invalid: invalid, Store: func(ctx context.Context, by repository.Attribution, key models.APIKey) (models.APIKey, error) {
		return s.registrar.createOrIssue(ctx, by, key, user)
	}})
}

// createOrIssue stores a key for the user who is named. Of two calls that make
// the same new user, the slower finds an existing one.
func (r *registrar) createOrIssue(ctx context.Context, by repository.Attribution, key models.APIKey, who newUser) (models.APIKey, error) {
	issued, err := r.issueToExisting(ctx, by, key, who)
	if !isNotFound(err) {
		return issued, err
	}
	issued, err = r.create(ctx, by, key, who)
	if !isTaken(err) {
		return issued, err
	}
	return r.issueToExisting(ctx, by, key, who)
}

// isTaken reports that somebody has the name or the address by now.
func isTaken(err error) bool {
	var conflict *repository.ConflictError
	return errors.As(err, &conflict) && (conflict.Field == "username" || conflict.Field == "email")
}

// issueToExisting finds nobody if neither the name nor the address is known.
func (r *registrar) issueToExisting(ctx context.Context, by repository.Attribution, key models.APIKey, who newUser) (models.APIKey, error) {
	if err := r.findNamed(ctx, who); err != nil {
		return models.APIKey{}, err
	}
	try := newAttempt(ctx, who.canonicalUsername, who.Password, who.ClientAddress)
	try.action = "user.login"
	user, err := r.auth.authenticate(ctx, try)
	r.auth.record(ctx, try, user, err)
	switch {
	case problem.Is(err, "credentials_wrong"):
		return models.APIKey{}, problem.Forbidden("wrong_password", "The user exists and the password is not theirs.")
	case err != nil:
		return models.APIKey{}, err
	case user.CanonicalEmail != who.canonicalEmail: // by now
		return models.APIKey{}, repository.ErrOutdated
	}
	return r.issueTo(ctx, by, key, user)
}

// findNamed returns nil if the name and the address are one user's, and the
// problem user_not_found if they are nobody's.
func (r *registrar) findNamed(ctx context.Context, who newUser) error {
	user, err := r.byLogin(ctx, who.canonicalUsername)
	if isNotFound(err) {
		user, err = r.byLogin(ctx, who.canonicalEmail) // which may be the same user, created in between
	}
	switch {
	case err != nil:
		return err
	case user.CanonicalUsername != who.canonicalUsername:
		return store.Taken("email")
	case user.CanonicalEmail != who.canonicalEmail:
		return store.Taken("username")
	}
	return nil
}

// create stores a new user with their first key.
func (r *registrar) create(ctx context.Context, by repository.Attribution, key models.APIKey, who newUser) (models.APIKey, error) {
	if err := r.rules.check(who.Password, who.Username, who.Email); err != nil {
		return models.APIKey{}, err
	}
	if err := checkDomain(ctx, r.resolver, who.canonicalEmail); err != nil {
		return models.APIKey{}, err
	}
	hash, err := r.hashing.Hash(ctx, who.Password, hashpool.Unknown)
	if err != nil {
		return models.APIKey{}, err
	}
	user := who.record(hash, by)
	key.UserID, key.Username = user.ID, user.Username
	if r.requireConfirmed {
		key.RevocationDate = by.At // nobody is told of it: the user is created, and holds no key yet
	}
	if err := r.storeUser(ctx, by, user, key); err != nil {
		return keys.MayBeStored(key, err)
	}
	return key, r.mayHold(ctx, user)
}

func (r *registrar) storeUser(ctx context.Context, by repository.Attribution, user models.User, key models.APIKey) error {
	ctx, cancel := store.Context(ctx)
	defer cancel()
	return r.repo.CreateUser(ctx, by, user, key)
}

// IssueKey issues a further key to the user who is meant, as keys.Service.Issue
// does; where the user's address has to be confirmed first, a link is mailed. For
// a user whom Authenticate has returned (see Authenticated) it fails with the
// problem changed_meanwhile if their password was changed since.
func (s *Service) IssueKey(ctx context.Context, ref Ref, p keys.IssueParams) (keys.Issued, error) {
	return s.keys.IssueTo(ctx, p, keys.Recipient{IsUser: true, Invalid: ref.check(), Store: func(ctx context.Context, by repository.Attribution, key models.APIKey) (models.APIKey, error) {
		id, err := s.resolve(ctx, ref)
		if err != nil {
			return models.APIKey{}, err
		}
		return s.keys.StoreForUser(ctx, by, key, func(ctx context.Context) (models.User, error) { return s.registrar.holder(ctx, id, ref) })
	}})
}

// issueTo stores a key for a user who was just authenticated.
func (r *registrar) issueTo(ctx context.Context, by repository.Attribution, key models.APIKey, user models.User) (models.APIKey, error) {
	ref, isFirst := Authenticated(user), true
	return r.keys.StoreForUser(ctx, by, key, func(ctx context.Context) (models.User, error) {
		if !isFirst {
			return r.holder(ctx, user.ID, ref)
		}
		isFirst = false
		return user, r.mayHold(ctx, user)
	})
}

// RenewKey renews a key of the user who is meant, as keys.Service.Renew does, if
// they may hold keys.
func (s *Service) RenewKey(ctx context.Context, ref Ref, key keys.Ref, p keys.RenewParams) (keys.Renewed, error) {
	return s.keys.RenewIf(ctx, key, p, func(ctx context.Context) error {
		id, err := s.resolve(ctx, ref)
		if err == nil {
			_, err = s.registrar.holder(ctx, id, ref)
		}
		return err
	})
}

// holder reads a user who may hold keys.
func (r *registrar) holder(ctx context.Context, id string, ref Ref) (models.User, error) {
	user, err := r.byID(ctx, id)
	if err != nil {
		return user, err
	}
	if ref.authenticatedBy != "" && user.PasswordHash != ref.authenticatedBy {
		return user, userProblem(repository.ErrOutdated)
	}
	return user, r.mayHold(ctx, user)
}

// mayHold is keys.Service.MayHold. A user whose address has to be confirmed is mailed a link.
func (r *registrar) mayHold(ctx context.Context, user models.User) error {
	err := r.keys.MayHold(user)
	if problem.Is(err, "email_unconfirmed") && r.mails != nil {
		if err := r.mails.sendLink(ctx, user, purposeConfirm); err != nil {
			return err
		}
	}
	return err
}
