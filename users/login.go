package users

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"log/slog"
	"net"
	"time"

	"github.com/ginauth/ginauth/internal/audit"
	"github.com/ginauth/ginauth/internal/hashpool"
	"github.com/ginauth/ginauth/internal/store"
	"github.com/ginauth/ginauth/internal/throttle"
	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/problem"
	"github.com/ginauth/ginauth/repository"
	"github.com/ginauth/ginauth/security"
)

// Credentials are somebody's word for who they are.
type Credentials struct {
	// Username or Email is the login, one of the two.
	Username, Email string
	Password        string
	// ClientAddress is whose guess it is, an IP address. If it is empty, that is
	// where the call comes from; a call from Go comes from nowhere, so all its
	// guesses count as one client's.
	ClientAddress string
}

// login is a username or an email address; the latter has an @.
func (c Credentials) login() string { return c.Username + c.Email }

// check says what is wrong with credentials. Of those of an account's own calls
// nothing is said: they are right or wrong.
func (c Credentials) check(ctx context.Context) error {
	if audit.ActorFrom(ctx).Kind == audit.Anonymous {
		return nil
	}
	invalid := append(checkLogin(c.Username, c.Email), checkAddress(c.ClientAddress)...)
	if c.Password == "" {
		invalid = append(invalid, problem.Missing("password"))
	}
	if len(invalid) > 0 {
		return problem.InvalidFields(invalid...)
	}
	return nil
}

// checkAddress says what is wrong with the address of a client.
func checkAddress(address string) []problem.Field {
	if address == "" || net.ParseIP(address) != nil {
		return nil
	}
	return []problem.Field{problem.NewField("client_address", "client_address_invalid", "This must be an IP address.")}
}

// Authenticate returns the user whose login and password these are. It fails
// with the problems credentials_wrong, whether the user or the password is
// wrong; user_disabled; too_many_attempts, after wrong passwords for the account
// from the address, or after many right ones; and busy.
func (s *Service) Authenticate(ctx context.Context, c Credentials) (models.User, error) {
	a := newAttempt(ctx, c.login(), c.Password, c.ClientAddress)
	if err := c.check(ctx); err != nil {
		s.auth.record(ctx, a, models.User{}, err)
		return models.User{}, err
	}
	user, err := s.auth.authenticate(ctx, a)
	if err == nil && user.IsDisabled() {
		err = problem.Forbidden("user_disabled", "The user is disabled.")
	}
	s.auth.record(ctx, a, user, err)
	if err != nil {
		return models.User{}, err
	}
	return user, nil
}

// A wrong password is one guess: an account has so many free from one address,
// and gets one more after each refill; see throttle.Accounts.
const passwordGuesses, passwordRefill = 10, 10 * time.Second

// authenticator tells whether a password is a user's.
type authenticator struct {
	directory
	loginLimiter *throttle.Accounts
	logins       loginLimits
	hashing      *hashpool.Pool
	records      *audit.Recorder
	logger       *slog.Logger
}

func newAuthenticator(d directory, o Options) *authenticator {
	return &authenticator{
		directory:    d,
		loginLimiter: throttle.NewAccounts(passwordGuesses, passwordRefill),
		logins:       newLoginLimits(),
		hashing:      o.Hashing, records: o.Records, logger: o.Logger,
	}
}

// attempt is one attempt to be taken for a user.
type attempt struct {
	action          string // as it is recorded
	login, password string // as they were sent
	address         string // of the client whose attempt it is
}

// newAttempt is an attempt to log in, or of somebody else who asks whether a
// password is right.
func newAttempt(ctx context.Context, login, password, address string) attempt {
	actor := audit.ActorFrom(ctx)
	a := attempt{"user.verify", login, password, cmp.Or(address, actor.ClientAddress)}
	if actor.Kind == audit.Anonymous {
		a.action = "user.login"
	}
	return a
}

// canonical returns the login that attempts are counted under: the same however a
// login is written, and short, whatever was sent. Whom it names does not matter,
// or that would tell who exists, and which name and address belong together.
func canonical(login string) string {
	name, err := canonicalLogin(login)
	if err != nil {
		name = login
	}
	sum := sha256.Sum256([]byte(name))
	return string(sum[:])
}

// authenticate returns the user whose login and password these are, a disabled
// one, too. Whether the user or the password is wrong can be told neither by the
// answer nor by the work that it takes. Guesses are counted before anybody is
// looked for and anything is hashed.
func (a *authenticator) authenticate(ctx context.Context, try attempt) (models.User, error) {
	wait, refund := a.loginLimiter.Try(canonical(try.login), try.address, a.clock())
	if wait > 0 {
		return models.User{}, problem.TooManyAttempts("Too many wrong passwords for this account.", wait)
	}
	user, right, err := a.check(ctx, try)
	if right || err != nil {
		refund()
	}
	switch {
	case errors.Is(err, errFormerOwner):
		return a.authenticate(ctx, try)
	case err != nil:
		return models.User{}, err
	case !right:
		return models.User{}, problem.Unauthenticated("credentials_wrong", "The username or the password is wrong.")
	}
	for _, name := range []string{user.CanonicalUsername, user.CanonicalEmail} {
		a.loginLimiter.Succeed(canonical(name), user.ID, try.address, a.clock())
	}
	if err := a.logins.succeed(user.ID, a.clock()); err != nil {
		return models.User{}, err
	}
	return a.rehash(ctx, user, try.password), nil
}

// errFormerOwner says that the address is known to another user, whose login this
// was before: it counts as unknown from now on.
var errFormerOwner = errors.New("the login belongs to another user now")

// check reports whether an attempt is right; that for nobody is not.
func (a *authenticator) check(ctx context.Context, try attempt) (user models.User, right bool, err error) {
	login := canonical(try.login)
	user, err = a.byLogin(ctx, try.login)
	if err != nil && !isNotFound(err) {
		return models.User{}, false, err
	}
	if a.loginLimiter.Disown(login, user.ID, try.address) {
		return models.User{}, false, errFormerOwner
	}
	account, priority := login, hashpool.Unknown
	if a.loginLimiter.Knows(login, try.address, a.clock()) {
		account, priority = user.ID, hashpool.Known
	}
	right, err = a.logins.verify(ctx, account, a.clock, priority, func() (bool, error) {
		return a.hashing.Verify(ctx, user.PasswordHash, try.password, priority)
	})
	return user, right, err
}

// rehash hashes a password, which is right, anew if its hash is of an older kind.
// A failure turns nobody away: the next login tries again.
func (a *authenticator) rehash(ctx context.Context, user models.User, password string) models.User {
	if !security.NeedsRehash(user.PasswordHash) {
		return user
	}
	hash, err := a.hashing.Hash(ctx, password, hashpool.Known)
	if err != nil {
		return user
	}
	err = a.storeHash(ctx, user, hash)
	if errors.Is(err, repository.ErrOutdated) {
		return a.reload(ctx, user, password)
	}
	if err != nil {
		a.logger.Warn("a password's hash could not be renewed", "user_id", user.ID, "error", err)
		return user
	}
	user.PasswordHash = hash
	return user
}

func (a *authenticator) storeHash(ctx context.Context, user models.User, hash string) error {
	ctx, cancel := store.Context(ctx)
	defer cancel()
	return a.repo.RehashPassword(ctx, user.ID, user.PasswordHash, hash)
}

// reload returns the user as another login has left them that came first, if the
// password is still theirs.
func (a *authenticator) reload(ctx context.Context, user models.User, password string) models.User {
	current, err := a.byID(ctx, user.ID)
	if err != nil {
		return user
	}
	if right, err := a.hashing.Verify(ctx, current.PasswordHash, password, hashpool.Known); err != nil || !right {
		return user
	}
	return current
}

// record records an attempt: with the user's id, or else with a hash of the login,
// since that may be a password. Right passwords are recorded each, as far as they
// can be checked; what is refused is limited.
func (a *authenticator) record(ctx context.Context, try attempt, user models.User, err error) {
	actor := audit.ActorFrom(ctx)
	record := audit.NewRecord(ctx, try.action, user.ID, err)
	if actor.Kind == audit.Anonymous {
		record.Actor = user.ID
	} else if problem.Is(err, "credentials_wrong") {
		record.Outcome = "wrong_password"
	}
	if user.ID == "" && try.login != "" {
		record.More = append(record.More, slog.String("login_hash", a.records.LoginHash(canonical(try.login))))
	}
	if try.address != actor.ClientAddress {
		record.More = append(record.More, slog.String("person_address", try.address))
	}
	if user.ID != "" {
		a.records.Record(ctx, record)
		return
	}
	a.records.RecordLimited(ctx, record)
}
