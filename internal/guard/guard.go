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
	"github.com/ginauth/ginauth/internal/usage"
	"github.com/ginauth/ginauth/problem"
	"github.com/ginauth/ginauth/security"
)

// Options are what a guard is made of; all are required but OmitRoutes.
type Options struct {
	Cache    *keycache.Cache
	Usage    *usage.Recorder
	Records  *audit.Recorder
	Reader   *credential.Reader
	Respond  respond.Responder
	Sources  []credential.Source
	Prefixes security.Prefixes
	ClientIP func(*gin.Context) string
	// OmitRoutes has requests counted without their routes.
	OmitRoutes bool
	Now        func() time.Time
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
