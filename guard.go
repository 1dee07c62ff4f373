package ginauth

import (
	"context"
	"errors"
	"fmt"

	"github.com/gin-gonic/gin"

	"github.com/ginauth/ginauth/internal/credential"
	"github.com/ginauth/ginauth/internal/guard"
	"github.com/ginauth/ginauth/models"
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
// Keys that were used lately are answered from memory. A revocation,
// renewal or deletion through this Auth is in effect before its call answers, and
// through another node within a second; see Config.StaleLimit for when the
// store cannot be asked.
//
// Options change one guard. It panics, as Gin does for routes that cannot be, if
// KeySources names a place where no key can be.
func (a *Auth) Guard(options ...GuardOption) gin.HandlerFunc {
	var variant guardVariant
	for _, change := range options {
		change(&variant)
	}
	made := guard.Variant{Missing: variant.missing, Keep: variant.keep}
	if len(variant.sources) > 0 {
		if err := errors.Join(checkSources(variant.sources)...); err != nil {
			panic(fmt.Sprintf("ginauth: Guard: %v", err))
		}
		made.Sources = credentialSources(variant.sources)
		made.Reader = credential.NewReader(made.Sources, a.config.prefixes(), a.recordSecretInURL)
	}
	return a.guard.Handler(made)
}

// GuardOption changes one guard: Optional, Fallback, KeySources or KeepKey.
type GuardOption func(*guardVariant)

type guardVariant struct {
	missing gin.HandlerFunc
	sources []KeySource
	keep    bool
}

// Optional lets requests without a key pass as anonymous: KeyFrom finds no key
// then, and nothing is counted. A request with a bad key is refused.
func Optional() GuardOption { return Fallback(func(*gin.Context) {}) }

// Fallback hands requests without a key to another middleware, which lets them
// pass or aborts them: one that checks a JWT, for routes that take a key or a JWT.
// A bearer token that has not the form of a key is left to it. A request with a
// bad key is refused.
func Fallback(other gin.HandlerFunc) GuardOption {
	return func(v *guardVariant) { v.missing = other }
}

// KeySources has one guard read keys from these places, in place of
// Config.KeySources. Keys at the places of Config.KeySources are removed from the
// request without being used.
func KeySources(sources ...KeySource) GuardOption {
	return func(v *guardVariant) { v.sources = sources }
}

// KeptKey is the name under which KeepKey puts the key, a models.APIKey, into the
// gin context, and so into the Keys of gin.LogFormatterParams.
const KeptKey = guard.KeptKey

// KeepKey has one guard put the key into the gin context, too, under KeptKey. The
// request's context, where KeyFrom finds the key without it, is lost to loggers
// that run after a middleware has put an earlier request back, as otelgin does. It
// takes about as long again as the rest of the guard; see docs/benchmarks.md. KeyFrom
// then finds the key for whatever request is in the gin context.
func KeepKey() GuardOption { return func(v *guardVariant) { v.keep = true } }

// KeyFrom returns the key with which the request passed the guard: its id,
// name, owner and dates, without the hash. It is in the request's context, and
// so in the copy that gin's Copy returns. The second value is false where no
// guard let the request through. A request that is made from the context of
// another one has to pass a guard with a key of its own.
func KeyFrom(c *gin.Context) (models.APIKey, bool) { return guard.KeyFrom(c) }

// KeyFromContext returns the key with which the request of this context passed the
// guard, for code that gets a context and no *gin.Context. The context may be the
// request's, a *gin.Context, or one that was made from either.
func KeyFromContext(ctx context.Context) (models.APIKey, bool) { return guard.KeyFromContext(ctx) }

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
func Revoked(c *gin.Context) <-chan struct{} { return guard.Revoked(c) }

// Attempt is one use of a key outside of HTTP: by a gRPC call, a message on a
// WebSocket, or a job.
type Attempt struct {
	// Key is the key as the client sent it.
	Key string
	// Route is what the use is counted under, such as the name of the gRPC method.
	// It should have few different values.
	Route string
	// Address is the client's, with or without a port. Clients with the same address
	// share the limit of unknown keys; so do all clients without an address.
	Address string
}

// Check judges, counts and limits one use of a key as the guard does for a
// request, and returns the key. The error is a *problem.Error with the guard's
// codes; of kind unauthenticated for a bad key, limited after too many unknown
// keys from the address, and unavailable if the key cannot be judged.
func (a *Auth) Check(ctx context.Context, attempt Attempt) (models.APIKey, error) {
	return a.guard.Check(ctx, attempt.Key, attempt.Route, attempt.Address)
}
