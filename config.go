package ginauth

import (
	"cmp"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/ginauth/ginauth/internal/clientip"
	"github.com/ginauth/ginauth/mail"
	"github.com/ginauth/ginauth/security"
	"github.com/ginauth/ginauth/users"
)

// DefaultExpiration is how long a key is valid unless told otherwise.
const DefaultExpiration = 15 * 24 * time.Hour

// DefaultMaxKeysPerUser is how many keys a user has at most unless told otherwise.
const DefaultMaxKeysPerUser = 100

// The defaults and bounds of the cache.
const (
	DefaultCacheSize   = 1_000_000
	DefaultCacheMaxAge = 5 * time.Minute
	DefaultStaleLimit  = 30 * time.Second
	// MinStaleLimit is twice as long as it takes to hear of a change.
	MinStaleLimit = 2 * time.Second
)

// DefaultUsageRollUpAfter and DefaultUsageDeleteAfter are how long usage is kept
// by hour, and then by day, unless told otherwise.
const (
	DefaultUsageRollUpAfter = 90 * 24 * time.Hour
	DefaultUsageDeleteAfter = 400 * 24 * time.Hour
)

// DefaultHashMemory and MinHashMemory are in MiB, for six hashes at once and
// for two, of which addresses that are not known get one.
const (
	DefaultHashMemory = 128
	MinHashMemory     = 40
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

	// MaxKeysPerUser is how many keys a user may have that are neither revoked nor
	// deleted; issuing another is refused then, at the application's /new, too.
	// DefaultMaxKeysPerUser if zero.
	MaxKeysPerUser int

	// MaxLifetime bounds for how long keys of users are valid, from when they are
	// issued or renewed; not at all if zero. It binds users and what is issued to
	// them by their password; the administrators' /renew and keys of services are
	// free of it. A longer AutomaticExpiration is cut for users.
	MaxLifetime time.Duration

	// UsageRollUpAfter is the age from which on usage is kept by day and no more
	// by hour, UsageDeleteAfter the age at which it is deleted but for the total
	// of each key. DefaultUsageRollUpAfter and DefaultUsageDeleteAfter if zero. On
	// one database all nodes should say the same: the shortest age counts.
	UsageRollUpAfter, UsageDeleteAfter time.Duration

	// OmitRoutes counts usage by key, hour and day without the routes, so that a key
	// has one row for each hour and day, however many routes it is used on.
	OmitRoutes bool

	// KeyPrefix begins every key, so that a leaked one is recognised; see
	// security.CheckPrefix. security.DefaultPrefix if empty.
	KeyPrefix string

	// RetiredKeyPrefixes are former values of KeyPrefix. Keys that were issued with
	// one of them stay valid; keys with any other prefix are refused.
	RetiredKeyPrefixes []string

	// KeySources is where a request may carry its key. If empty: the header
	// and the query parameter "api-key", and the Bearer scheme. Leave the
	// query out wherever URLs are logged.
	KeySources []KeySource

	// TrustedProxies are the networks ("10.0.0.0/8") and addresses of the proxies
	// in front of the application. On a connection from one of them, the client's
	// address is the last one in X-Forwarded-For that is no trusted proxy's.
	// It is the connection's otherwise, which no client can forge. No
	// other header is read.
	TrustedProxies []string

	// ClientIP tells whose address is throttled and audited, in place of
	// TrustedProxies. A function that believes a header which clients can set
	// turns all limits off that depend on the address.
	ClientIP func(*gin.Context) string

	// CacheSize is how many keys are kept in memory once they were used; each
	// takes about 300 bytes. DefaultCacheSize if zero.
	CacheSize int

	// CacheMaxAge bounds how long a cached key is served before it is reloaded. It
	// limits the effect of manual changes to the database; changes made through
	// ginauth take effect at once. DefaultCacheMaxAge if zero.
	CacheMaxAge time.Duration

	// StaleLimit is how long keys in memory are served while the store cannot
	// be asked what has changed; after that they are answered 503.
	// DefaultStaleLimit if zero; at least MinStaleLimit.
	StaleLimit time.Duration

	// PasswordPolicy says what is wrong with a new password, in place of
	// security.CheckPassword. security.CheckAnyPassword refuses further ones,
	// common passwords for example. A refusal proposes a password that
	// the policy accepts, unless it refuses ten that it is shown.
	PasswordPolicy func(password string) []security.RuleError

	// HashMemory is in how much memory passwords are hashed at once, in MiB;
	// each takes 19. Half of it is kept for client addresses from which the
	// account's password was right within a week. DefaultHashMemory if zero; at
	// least MinHashMemory.
	HashMemory int

	// Mailer sends the links with which addresses are confirmed and forgotten
	// passwords replaced; without one those calls are not mounted. See packages
	// mail and mail/smtp.
	Mailer mail.Mailer

	// PublicURL is where clients reach the application, such as
	// "https://example.org"; links in mails begin with it, never with what a
	// request says. Required with a Mailer.
	PublicURL string

	// MailTemplates replace what mails say, and name the application in them and on the
	// pages that links lead to.
	MailTemplates mail.Templates

	// RequireConfirmedEmail refuses keys to users whose address is not confirmed;
	// their first call creates the user and mails a link. It needs a Mailer.
	RequireConfirmedEmail bool

	// Resolver looks up whether the domain of a new address takes mail, such as
	// net.DefaultResolver; nothing is looked up if nil. A look-up that fails
	// refuses nothing.
	Resolver users.Resolver

	// HideDocs leaves ginauth's calls out of the docs page. It protects
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

// withDefaults fills in what was left out.
func (c Config) withDefaults() Config {
	if c.AutomaticExpiration == 0 {
		c.AutomaticExpiration = DefaultExpiration
	}
	c.MaxKeysPerUser = cmp.Or(c.MaxKeysPerUser, DefaultMaxKeysPerUser)
	c.UsageRollUpAfter = cmp.Or(c.UsageRollUpAfter, DefaultUsageRollUpAfter)
	c.UsageDeleteAfter = cmp.Or(c.UsageDeleteAfter, DefaultUsageDeleteAfter)
	if c.KeyPrefix == "" {
		c.KeyPrefix = security.DefaultPrefix
	}
	if len(c.KeySources) == 0 {
		c.KeySources = DefaultKeySources()
	}
	c.KeySources = slices.Clone(c.KeySources)
	c.RetiredKeyPrefixes = slices.Clone(c.RetiredKeyPrefixes)
	c.CacheSize = cmp.Or(c.CacheSize, DefaultCacheSize)
	c.CacheMaxAge = cmp.Or(c.CacheMaxAge, DefaultCacheMaxAge)
	c.StaleLimit = cmp.Or(c.StaleLimit, DefaultStaleLimit)
	if c.PasswordPolicy == nil {
		c.PasswordPolicy = security.CheckPassword
	}
	c.HashMemory = cmp.Or(c.HashMemory, DefaultHashMemory)
	c.PublicURL = strings.TrimRight(c.PublicURL, "/")
	c.ClientIP = c.clientIP()
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return c
}

// clientIP returns the function that tells a client's address.
func (c Config) clientIP() func(*gin.Context) string {
	if c.ClientIP != nil {
		return c.ClientIP
	}
	proxies, _ := clientip.Parse(c.TrustedProxies) // Validate has read them
	if len(proxies) == 0 {
		return (*gin.Context).RemoteIP
	}
	return func(c *gin.Context) string {
		return proxies.Client(c.RemoteIP(), c.Request.Header["X-Forwarded-For"])
	}
}
