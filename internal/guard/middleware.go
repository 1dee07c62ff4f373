package guard

import (
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/ginauth/ginauth/internal/credential"
	"github.com/ginauth/ginauth/internal/keycache"
	"github.com/ginauth/ginauth/problem"
)

// Variant is how the guard of some routes differs from the others.
type Variant struct {
	// Sources are where keys are read from, and Reader reads them there; nil for
	// those of all.
	Sources []credential.Source
	Reader  *credential.Reader
	// Missing handles requests without a key, which are refused if it is nil.
	Missing gin.HandlerFunc
	// Keep puts the key into the gin context, too, under KeptKey.
	Keep bool
}

// handler is the middleware of a variant.
type handler struct {
	*Guard
	reader    *credential.Reader
	missing   gin.HandlerFunc
	keep      bool
	vary      []string // the value of that header of guarded answers
	challenge string
	// others takes keys from where the other guards find them; nil if that is the
	// same.
	others *credential.Reader
}

// Handler returns the middleware of a variant.
func (g *Guard) Handler(v Variant) gin.HandlerFunc {
	h := &handler{Guard: g, reader: g.Reader, missing: v.Missing, keep: v.Keep}
	sources := g.Sources
	if v.Reader != nil {
		sources, h.reader, h.others = v.Sources, v.Reader, g.Reader
	}
	h.vary, h.challenge = varyOn(sources), challenge(sources)
	return h.handle
}

func (h *handler) handle(c *gin.Context) {
	key, err := h.authenticate(c, h.reader)
	if h.others != nil {
		h.others.DropKeys(c)
	}
	switch {
	case err == nil:
		h.pass(c, key)
	case problem.Is(err, "key_missing") && h.hasPassed(c):
		if key, ok := KeyFrom(c); ok && h.keep {
			c.Set(KeptKey, key)
		}
	case problem.Is(err, "key_missing") && h.missing != nil:
		h.outcomes.anonymous.Add(1)
		h.addVary(c)
		h.missing(c)
	default:
		h.countRefusal(&use{request: c}, key, err)
		h.Respond.Refuse(c, h.challenge, err)
	}
}

// pass lets a request through.
func (h *handler) pass(c *gin.Context, key *keycache.Key) {
	withKey(c, key)
	if h.keep {
		c.Set(KeptKey, key.APIKey())
	}
	h.limitCaching(c)
}

// limitCaching keeps shared caches from handing one client's answer to another.
// The values are shared by all answers: a handler that sets or adds to a header
// makes a slice of its own.
func (h *handler) limitCaching(c *gin.Context) {
	header := c.Writer.Header()
	if len(header["Cache-Control"]) == 0 {
		header["Cache-Control"] = h.private
	}
	h.addVary(c)
}

func (h *handler) addVary(c *gin.Context) {
	header := c.Writer.Header()
	if len(header["Vary"]) == 0 {
		header["Vary"] = h.vary
	} else {
		header["Vary"] = append(header["Vary"], h.vary...)
	}
}

// challenge names the way to authenticate (RFC 9110, section 11.6.1): Bearer
// where it is accepted, else the first source.
func challenge(sources []credential.Source) string {
	for _, source := range sources {
		if source.In == credential.InBearer {
			return `Bearer realm="api"`
		}
	}
	return `ApiKey realm="api", in="` + sources[0].In + `", name="` + sources[0].Name + `"`
}

// varyOn names the headers in which a key may be, in one line.
func varyOn(sources []credential.Source) []string {
	names := []string{}
	for _, source := range sources {
		switch source.In {
		case credential.InHeader:
			names = append(names, source.Name)
		case credential.InBearer:
			names = append(names, "Authorization")
		}
	}
	if len(names) == 0 {
		return nil
	}
	return []string{strings.Join(names, ", ")}
}
