package ginauth

import (
	"bytes"
	"errors"
	"net/http"

	"github.com/gin-gonic/gin"

	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/security"
)

// contextKey is where the guard leaves what it let through.
type contextKey struct{}

// passed is what a guard let through; the Auth tells it from another's.
type passed struct {
	auth *Auth
	key  models.APIKey
}

// Guard returns a middleware that lets requests with a good API key through
// and counts each of them once, however many guards of this Auth it passes.
//
// The key is taken from the sources in Config.KeySources and removed from the
// request, headers that repeat it included, so that no handler, log or proxied
// server behind the guard sees it, nor the admin secret, should that have been
// sent. A missing, bad, expired or revoked key and two different ones are
// answered 401, a store that cannot be asked 503. Answers get Cache-Control:
// private, unless a middleware ahead said something else, and a Vary on the key
// headers; the handler may override both.
func (a *Auth) Guard() gin.HandlerFunc {
	return func(c *gin.Context) {
		if p, ok := passage(c); ok && p.auth == a {
			return
		}
		key, err := a.authenticate(c)
		if err != nil {
			a.refuse(c, a.challenge(), err)
			return
		}
		a.usage.Count(key.ID, key.UserID, c.FullPath(), a.now())
		c.Set(contextKey{}, passed{a, key})
		a.limitCaching(c)
	}
}

// KeyFrom returns the key with which the request passed the guard: its id,
// name, owner and dates, without the hash. The second value is false where no
// guard let the request through.
func KeyFrom(c *gin.Context) (models.APIKey, bool) {
	p, ok := passage(c)
	return p.key, ok
}

// passage returns what the guard left, if the request has passed one.
func passage(c *gin.Context) (passed, bool) {
	value, _ := c.Get(contextKey{})
	p, ok := value.(passed)
	return p, ok
}

// authenticate returns the active key that the request carries.
func (a *Auth) authenticate(c *gin.Context) (models.APIKey, error) {
	c.Request.Header.Del(secretHeader)
	text, err := takeKey(c, a.config.KeySources, a.config.KeyPrefix)
	if err != nil {
		return models.APIKey{}, err
	}
	if a.closed.Load() {
		return models.APIKey{}, errClosed
	}
	if !security.IsKey(a.config.KeyPrefix, text) {
		return models.APIKey{}, errKeyInvalid()
	}
	removeCopies(c.Request, text)
	key, err := a.findKey(c, text)
	if err != nil {
		return models.APIKey{}, err
	}
	return key, refusalOf(key.Status(a.now()))
}

// findKey asks the store for the key of a request that is being guarded.
func (a *Auth) findKey(c *gin.Context, text string) (models.APIKey, error) {
	ctx, cancel := storeContext(c)
	defer cancel()
	hash := security.HashKey(text)
	key, err := a.repo.KeyByHash(ctx, hash)
	if isNotFound(err) {
		return models.APIKey{}, errKeyInvalid()
	}
	if err == nil && !bytes.Equal(key.Hash, hash) { // a zero key would pass for an active one
		err = errors.New("the repository returned another key than the one asked for")
	}
	key.Hash = nil
	return key, err
}

func refusalOf(status models.Status) error {
	switch status {
	case models.StatusActive:
		return nil
	case models.StatusRevoked:
		return problem(http.StatusUnauthorized, "key_revoked", "The API key was revoked.")
	case models.StatusExpired:
		return problem(http.StatusUnauthorized, "key_expired", "The API key has expired.")
	default:
		return errKeyInvalid()
	}
}

func errKeyInvalid() Problem {
	return problem(http.StatusUnauthorized, "key_invalid", "The API key is not valid.")
}

// challenge names the way to authenticate (RFC 9110, section 11.6.1): Bearer
// where it is accepted, else the first source.
func (a *Auth) challenge() string {
	for _, source := range a.config.KeySources {
		if source.In == InBearer {
			return `Bearer realm="api"`
		}
	}
	first := a.config.KeySources[0]
	return `ApiKey realm="api", in="` + first.In + `", name="` + first.Name + `"`
}

// limitCaching keeps shared caches from handing one client's answer to
// another.
func (a *Auth) limitCaching(c *gin.Context) {
	if c.Writer.Header().Get("Cache-Control") == "" {
		c.Header("Cache-Control", "private")
	}
	for _, source := range a.config.KeySources {
		switch source.In {
		case InHeader:
			c.Writer.Header().Add("Vary", source.Name)
		case InBearer:
			c.Writer.Header().Add("Vary", "Authorization")
		}
	}
}
