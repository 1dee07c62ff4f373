// Package ginauth guards Gin routes with API keys and administers the keys
// over HTTP.
//
// Mount it with three calls: RegisterAdmin on a group for the calls that
// issue, renew, revoke, delete and list keys; Guard in front of the routes to
// protect; Close when the server has stopped. Package auto makes an Auth from
// environment variables, package docs serves the Swagger page; without them,
// open a repository (package repository/sqlite) and call New.
//
// Everything fails closed: a key that cannot be checked because the store
// cannot be asked is answered 503, never let through and never called wrong.
package ginauth

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/ginauth/ginauth/internal/audit"
	"github.com/ginauth/ginauth/internal/changefeed"
	"github.com/ginauth/ginauth/internal/keycache"
	"github.com/ginauth/ginauth/internal/respond"
	"github.com/ginauth/ginauth/internal/throttle"
	"github.com/ginauth/ginauth/internal/usage"
	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/repository"
	"github.com/ginauth/ginauth/security"
)

const (
	// storeTimeout bounds what one request asks of the store; in issuing a key,
	// each step of it.
	storeTimeout = 5 * time.Second
	// flushInterval is how often usage is written: with one more interval for
	// the write it shows in the logs within two seconds.
	flushInterval = time.Second
	// closeTimeout bounds the last flush, and lettersTimeout what is done before
	// for mail that waits.
	closeTimeout, lettersTimeout = 10 * time.Second, 5 * time.Second
)

// Auth guards routes and administers keys. It is safe for concurrent use.
type Auth struct {
	config  Config
	secrets security.Secrets
	repo    repository.Repository
	keys    *keycache.Cache
	changes *changefeed.Feed
	usage   *usage.Recorder
	keeper  *usage.Keeper
	pruner  *changefeed.Pruner
	guesses secretLimits
	strays  *throttle.Gate // unknown keys
	sources []KeySource
	// keyLetters are those of the sources' names, see spells.
	keyLetters []string
	// vary and private are the values of headers of guarded answers.
	vary, private []string
	records       *audit.Recorder
	responder     respond.Responder
	hashing       hashing
	logins        loginLimits
	proofs        *throttle.Accounts // of passwords
	origins       *http.CrossOriginProtection
	letters       *letters // nil without a mailer
	closed        atomic.Bool
	close         func() error
	mounts        mounts
}

// New returns an Auth over the repository, which it owns from then on: Close
// closes it. The error is that of Config.Validate, and then the repository
// stays the caller's.
func New(repo repository.Repository, config Config) (*Auth, error) {
	if repo == nil {
		return nil, errors.New("ginauth: the repository is nil")
	}
	if err := config.Validate(); err != nil {
		return nil, err
	}
	config = config.withDefaults()
	secrets, err := security.NewSecrets(config.Secrets...)
	if err != nil {
		return nil, err
	}
	isShort := slices.ContainsFunc(config.Secrets, security.IsWeakSecret)
	if isShort {
		config.Logger.Warn("an admin secret is short enough to be guessed; take a longer one outside of tests")
	}
	if advisor, ok := repo.(repository.Advisor); ok {
		for _, warning := range advisor.Warnings() {
			config.Logger.Warn(warning)
		}
	}
	config.Secrets = nil // only the digests are needed from here on
	a := &Auth{
		config:  config,
		secrets: secrets,
		keys: keycache.New(repo, keycache.Options{
			MaxKeys: config.CacheSize, MaxAge: config.CacheMaxAge, StaleLimit: config.StaleLimit, Now: config.Now,
		}),
		usage:   usage.Start(repo, flushInterval, config.Logger),
		keeper:  usage.Keep(repo, usage.Retention{Fold: config.UsageFoldAfter, Delete: config.UsageDeleteAfter}, config.Now, config.Logger),
		guesses: newSecretLimits(isShort),
		strays:  throttle.NewGate(keyGuesses, keyRefill, config.Now),
		sources: canonical(config.KeySources), keyLetters: keyLetters(config.KeySources),
		vary:    varyOn(config.KeySources),
		private: []string{"private"},
		records: audit.Start(config.Logger),
		hashing: newHashing(config.HashMemory),
		logins:  newLoginLimits(),
		origins: originsOf(config.PublicURL),
		proofs:  throttle.NewAccounts(passwordGuesses, passwordRefill),
	}
	a.responder = a.newResponder()
	a.repo = withBoundedLists(a.keys.Writing(repo), repo)
	a.startLetters()
	a.pruner = changefeed.StartPruner(repo, config.Logger)
	a.changes = changefeed.Start(repo, a.keys, config.Now, config.Logger)
	a.close = sync.OnceValue(a.shutDown)
	return a, nil
}

// Close writes the usage that was counted, waits for what runs in the
// background and closes the repository. Call it when the server has stopped;
// guarded requests that come later are answered 503. Calling it again does
// nothing and returns the same.
func (a *Auth) Close() error { return a.close() }

func (a *Auth) shutDown() error {
	defer a.records.Close() // last: what happens meanwhile is recorded
	a.closed.Store(true)
	a.keys.Close() // first: streams end by it
	unsent := inTime(lettersTimeout, a.closeLetters)
	a.keeper.Close()
	a.pruner.Close()
	a.changes.Close()
	return errors.Join(unsent, inTime(closeTimeout, a.usage.Close), a.repo.Close())
}

func inTime(limit time.Duration, end func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	return end(ctx)
}

var errClosed = errors.New("ginauth is closed")

// AdminPaths returns the paths of the groups that RegisterAdmin was called
// with, in that order. Package docs shows the admin calls below them.
func (a *Auth) AdminPaths() []string { return a.mounts.of(&a.mounts.admin) }

// AccountPaths returns the paths of the groups that RegisterAccount was called
// with, in that order.
func (a *Auth) AccountPaths() []string { return a.mounts.of(&a.mounts.account) }

// mounts are where calls are mounted.
type mounts struct {
	mu             sync.RWMutex
	admin, account []string
}

func (m *mounts) of(paths *[]string) []string {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return slices.Clone(*paths)
}

func (m *mounts) add(paths *[]string, path string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	*paths = append(*paths, path)
}

// KeySources returns where keys are read from.
func (a *Auth) KeySources() []KeySource {
	return append([]KeySource(nil), a.config.KeySources...)
}

// SendsMail reports whether the calls that need a Config.Mailer are mounted.
func (a *Auth) SendsMail() bool { return a.letters != nil }

// HidesDocs reports whether the admin calls are to be left out of the docs.
func (a *Auth) HidesDocs() bool { return a.config.HideDocs }

// now is the time in UTC and whole milliseconds, as it is kept.
func (a *Auth) now() time.Time { return a.config.Now().UTC().Truncate(time.Millisecond) }

// storeContext bounds what a request asks of the store.
func storeContext(c *gin.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(c.Request.Context(), storeTimeout)
}

// createKey and createUser are the steps of issuing a key that write to the
// store. Each has the store's time to itself, since passwords are hashed in
// between.

func (a *Auth) createKey(ctx context.Context, act repository.Act, key models.APIKey, maxKeys int) error {
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	return a.repo.CreateKey(ctx, act, key, maxKeys)
}

func (a *Auth) createUser(ctx context.Context, act repository.Act, user models.User, key models.APIKey) error {
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	return a.repo.CreateUser(ctx, act, user, key)
}
