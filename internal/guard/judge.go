package guard

import (
	"context"
	"errors"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/ginauth/ginauth/internal/keycache"
	"github.com/ginauth/ginauth/internal/store"
	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/problem"
	"github.com/ginauth/ginauth/repository"
	"github.com/ginauth/ginauth/security"
)

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
		return nil, keyMalformed()
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
	g.Usage.Count(key, g.countedRoute(u), now)
	return key, nil
}

// countedRoute is the route that a use is counted with.
func (g *Guard) countedRoute(u *use) string {
	if g.OmitRoutes {
		return ""
	}
	return u.route
}

// refusal returns the problem of a key that is not active, its owner's disabling
// included.
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

// keyMalformed is keyInvalid for what is no key at first sight, such as one in quotes.
func keyMalformed() *problem.Error {
	return problem.Unauthenticated("key_invalid", "The API key is not valid: it does not have the length of a key. Send it as it was issued, without quotes, and in Authorization after Bearer.")
}

func keyInvalid() *problem.Error {
	return problem.Unauthenticated("key_invalid", "The API key is not valid.")
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

// load reads a key from the store, or waits for the request that is reading it. A
// request goes on when its client leaves, see store.Finish.
func (g *Guard) load(ctx context.Context, u *use, hash keycache.Hash) (*keycache.Key, error) {
	admit := g.unknownKeys.admit(g.client(u))
	if _, ends := ctx.Deadline(); u.request != nil && !ends { // Load has a bound of its own
		return g.Cache.Load(context.WithoutCancel(ctx), hash, admit)
	}
	bound := store.Context
	if u.request != nil {
		bound = store.Finish
	}
	ctx, cancel := bound(ctx)
	defer cancel()
	return g.Cache.Load(ctx, hash, admit)
}

func loadProblem(err error) error {
	if errors.Is(err, keycache.ErrOverloaded) {
		return problem.Unavailable("overloaded", "Too many keys wait to be checked at the moment.").WithCause(err)
	}
	return store.Problem(err, keyInvalid())
}
