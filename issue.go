package ginauth

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/ginauth/ginauth/internal/store"
	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/problem"
	"github.com/ginauth/ginauth/repository"
	"github.com/ginauth/ginauth/security"
)

// issueToUser stores a key for the user who is named: a known one who proves
// it by the password, or a new one. Of two calls that make the same new user,
// the slower finds a known one.
func (a *Auth) issueToUser(ctx context.Context, act repository.Act, key models.APIKey, who userOrder) (models.APIKey, error) {
	issued, err := a.issueToKnownUser(ctx, act, key, who)
	if !isNotFound(err) {
		return issued, err
	}
	issued, err = a.issueToNewUser(ctx, act, key, who)
	if !isTaken(err) {
		return issued, err
	}
	return a.issueToKnownUser(ctx, act, key, who)
}

// isTaken reports that somebody has the name or the address by now.
func isTaken(err error) bool {
	var conflict *repository.ConflictError
	return errors.As(err, &conflict) && (conflict.Field == "username" || conflict.Field == "email")
}

// issueToKnownUser finds nobody if neither the name nor the address is known.
func (a *Auth) issueToKnownUser(ctx context.Context, act repository.Act, key models.APIKey, who userOrder) (models.APIKey, error) {
	if err := a.findNamed(ctx, who); err != nil {
		return models.APIKey{}, err
	}
	user, right, err := a.prove(ctx, claim{login: who.canonicalUsername, password: who.password, address: who.address})
	p := proof{action: "user.login", actor: act.Actor, login: who.canonicalUsername, clientAddress: who.address, userID: user.ID}
	a.recordProof(ctx, p, verdict(user, right, err))
	switch {
	case err != nil:
		return models.APIKey{}, err
	case !right:
		return models.APIKey{}, problem.Forbidden("wrong_password", "The user exists and the password is not theirs.")
	case user.CanonicalEmail != who.canonicalEmail: // by now
		return models.APIKey{}, repository.ErrOutdated
	}
	return a.issueToProven(ctx, act, key, user)
}

// findNamed returns nil if the name and the address are one user's, and
// ErrNotFound if they are nobody's.
func (a *Auth) findNamed(ctx context.Context, who userOrder) error {
	user, err := a.userOf(ctx, who.canonicalUsername)
	if isNotFound(err) {
		user, err = a.userOf(ctx, who.canonicalEmail) // which may be the same user, created in between
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

// issueToProven stores a key for a user who has just proved who they are. If
// the user was changed since, they are looked at again: what they proved
// themselves by must still be so.
func (a *Auth) issueToProven(ctx context.Context, act repository.Act, key models.APIKey, proven models.User) (models.APIKey, error) {
	user := proven
	for range maxChanges {
		if err := a.mayHoldKeys(ctx, user); err != nil {
			return models.APIKey{}, err
		}
		key.UserID, key.Username, key.UserVersion, key.AccessUntil = user.ID, user.Username, user.Version, user.AccessUntil
		err := a.createKey(ctx, act, key, a.config.MaxKeysPerUser)
		if errors.Is(err, repository.ErrTooManyKeys) {
			return models.APIKey{}, a.tooManyKeys()
		}
		if !errors.Is(err, repository.ErrOutdated) {
			return stored(key, err)
		}
		if user, err = a.reread(ctx, proven); err != nil {
			return models.APIKey{}, err
		}
	}
	return models.APIKey{}, repository.ErrOutdated
}

// stored returns the key only if it is in the store, or may be.
func stored(key models.APIKey, err error) (models.APIKey, error) {
	if err != nil && !errors.Is(err, repository.ErrOutcomeUnknown) {
		return models.APIKey{}, err
	}
	return key, err
}

// reread returns the user as they are now; ErrOutdated if their password is
// another.
func (a *Auth) reread(ctx context.Context, proven models.User) (models.User, error) {
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	user, err := a.repo.UserByID(ctx, proven.ID)
	if err != nil {
		return user, asUser(err)
	}
	if user.PasswordHash != proven.PasswordHash {
		return user, repository.ErrOutdated
	}
	return user, nil
}

// mayHoldKeys refuses keys to a disabled user, to one whose access has ended and,
// where that is configured, to one whose address is not confirmed, who is mailed
// to then.
func (a *Auth) mayHoldKeys(ctx context.Context, user models.User) error {
	if user.IsDisabled() {
		return userDisabled()
	}
	if !user.AccessUntil.IsZero() && !a.now().Before(user.AccessUntil) {
		return problem.Forbidden("access_ended", "The user's access has ended; an administrator can extend it.")
	}
	if !a.config.RequireConfirmedEmail || user.IsConfirmed() {
		return nil
	}
	if err := a.mailToken(ctx, user, purposeConfirm); err != nil {
		return err
	}
	return emailUnconfirmed()
}

func (a *Auth) tooManyKeys() *problem.Error {
	return problem.Conflict("too_many_keys", fmt.Sprintf("The user has %d keys that are not revoked, which is the limit; revoke one that is not needed any more.", a.config.MaxKeysPerUser))
}

func userDisabled() *problem.Error {
	return problem.Forbidden("user_disabled", "The user is disabled.")
}

func emailUnconfirmed() *problem.Error {
	return problem.Forbidden("email_unconfirmed", "The email address has to be confirmed first; a mail says how.")
}

func (a *Auth) issueToNewUser(ctx context.Context, act repository.Act, key models.APIKey, who userOrder) (models.APIKey, error) {
	if err := a.checkNewPassword(who.password, who.username, who.email); err != nil {
		return models.APIKey{}, err
	}
	if err := a.checkDomain(ctx, who.canonicalEmail); err != nil {
		return models.APIKey{}, err
	}
	hash, err := a.hashPassword(ctx, who.password, stranger)
	if err != nil {
		return models.APIKey{}, err
	}
	user := newUser(who, hash, act)
	key.UserID, key.Username = user.ID, user.Username
	if a.config.RequireConfirmedEmail {
		key.RevocationDate = act.Date // nobody is told of it: the user is created, and holds no key yet
	}
	if err := a.createUser(ctx, act, user, key); err != nil {
		return stored(key, err)
	}
	return key, a.mayHoldKeys(ctx, user)
}

func newUser(who userOrder, hash string, act repository.Act) models.User {
	return models.User{
		ID:                newID(),
		Username:          who.username,
		Email:             who.email,
		CanonicalUsername: who.canonicalUsername,
		CanonicalEmail:    who.canonicalEmail,
		PasswordHash:      hash,
		CreationDate:      act.Date,
		ChangeDate:        act.Date,
	}
}

// checkNewPassword applies the rules for passwords, and proposes one that
// satisfies them.
func (a *Auth) checkNewPassword(password string, identities ...string) error {
	broken := slices.Concat(a.config.PasswordPolicy(password), security.CheckAnyPassword(password, identities...))
	if len(broken) == 0 {
		return nil
	}
	fields := []problem.Field{}
	seen := map[string]bool{}
	for _, rule := range broken {
		if !seen[rule.Code] {
			fields = append(fields, problem.NewField("password", rule.Code, rule.Detail))
		}
		seen[rule.Code] = true
	}
	p := problem.InvalidFields(fields...)
	if proposal := a.proposePassword(identities); proposal != "" {
		p.Extra = map[string]any{"proposed_password": proposal}
	}
	return p
}

// proposePassword returns none if a policy of the application refuses all that
// it is shown.
func (a *Auth) proposePassword(identities []string) string {
	const proposals = 10
	for range proposals {
		if proposal := security.ProposePassword(identities...); len(a.config.PasswordPolicy(proposal)) == 0 {
			return proposal
		}
	}
	return ""
}
