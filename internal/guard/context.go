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
	// What follows identifies the request, see isOf; it is only compared.
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
	if !ok || (wanted.cache != nil && !wanted.cache.Owns(k.key)) {
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

// isOf reports whether the guard let this very request through, and not one
// from whose context this one was made.
//
// The headers of a request are one map, which http.Request.WithContext and
// gin's Copy share and every other request lacks. http.Request.Clone copies it.
// A clone is recognised as long as it stays in the gin.Context of its request,
// which is told from a later use of that gin.Context by the headers of the
// answer.
func (k *keyContext) isOf(c *gin.Context) bool {
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
	return ok && k.isOf(c)
}

// letThrough returns what the guard left that let this very request through. A
// gin.Context without handlers is a copy for work in the background, which
// belongs to the request of its context.
func letThrough(c *gin.Context) (*keyContext, bool) {
	k, ok := keyFromContext(c, contextKey{})
	if !ok || (c.Handler() != nil && !k.isOf(c)) {
		return nil, false
	}
	return k, true
}

// KeyFrom returns the key with which the request passed the guard: its id,
// name, owner and dates, without the hash. It is in the request's context, and
// so in what gin's Copy returns. The second value is false where no guard let
// the request through; a request that is made from the context of another one
// has to pass a guard with a key of its own.
func KeyFrom(c *gin.Context) (models.APIKey, bool) {
	k, ok := letThrough(c)
	if !ok {
		return models.APIKey{}, false
	}
	return k.key.APIKey(), true
}

// Revoked returns a channel that is closed as soon as the guard would not let
// the request in any more, for whatever reason: the key was revoked or deleted
// or has expired, its user was disabled, changes to keys could not be followed
// for longer than Config.StaleLimit, the store has failed for a second when a
// changed key had to be read again, or the Auth was closed. It is meant for
// streams and WebSockets, which outlive the check at their beginning:
//
//	select {
//	case event := <-events:
//		c.SSEvent("message", event)
//	case <-ginauth.Revoked(c):
//		return
//	}
//
// The channel is the same each time, and is closed, too, soon after the request
// has ended, and at once where no guard let the request through. However many
// streams there are, one goroutine watches them.
func Revoked(c *gin.Context) <-chan struct{} {
	k, ok := letThrough(c)
	if !ok {
		closed := make(chan struct{})
		close(closed)
		return closed
	}
	k.streaming.Do(func() { k.stream = k.key.Watch(k.Context) })
	return k.stream.Revoked()
}
