// Package guard lets requests with a good API key through: it takes the key out
// of the request, looks it up, judges it and counts it, in this order.
package guard

import (
	"errors"
	"sync/atomic"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/ginauth/ginauth/internal/audit"
	"github.com/ginauth/ginauth/internal/credential"
	"github.com/ginauth/ginauth/internal/keycache"
	"github.com/ginauth/ginauth/internal/respond"
	"github.com/ginauth/ginauth/internal/store"
	"github.com/ginauth/ginauth/internal/usage"
	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/problem"
	"github.com/ginauth/ginauth/repository"
	"github.com/ginauth/ginauth/security"
)

// Options are what a guard is made of; all are required.
type Options struct {
	Cache    *keycache.Cache
	Usage    *usage.Recorder
	Records  *audit.Recorder
	Reader   *credential.Reader
	Respond  respond.Responder
	Sources  []credential.Source
	Prefix   string
	ClientIP func(*gin.Context) string
	Now      func() time.Time
}

// Guard judges the requests of one Auth.
type Guard struct {
	Options
	unknownKeys unknownKeyLimiter
	private     []string // the value of Cache-Control of guarded answers
	closed      atomic.Bool
}

// New returns a guard.
func New(o Options) *Guard {
	return &Guard{Options: o, unknownKeys: newUnknownKeyLimiter(o.Now), private: []string{"private"}}
}

// Close has all requests that come later answered 503.
func (g *Guard) Close() { g.closed.Store(true) }

var errClosed = errors.New("ginauth is closed")

// Authenticate returns the active key that the request carries, and counts the
// request. With an error it returns the key if that is known and refused.
func (g *Guard) Authenticate(c *gin.Context) (*keycache.Key, error) {
	return g.authenticate(c, g.Reader)
}

func (g *Guard) authenticate(c *gin.Context, reader *credential.Reader) (*keycache.Key, error) {
	text, err := reader.TakeKey(c)
	if err != nil {
		return nil, err
	}
	if g.closed.Load() {
		return nil, problem.From(errClosed)
	}
	if len(text) != security.KeyLength(g.Prefix) {
		return nil, keyInvalid()
	}
	key, now, err := g.find(c, text)
	if err != nil {
		return nil, loadProblem(err)
	}
	if err := refusal(key.Status(now)); err != nil {
		return key, err
	}
	g.Usage.Count(key, c.FullPath(), now)
	return key, nil
}

// find returns the key of a request, from memory or from the store, and the time
// at which it was found. Only what has a key's form can be in memory, so the
// checksum is left for what is not.
func (g *Guard) find(c *gin.Context, text string) (*keycache.Key, time.Time, error) {
	now, hash := g.Now(), security.HashKey(text)
	key, answer := g.Cache.Lookup(hash, now)
	if answer == keycache.Valid {
		return key, now, nil
	}
	key, err := g.lookup(c, text, hash, answer)
	return key, g.Now(), err
}

// lookup goes on where the memory has no good answer.
func (g *Guard) lookup(c *gin.Context, text string, hash keycache.Hash, answer keycache.Answer) (*keycache.Key, error) {
	switch answer {
	case keycache.Stale:
		return nil, keycache.ErrStale
	case keycache.Unknown:
		return nil, repository.ErrNotFound
	case keycache.Outdated:
		return g.load(c, hash)
	default:
		if !security.IsKey(g.Prefix, text) {
			return nil, keyInvalid()
		}
		return g.load(c, hash)
	}
}

// load reads a key from the store, or waits for the request that is reading it.
func (g *Guard) load(c *gin.Context, hash keycache.Hash) (*keycache.Key, error) {
	ctx, cancel := store.Context(c.Request.Context())
	defer cancel()
	return g.Cache.Load(ctx, hash, g.unknownKeys.admit(g.ClientIP(c)))
}

func loadProblem(err error) error {
	if errors.Is(err, keycache.ErrOverloaded) {
		return problem.Unavailable("overloaded", "Too many keys wait to be checked at the moment.").WithCause(err)
	}
	return store.Problem(err, keyInvalid())
}

func refusal(status models.Status) error {
	switch status {
	case models.StatusActive:
		return nil
	case models.StatusRevoked:
		return problem.Unauthenticated("key_revoked", "The API key was revoked.")
	case models.StatusExpired:
		return problem.Unauthenticated("key_expired", "The API key has expired.")
	case models.StatusDisabled:
		return problem.Unauthenticated("user_disabled", "The user of the API key is disabled.")
	default:
		return keyInvalid()
	}
}

func keyInvalid() *problem.Error {
	return problem.Unauthenticated("key_invalid", "The API key is not valid.")
}

// countRefusal counts a request that was refused; key is nil where it is not
// known.
func (g *Guard) countRefusal(c *gin.Context, key *keycache.Key, err error) {
	id := ""
	if key != nil {
		id = key.ID()
	}
	g.Records.Refuse(problem.From(err).Code, id, g.ClientIP(c))
}
