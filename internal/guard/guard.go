// Package guard lets requests with a good API key through: it takes the key out
// of the request, looks it up, judges it and counts it, in this order.
package guard

import (
	"context"
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
	Prefixes security.Prefixes
	ClientIP func(*gin.Context) string
	Now      func() time.Time
}

// Guard judges the requests of one Auth.
type Guard struct {
	Options
	unknownKeys unknownKeyLimiter
	private     []string // the value of Cache-Control of guarded answers
	keyLength   int      // of keys with the present prefix
	outcomes    outcomes
	closed      atomic.Bool
}

// New returns a guard.
func New(o Options) *Guard {
	return &Guard{Options: o, unknownKeys: newUnknownKeyLimiter(o.Now), private: []string{"private"}, keyLength: security.KeyLength(o.Prefixes[0])}
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
	return g.judge(c.Request.Context(), &use{text: text, route: c.FullPath(), request: c, mayRepeat: reader != g.Reader})
}

// use is one use of a key: by a request, or by a call of Check.
type use struct {
	text, route string
	request     *gin.Context // nil for a call of Check
	address     string       // of a call of Check
	// mayRepeat says that another guard may have counted the same key already.
	mayRepeat bool
}

// client returns the client's address, which few uses need.
func (g *Guard) client(u *use) string {
	if u.request != nil {
		return g.ClientIP(u.request)
	}
	return u.address
}

// judge returns the key of a use if it is active, and counts the use. With an
// error it returns the key if that is known and refused.
func (g *Guard) judge(ctx context.Context, u *use) (*keycache.Key, error) {
	if g.closed.Load() {
		return nil, problem.From(errClosed)
	}
	if len(u.text) != g.keyLength && !g.Prefixes.HasLength(u.text) {
		return nil, keyInvalid()
	}
	key, now, err := g.find(ctx, u)
	if err != nil {
		return nil, loadProblem(err)
	}
	if err := refusal(key.Status(now)); err != nil {
		return key, err
	}
	if u.mayRepeat && g.hasCounted(u.request, key) {
		return key, nil
	}
	g.outcomes.allowed.Add(1)
	g.Usage.Count(key, u.route, now)
	return key, nil
}

// find returns the key of a use, from memory or from the store, and the time at
// which it was found. Only text in the form of a key can be in memory, so the
// checksum is left for other text.
func (g *Guard) find(ctx context.Context, u *use) (*keycache.Key, time.Time, error) {
	now, hash := g.Now(), security.HashKey(u.text)
	key, answer := g.Cache.Lookup(hash, now)
	if answer == keycache.Hit {
		return key, now, nil
	}
	key, err := g.lookup(ctx, u, hash, answer)
	return key, g.Now(), err
}

// lookup goes on where the memory has no good answer.
func (g *Guard) lookup(ctx context.Context, u *use, hash keycache.Hash, answer keycache.Answer) (*keycache.Key, error) {
	switch answer {
	case keycache.Stale:
		return nil, keycache.ErrStale
	case keycache.NegativeHit:
		return nil, repository.ErrNotFound
	case keycache.Expired:
		return g.load(ctx, u, hash)
	default:
		if !g.Prefixes.IsKey(u.text) {
			return nil, keyInvalid()
		}
		return g.load(ctx, u, hash)
	}
}

// load reads a key from the store, or waits for the request that is reading it.
func (g *Guard) load(ctx context.Context, u *use, hash keycache.Hash) (*keycache.Key, error) {
	ctx, cancel := store.Context(ctx)
	defer cancel()
	return g.Cache.Load(ctx, hash, g.unknownKeys.admit(g.client(u)))
}

func loadProblem(err error) error {
	if errors.Is(err, keycache.ErrOverloaded) {
		return problem.Unavailable("overloaded", "Too many keys wait to be checked at the moment.").WithCause(err)
	}
	return store.Problem(err, keyInvalid())
}

// countRefusal counts a use that was refused; key is nil where it is not known.
func (g *Guard) countRefusal(u *use, key *keycache.Key, err error) {
	id := ""
	if key != nil {
		id = key.ID()
	}
	code := problem.From(err).Code
	g.outcomes.refuse(code)
	g.Records.Refuse(code, id, g.client(u))
}
