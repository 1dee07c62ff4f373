package guard

import (
	"context"
	"net/http"
	"reflect"
	"sync"

	"github.com/gin-gonic/gin"

	"github.com/ginauth/ginauth/internal/keycache"
	"github.com/ginauth/ginauth/models"
)

// contextKey names the key that a guard let through: the last one, or the last
// one that was read by the given cache.
type contextKey struct{ cache *keycache.Cache }

// keyContext is the context of a request that was let through. A map, as gin's
// Set makes it, takes ten times the memory, and as long as all else that the
// guard does.
type keyContext struct {
	context.Context
	key *keycache.Key
	// The next fields identify the request, see matches; it is only compared.
	gin            *gin.Context
	header, answer http.Header
	requestURI     string
	// stream is there once somebody asks for it, see Revoked.
	stream    *keycache.Stream
	streaming sync.Once
}

// Value returns the keyContext itself under a contextKey.
func (k *keyContext) Value(name any) any {
	wanted, ok := name.(contextKey)
	if !ok || (wanted.cache != nil && !k.key.IsFrom(wanted.cache)) {
		return k.Context.Value(name)
	}
	return k
}

// withKey puts the key into the request's context. It changes the request itself,
// since net/http removes the files of an upload only of the request that it
// made, not of a copy.
func withKey(c *gin.Context, key *keycache.Key) {
	*c.Request = *c.Request.WithContext(&keyContext{
		Context: c.Request.Context(), key: key,
		gin: c, header: c.Request.Header, answer: c.Writer.Header(), requestURI: c.Request.RequestURI,
	})
}

// matches reports whether the guard let this very request through, and not one
// from whose context this one was made.
//
// The headers of a request are one map, which http.Request.WithContext and
// gin's Copy share and every other request lacks. http.Request.Clone copies it.
// A clone is recognised as long as it stays in the gin.Context of its request,
// which is told from a later use of that gin.Context by the headers of the
// answer.
func (k *keyContext) matches(c *gin.Context) bool {
	if isSameMap(k.header, c.Request.Header) {
		return true
	}
	return k.gin == c && k.requestURI == c.Request.RequestURI && isSameMap(k.answer, c.Writer.Header())
}

func isSameMap(a, b http.Header) bool {
	return a != nil && reflect.ValueOf(a).Pointer() == reflect.ValueOf(b).Pointer()
}

// keyFromContext returns what a guard left in the request's context, or in that
// of a request from whose context this one was made.
func keyFromContext(c *gin.Context, of contextKey) (*keyContext, bool) {
	if c.Request == nil { // in a test of a handler
		return nil, false
	}
	k, ok := c.Request.Context().Value(of).(*keyContext)
	return k, ok
}

// hasPassed reports whether this very request has passed a guard of this Auth.
func (g *Guard) hasPassed(c *gin.Context) bool {
	k, ok := keyFromContext(c, contextKey{g.Cache})
	return ok && k.matches(c)
}

// hasCounted reports whether this very request has passed a guard of this Auth with
// the same key.
func (g *Guard) hasCounted(c *gin.Context, key *keycache.Key) bool {
	k, ok := keyFromContext(c, contextKey{g.Cache})
	return ok && k.matches(c) && k.key.ID() == key.ID()
}

// letThrough returns what the guard left that let this very request through. A
// gin.Context without handlers is a copy for work in the background, which
// belongs to the request of its context.
func letThrough(c *gin.Context) (*keyContext, bool) {
	k, ok := keyFromContext(c, contextKey{})
	if !ok || (c.Handler() != nil && !k.matches(c)) {
		return nil, false
	}
	return k, true
}

// KeptKey is the name in the gin context of the key that Variant.Keep puts there.
const KeptKey = "ginauth.key"

// assertedKey names a key that WithKey put into a context.
type assertedKey struct{}

// WithKey returns a context in which KeyFrom and KeyFromContext find the key,
// without any guard.
func WithKey(ctx context.Context, key models.APIKey) context.Context {
	return context.WithValue(ctx, assertedKey{}, key)
}

// KeyFrom returns the key with which a request passed the guard, or which WithKey
// or Variant.Keep left.
func KeyFrom(c *gin.Context) (models.APIKey, bool) {
	if k, ok := letThrough(c); ok {
		return k.key.APIKey(), true
	}
	kept, _ := c.Get(KeptKey) // and not Value, which looks into the contexts below
	if key, ok := kept.(models.APIKey); ok {
		return key, true
	}
	return assertedKeyFrom(c)
}

func assertedKeyFrom(c *gin.Context) (models.APIKey, bool) {
	if c.Request == nil {
		return models.APIKey{}, false
	}
	key, ok := c.Request.Context().Value(assertedKey{}).(models.APIKey)
	return key, ok
}

// KeyFromContext is KeyFrom for the context of a request, or one made from it; a
// *gin.Context is one, too.
func KeyFromContext(ctx context.Context) (models.APIKey, bool) {
	k, guarded := ctx.Value(contextKey{}).(*keyContext)
	c, isGin := ctx.Value(gin.ContextKey).(*gin.Context)
	if isGin && (!guarded || k.Context.Value(gin.ContextKey) != any(c)) { // else the guard is nearer
		return KeyFrom(c)
	}
	if guarded {
		return k.key.APIKey(), true
	}
	key, ok := ctx.Value(assertedKey{}).(models.APIKey)
	return key, ok
}

// Revoked returns a channel that is closed when the guard would not let the
// request in any more, or when the request has ended.
func Revoked(c *gin.Context) <-chan struct{} {
	k, ok := letThrough(c)
	if ok {
		k.streaming.Do(func() { k.stream = k.key.Watch(k.Context) })
		return k.stream.Revoked()
	}
	if _, ok := assertedKeyFrom(c); ok { // in a test of a handler
		return c.Request.Context().Done()
	}
	closed := make(chan struct{})
	close(closed)
	return closed
}
