package ginauth

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"net/textproto"
	"slices"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
	"golang.org/x/net/http/httpguts"

	"github.com/ginauth/ginauth/security"
)

// DefaultExpiration is how long a key is valid unless told otherwise.
const DefaultExpiration = 15 * 24 * time.Hour

// The defaults and bounds of the cache.
const (
	DefaultCacheSize   = 1_000_000
	DefaultCacheMaxAge = 5 * time.Minute
	DefaultStaleLimit  = 30 * time.Second
	// MinStaleLimit is twice as long as it takes to hear of a change.
	MinStaleLimit = 2 * time.Second
)

// DefaultUsageFoldAfter and DefaultUsageDeleteAfter are how long usage is kept
// by hour, and then by day, unless told otherwise.
const (
	DefaultUsageFoldAfter   = 90 * 24 * time.Hour
	DefaultUsageDeleteAfter = 400 * 24 * time.Hour
)

// secretHeader carries the admin secret; it is read from nowhere else.
const (
	secretHeader          = "secret-key"
	canonicalSecretHeader = "Secret-Key"
)

// Config says how an Auth behaves. Only Secrets is required.
type Config struct {
	// Secrets are the admin secrets that are accepted: one, or the current
	// and the previous one while it is being rotated. Printable ASCII;
	// security.NewSecret makes a good one. Short ones are warned about.
	Secrets []string

	// AutomaticExpiration is how long a new or renewed key is valid when the
	// call does not say. DefaultExpiration if zero.
	AutomaticExpiration time.Duration

	// UsageFoldAfter is the age from which on usage is kept by day and no more
	// by hour, UsageDeleteAfter the age at which it is deleted but for the total
	// of each key. DefaultUsageFoldAfter and DefaultUsageDeleteAfter if zero. On
	// one database all nodes should say the same: the shortest age counts.
	UsageFoldAfter, UsageDeleteAfter time.Duration

	// KeyPrefix begins every key, so that a leaked one is recognised; see
	// security.CheckPrefix. security.DefaultPrefix if empty. Keys that were
	// issued under another prefix are refused.
	KeyPrefix string

	// KeySources is where a request may carry its key. If empty: the header
	// and the query parameter "api-key", and the Bearer scheme. Leave the
	// query out wherever URLs are logged.
	KeySources []KeySource

	// ClientIP tells whose address is throttled and audited. The connection's
	// if nil, which no client can forge. Behind a proxy set gin's trusted
	// proxies and pass (*gin.Context).ClientIP.
	ClientIP func(*gin.Context) string

	// CacheSize is how many keys are kept in memory once they were used; each
	// takes about 300 bytes. DefaultCacheSize if zero.
	CacheSize int

	// CacheMaxAge is how long a key is served before it is read again, against
	// hands in the database; changes made through ginauth are followed at once.
	// DefaultCacheMaxAge if zero.
	CacheMaxAge time.Duration

	// StaleLimit is how long keys in memory are served while the store cannot
	// be asked what has changed; after that they are answered 503.
	// DefaultStaleLimit if zero; at least MinStaleLimit.
	StaleLimit time.Duration

	// HideDocs leaves the admin calls out of the docs page. It protects
	// nothing: they are still served.
	HideDocs bool

	// Respond writes the body of a refusal in place of the default,
	// application/problem+json. The headers are set already, and so is the
	// status, to the problem's.
	Respond func(*gin.Context, Problem)

	// Logger receives the audit records and warnings; slog.Default() if nil.
	// No record holds a credential.
	Logger *slog.Logger

	// Now is the clock; time.Now if nil. Another should keep the monotonic
	// reading of time.Now: CacheMaxAge and StaleLimit are measured by it, and
	// would otherwise grow when the clock is put back.
	Now func() time.Time
}

// The places in a request where a key may be.
const (
	InHeader = "header"
	InQuery  = "query"
	InBearer = "bearer"
)

// KeySource is a place in a request where a key may be.
type KeySource struct {
	// In is InHeader, InQuery or InBearer.
	In string
	// Name is the header or the parameter, in the characters of a header's name
	// (RFC 9110, section 5.6.2); empty for InBearer, which is the
	// Authorization header with the scheme Bearer (RFC 6750).
	Name string
}

// DefaultKeySources returns the header and the query parameter "api-key", and
// the Bearer scheme.
func DefaultKeySources() []KeySource {
	return []KeySource{{InHeader, "api-key"}, {InQuery, "api-key"}, {InBearer, ""}}
}

// Validate reports everything that is wrong with the configuration. Errors
// hold no secret.
func (c Config) Validate() error {
	_, err := security.NewSecrets(c.Secrets...)
	errs := []error{prefixed("Secrets", err)}
	if c.AutomaticExpiration < 0 {
		errs = append(errs, errors.New("AutomaticExpiration: must not be negative"))
	}
	errs = append(errs, c.validateRetention())
	if c.KeyPrefix != "" {
		errs = append(errs, prefixed("KeyPrefix", security.CheckPrefix(c.KeyPrefix)))
	}
	if c.CacheSize < 0 {
		errs = append(errs, errors.New("CacheSize: must not be negative"))
	}
	if c.CacheMaxAge < 0 {
		errs = append(errs, errors.New("CacheMaxAge: must not be negative"))
	}
	if c.StaleLimit != 0 && c.StaleLimit < MinStaleLimit {
		errs = append(errs, fmt.Errorf("StaleLimit: must be at least %v", MinStaleLimit))
	}
	for i, source := range c.KeySources {
		errs = append(errs, prefixed("KeySources", source.validate()))
		if slices.ContainsFunc(c.KeySources[:i], source.equals) {
			errs = append(errs, fmt.Errorf("KeySources: %s %q is there twice", source.In, source.Name))
		}
	}
	return prefixed("ginauth: invalid configuration", errors.Join(errs...))
}

func (c Config) validateRetention() error {
	if c.UsageFoldAfter < 0 || c.UsageDeleteAfter < 0 {
		return errors.New("UsageFoldAfter, UsageDeleteAfter: must not be negative")
	}
	c = c.withDefaults()
	if c.UsageDeleteAfter <= c.UsageFoldAfter {
		return errors.New("UsageDeleteAfter: must be longer than UsageFoldAfter")
	}
	return nil
}

func (s KeySource) validate() error {
	switch {
	case s.In == InBearer && s.Name == "", s.In == InQuery && httpguts.ValidHeaderFieldName(s.Name) && s.Name != secretHeader:
		return nil
	case s.In == InHeader && httpguts.ValidHeaderFieldName(s.Name) && !isReserved(s.Name):
		return nil
	default:
		return fmt.Errorf("%q %q is not a place for a key", s.In, s.Name)
	}
}

// equals disregards case where HTTP does.
func (s KeySource) equals(other KeySource) bool {
	if s.In == InHeader {
		return other.In == InHeader && strings.EqualFold(s.Name, other.Name)
	}
	return s == other
}

// isReserved says which headers are not for keys: Authorization has a source
// of its own, and the admin secret must not be taken for a key.
func isReserved(header string) bool {
	name := textproto.CanonicalMIMEHeaderKey(header)
	return name == "Authorization" || name == textproto.CanonicalMIMEHeaderKey(secretHeader)
}

func prefixed(prefix string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", prefix, err)
}

// withDefaults fills in what was left out.
func (c Config) withDefaults() Config {
	if c.AutomaticExpiration == 0 {
		c.AutomaticExpiration = DefaultExpiration
	}
	c.UsageFoldAfter = cmp.Or(c.UsageFoldAfter, DefaultUsageFoldAfter)
	c.UsageDeleteAfter = cmp.Or(c.UsageDeleteAfter, DefaultUsageDeleteAfter)
	if c.KeyPrefix == "" {
		c.KeyPrefix = security.DefaultPrefix
	}
	if len(c.KeySources) == 0 {
		c.KeySources = DefaultKeySources()
	}
	c.KeySources = slices.Clone(c.KeySources)
	c.CacheSize = cmp.Or(c.CacheSize, DefaultCacheSize)
	c.CacheMaxAge = cmp.Or(c.CacheMaxAge, DefaultCacheMaxAge)
	c.StaleLimit = cmp.Or(c.StaleLimit, DefaultStaleLimit)
	if c.ClientIP == nil {
		c.ClientIP = (*gin.Context).RemoteIP
	}
	if c.Respond == nil {
		c.Respond = respond
	}
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return c
}
