package ginauth

import (
	"context"
	"crypto/sha256"
	"errors"
	"strings"
	"time"

	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/problem"
	"github.com/ginauth/ginauth/repository"
	"github.com/ginauth/ginauth/security"
)

// A wrong password is one guess: an account has so many free from one address,
// and gets one more after each refill; see throttle.Accounts.
const passwordGuesses, passwordRefill = 10, 10 * time.Second

// maxChanges bounds how often a change of a user is tried while others change
// the same user.
const maxChanges = 10

// claim is somebody's word for who they are.
type claim struct {
	// login is a username or an email address.
	login, password string
	// address is where they say so from.
	address string
}

// userOf finds the user whom a login names: by address if it has an @, which
// no username has, else by username. ErrNotFound for what names nobody.
func (a *Auth) userOf(ctx context.Context, login string) (models.User, error) {
	name, err := canonicalLogin(login)
	if err != nil {
		return models.User{}, repository.ErrNotFound
	}
	find := a.repo.UserByUsername
	if strings.Contains(name, "@") {
		find = a.repo.UserByEmail
	}
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	return find(ctx, name)
}

func canonicalLogin(login string) (string, error) {
	if strings.Contains(login, "@") {
		return security.CanonicalEmail(login)
	}
	return security.CanonicalUsername(login)
}

// loginOf is what guesses are counted under: the same however a login is
// written, and short, whatever was sent. Whom it names does not matter, or that
// would tell who is there, and which name and address belong together.
func loginOf(login string) string {
	name, err := canonicalLogin(login)
	if err != nil {
		name = login
	}
	sum := sha256.Sum256([]byte(name))
	return string(sum[:])
}

// prove returns the user of a claim, if the password is theirs. Whether the
// user or the password is wrong can be told neither by the answer nor by the
// work that it takes. Guesses are counted before anybody is looked for and
// anything is hashed.
func (a *Auth) prove(ctx context.Context, c claim) (user models.User, ok bool, err error) {
	wait, refund := a.proofs.Try(loginOf(c.login), c.address, a.config.Now())
	if wait > 0 {
		return models.User{}, false, problem.TooManyAttempts("Too many wrong passwords for this account.", wait)
	}
	user, right, err := a.check(ctx, c)
	if right || err != nil {
		refund()
	}
	if errors.Is(err, errUnknownHere) {
		return a.prove(ctx, c)
	}
	if err != nil || !right {
		return models.User{}, false, err
	}
	for _, name := range []string{user.CanonicalUsername, user.CanonicalEmail} {
		a.proofs.Succeed(loginOf(name), user.ID, c.address, a.config.Now())
	}
	if err := a.logins.succeed(user.ID, a.config.Now()); err != nil {
		return models.User{}, false, err
	}
	return a.upgraded(ctx, user, c.password), true, nil
}

// errUnknownHere says that the address is known to another user, whose login
// this was before: whoever calls is a stranger.
var errUnknownHere = errors.New("the login belongs to another user now")

// check reports whether a claim is true; that of nobody is not.
func (a *Auth) check(ctx context.Context, c claim) (user models.User, right bool, err error) {
	login := loginOf(c.login)
	user, err = a.userOf(ctx, c.login)
	if err != nil && !isNotFound(err) {
		return models.User{}, false, err
	}
	if a.proofs.Disown(login, user.ID, c.address) {
		return models.User{}, false, errUnknownHere
	}
	isKnown, account := a.proofs.Knows(login, c.address, a.config.Now()), login
	if isKnown {
		account = user.ID
	}
	right, err = a.logins.verify(ctx, account, a.config.Now, isKnown, func() (bool, error) {
		return a.verifyPassword(ctx, user.PasswordHash, c.password, isKnown)
	})
	return user, right, err
}

// upgraded hashes a password, which is right, anew if its hash is of an older
// kind. That is no reason to turn anybody away, so it is tried again next time
// if it fails.
func (a *Auth) upgraded(ctx context.Context, user models.User, password string) models.User {
	if !security.NeedsRehash(user.PasswordHash) {
		return user
	}
	old := user.PasswordHash
	hash, err := a.hashPassword(ctx, password, known)
	if err != nil {
		return user
	}
	err = a.rehash(ctx, user.ID, old, hash)
	if errors.Is(err, repository.ErrOutdated) {
		return a.reproved(ctx, user, password)
	}
	if err != nil {
		a.config.Logger.Warn("a password's hash could not be renewed", "user_id", user.ID, "error", err)
		return user
	}
	user.PasswordHash = hash
	return user
}

func (a *Auth) rehash(ctx context.Context, userID, old, hash string) error {
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	return a.repo.RehashPassword(ctx, userID, old, hash)
}

// reproved returns the user as another login has left them that came first, if
// the password is still theirs.
func (a *Auth) reproved(ctx context.Context, user models.User, password string) models.User {
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	current, err := a.repo.UserByID(ctx, user.ID)
	if err != nil {
		return user
	}
	if right, err := a.verifyPassword(ctx, current.PasswordHash, password, known); err != nil || !right {
		return user
	}
	return current
}

// changeUser reads a user, has them changed and stores that, again if another
// change came first. What change refuses is not stored; ErrOutdated from it is
// final, too.
func (a *Auth) changeUser(ctx context.Context, act repository.Act, id string, change func(*models.User) (repository.UserUpdate, error)) (models.User, error) {
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	for range maxChanges {
		user, err := a.repo.UserByID(ctx, id)
		if err != nil {
			return models.User{}, asUser(err)
		}
		update, err := change(&user)
		if err != nil {
			return models.User{}, err
		}
		user, err = a.repo.UpdateUser(ctx, act, user, update)
		if !errors.Is(err, repository.ErrOutdated) {
			return user, asUser(err)
		}
	}
	return models.User{}, repository.ErrOutdated
}

// asUser says of an absence that it is a user's.
func asUser(err error) error {
	if isNotFound(err) {
		return userNotFound()
	}
	return err
}

func userNotFound() *problem.Error {
	return problem.NotFound("user_not_found", "There is no such user.")
}
