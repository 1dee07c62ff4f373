package ginauth

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/ginauth/ginauth/internal/keycache"
	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/problem"
	"github.com/ginauth/ginauth/repository"
	"github.com/ginauth/ginauth/security"
)

// Guard returns a middleware that lets requests with a good API key through
// and counts each of them once, however many guards of this Auth it passes.
//
// The key is taken from the sources in Config.KeySources and removed from the
// request, headers that repeat it included, so that no handler, log or proxied
// server behind the guard sees it, nor the admin secret, should that have been
// sent. A missing, bad, expired or revoked key and two different ones are
// answered 401, a store that cannot be asked 503, too many unknown keys from
// one address 429. Answers get Cache-Control: private, unless a middleware ahead
// said something else, and a Vary on the key headers; the handler may override
// both.
//
// A request that a handler makes from the context of a guarded one, through the
// same engine or a proxy in this process, is judged by its own key.
//
// Keys that were used lately are answered from memory. What is revoked, renewed
// or deleted through this Auth is so before the call that does it answers; what
// is through another node, within a second; see Config.StaleLimit for when the
// store cannot be asked.
func (a *Auth) Guard() gin.HandlerFunc {
	return func(c *gin.Context) {
		key, err := a.authenticate(c)
		switch {
		case err == nil:
			withKey(c, key)
			a.limitCaching(c)
		case !problem.Is(err, "key_missing") || !a.hasPassed(c):
			a.countRefusal(c, key, err)
			a.refuse(c, a.challenge(), err)
		}
	}
}

// authenticate returns the active key that the request carries, and counts the
// request. With an error it returns the key if that is known and refused.
func (a *Auth) authenticate(c *gin.Context) (*keycache.Key, error) {
	a.takeSecretFromQuery(c)
	text, err := takeKey(c, a.sources, a.config.KeyPrefix)
	a.takeSpelledKeys(c)
	a.cleanHeaders(c.Request, text)
	if err != nil {
		return nil, err
	}
	if a.closed.Load() {
		return nil, errClosed
	}
	if len(text) != security.KeyLength(a.config.KeyPrefix) {
		return nil, errKeyInvalid()
	}
	key, now, err := a.findKey(c, text)
	if isNotFound(err) {
		return nil, errKeyInvalid()
	}
	if err != nil {
		return nil, err
	}
	if err := refusalOf(key.Status(now)); err != nil {
		return key, err
	}
	a.usage.Count(key, c.FullPath(), now)
	return key, nil
}

// findKey returns the key of a request, from memory or from the store, and the
// time at which it was found. Only what has a key's form can be in memory, so
// the checksum is left for what is not.
func (a *Auth) findKey(c *gin.Context, text string) (*keycache.Key, time.Time, error) {
	now, hash := a.config.Now(), security.HashKey(text)
	key, answer := a.keys.Lookup(hash, now)
	if answer == keycache.Valid {
		return key, now, nil
	}
	key, err := a.lookFurther(c, text, hash, answer)
	return key, a.config.Now(), err
}

func (a *Auth) lookFurther(c *gin.Context, text string, hash keycache.Hash, answer keycache.Answer) (*keycache.Key, error) {
	switch answer {
	case keycache.Stale:
		return nil, keycache.ErrStale
	case keycache.Unknown:
		return nil, repository.ErrNotFound
	case keycache.Outdated:
		return a.loadKey(c, hash)
	default:
		if !security.IsKey(a.config.KeyPrefix, text) {
			return nil, errKeyInvalid()
		}
		return a.loadKey(c, hash)
	}
}

func refusalOf(status models.Status) error {
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
		return errKeyInvalid()
	}
}

func errKeyInvalid() *problem.Error {
	return problem.Unauthenticated("key_invalid", "The API key is not valid.")
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
// another. The values are shared by all answers: whoever sets or adds to a
// header makes a slice of their own.
func (a *Auth) limitCaching(c *gin.Context) {
	header := c.Writer.Header()
	if len(header["Cache-Control"]) == 0 {
		header["Cache-Control"] = a.private
	}
	if len(header["Vary"]) == 0 {
		header["Vary"] = a.vary
	} else {
		header["Vary"] = append(header["Vary"], a.vary...)
	}
}

// varyOn names the headers in which a key may be, in one line.
func varyOn(sources []KeySource) []string {
	names := []string{}
	for _, source := range sources {
		switch source.In {
		case InHeader:
			names = append(names, source.Name)
		case InBearer:
			names = append(names, "Authorization")
		}
	}
	if len(names) == 0 {
		return nil
	}
	return []string{strings.Join(names, ", ")}
}

// canonical returns the sources with headers named as net/http keeps them, so
// that they are found without making the name again for each request.
func canonical(sources []KeySource) []KeySource {
	sources = slices.Clone(sources)
	for i := range sources {
		if sources[i].In == InHeader {
			sources[i].Name = http.CanonicalHeaderKey(sources[i].Name)
		}
	}
	return sources
}
