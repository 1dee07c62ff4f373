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
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/ginauth/ginauth/internal/announce"
	"github.com/ginauth/ginauth/internal/api"
	"github.com/ginauth/ginauth/internal/api/account"
	"github.com/ginauth/ginauth/internal/api/admin"
	"github.com/ginauth/ginauth/internal/audit"
	"github.com/ginauth/ginauth/internal/bulkhead"
	"github.com/ginauth/ginauth/internal/changefeed"
	"github.com/ginauth/ginauth/internal/credential"
	"github.com/ginauth/ginauth/internal/guard"
	"github.com/ginauth/ginauth/internal/hashpool"
	"github.com/ginauth/ginauth/internal/keycache"
	"github.com/ginauth/ginauth/internal/usage"
	"github.com/ginauth/ginauth/keys"
	"github.com/ginauth/ginauth/repository"
	"github.com/ginauth/ginauth/security"
	"github.com/ginauth/ginauth/users"
)

const (
	// flushInterval is how often usage is written: with one more interval for
	// the write it shows in the logs within two seconds.
	flushInterval = time.Second
	// closeTimeout bounds the last flush, and mailTimeout what is done before for
	// mail that waits.
	closeTimeout, mailTimeout = 10 * time.Second, 5 * time.Second
)

// Auth guards routes and administers keys. It is safe for concurrent use.
type Auth struct {
	config    Config
	repo      repository.Repository
	records   *audit.Recorder
	cache     *keycache.Cache
	changes   *changefeed.Feed
	pruner    *changefeed.Pruner
	usage     *usage.Recorder
	retention *usage.Retention
	guard     *guard.Guard
	keys      *keys.Service
	users     *users.Service
	admin     *admin.API
	account   *account.API
	close     func() error
	mounts    mounts
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
	config.Secrets = nil // only the digests are needed from here on
	warn(config.Logger, repo, isShort)
	a := &Auth{config: config, records: audit.Start(config.Logger)}
	a.startEngines(repo)
	a.repo = bulkhead.Lists(a.cache.Writing(repo), repo)
	a.makeServices()
	a.makeCalls(secrets, isShort)
	a.close = sync.OnceValue(a.shutDown)
	announce.Start(config.Logger, repo, config.KeyPrefix, credential.Places(credentialSources(config.KeySources)))
	return a, nil
}

// warn logs what operators should know.
func warn(logger *slog.Logger, repo repository.Repository, isShort bool) {
	if isShort {
		logger.Warn("an admin secret is short enough to be guessed; take a longer one outside of tests")
	}
	if advisor, ok := repo.(repository.Advisor); ok {
		for _, warning := range advisor.Warnings() {
			logger.Warn(warning)
		}
	}
}

// startEngines starts what runs in the background.
func (a *Auth) startEngines(repo repository.Repository) {
	c := a.config
	a.cache = keycache.New(repo, keycache.Options{MaxKeys: c.CacheSize, MaxAge: c.CacheMaxAge, StaleLimit: c.StaleLimit, Now: c.Now})
	a.usage = usage.Start(repo, flushInterval, c.Logger)
	a.retention = usage.StartRetention(repo, usage.RetentionPolicy{RollUp: c.UsageRollUpAfter, Delete: c.UsageDeleteAfter}, c.Now, c.Logger)
	a.pruner = changefeed.StartPruner(repo, c.Logger)
	a.changes = changefeed.Start(repo, a.cache, c.Now, c.Logger)
}

func (a *Auth) makeServices() {
	c := a.config
	a.keys = keys.New(a.repo, a.records, keys.Policy{
		Prefixes: c.prefixes(), AutomaticExpiration: c.AutomaticExpiration, MaxLifetime: c.MaxLifetime,
		MaxKeysPerUser: c.MaxKeysPerUser, RequireConfirmedEmail: c.RequireConfirmedEmail, Now: c.Now,
	})
	a.users = users.New(users.Options{
		Repository: a.repo, Keys: a.keys, Records: a.records, Hashing: hashpool.New(c.HashMemory),
		PasswordPolicy: c.PasswordPolicy, Resolver: c.Resolver, RequireConfirmedEmail: c.RequireConfirmedEmail,
		Mailer: c.Mailer, PublicURL: c.PublicURL, Templates: c.MailTemplates, LinkPath: a.linkPath, Logger: c.Logger, Now: c.Now,
	})
}

// makeCalls makes the guard and the calls over HTTP.
func (a *Auth) makeCalls(secrets security.Secrets, isShort bool) {
	c, responder := a.config, newResponder(a.config, a.records)
	sources := credentialSources(c.KeySources)
	reader := credential.NewReader(sources, c.prefixes(), a.recordSecretInURL)
	a.guard = guard.New(guard.Options{
		Cache: a.cache, Usage: a.usage, Records: a.records, Reader: reader, Respond: responder,
		Sources: sources, Prefixes: c.prefixes(), ClientIP: c.ClientIP, OmitRoutes: c.OmitRoutes, Now: c.Now,
	})
	base := api.Base{
		Keys: a.keys, Users: a.users, Records: a.records, Responder: responder, Reader: reader, ClientIP: c.ClientIP, Now: c.Now,
	}
	a.admin, a.account = admin.New(base, secrets, isShort, a.guard.AdmitUnknown), account.New(base, a.guard, account.NewPage(c.PublicURL, c.MailTemplates.Application, c.PasswordPolicy))
}

// recordSecretInURL records that the admin secret was in a URL, where others may
// have read it.
func (a *Auth) recordSecretInURL(c *gin.Context) {
	a.records.RecordLimited(c.Request.Context(), audit.Record{
		Level: slog.LevelWarn, Action: "admin.secret_in_url", ClientAddress: a.config.ClientIP(c), Outcome: "secret_in_query",
		More: []slog.Attr{slog.String("path", c.FullPath())},
	})
}

// Keys issues, renews, revokes, deletes and lists keys from Go.
func (a *Auth) Keys() *keys.Service { return a.keys }

// Users registers and authenticates users from Go, and looks after them.
func (a *Auth) Users() *users.Service { return a.users }

// WithActor returns a context whose calls of Auth.Keys and Auth.Users are recorded
// as made by "application:" and the name, such as a job's; without it they are
// recorded as made by "application". Of a name 100 bytes are kept.
func WithActor(ctx context.Context, name string) context.Context {
	return audit.WithActor(ctx, audit.Actor{Kind: audit.Application, Name: name})
}

// Close writes the usage that was counted, waits for what runs in the
// background and closes the repository. Call it when the server has stopped;
// guarded requests that come later are answered 503. Calling it again does
// nothing and returns the same.
func (a *Auth) Close() error { return a.close() }

func (a *Auth) shutDown() error {
	defer a.records.Close() // last: the steps before are recorded
	a.guard.Close()
	a.cache.Close() // first: streams end by it
	unsent := inTime(mailTimeout, a.users.Close)
	a.retention.Close()
	a.pruner.Close()
	a.changes.Close()
	return errors.Join(unsent, inTime(closeTimeout, a.usage.Close), a.repo.Close())
}

func inTime(limit time.Duration, end func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	return end(ctx)
}

// AdminPaths returns the paths of the groups that RegisterAdmin was called
// with, in that order. Package docs shows the admin calls below them.
func (a *Auth) AdminPaths() []string { return a.mounts.of(&a.mounts.admin) }

// AccountPaths returns the paths of the groups that RegisterAccount was called
// with, in that order.
func (a *Auth) AccountPaths() []string { return a.mounts.of(&a.mounts.account) }

// linkPath is where links in mails lead; empty while there is no account group.
func (a *Auth) linkPath() string {
	if paths := a.AccountPaths(); len(paths) > 0 {
		return paths[0]
	}
	return ""
}

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
func (a *Auth) SendsMail() bool { return a.config.Mailer != nil }

// Logger returns where ginauth logs.
func (a *Auth) Logger() *slog.Logger { return a.config.Logger }

// PublicURL returns where clients reach the application; empty if it was not configured.
func (a *Auth) PublicURL() string { return a.config.PublicURL }

// HidesDocs reports whether the calls are to be left out of the docs.
func (a *Auth) HidesDocs() bool { return a.config.HideDocs }
