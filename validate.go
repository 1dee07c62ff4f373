package ginauth

import (
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/ginauth/ginauth/internal/clientip"
	"github.com/ginauth/ginauth/security"
)

// Validate reports everything that is wrong with the configuration. Errors
// hold no secret.
func (c Config) Validate() error {
	_, err := security.NewSecrets(c.Secrets...)
	errs := []error{prefixed("Secrets", err)}
	if c.AutomaticExpiration < 0 {
		errs = append(errs, errors.New("AutomaticExpiration: must not be negative"))
	}
	if c.MaxKeysPerUser < 0 {
		errs = append(errs, errors.New("MaxKeysPerUser: must not be negative"))
	}
	if c.MaxLifetime < 0 {
		errs = append(errs, errors.New("MaxLifetime: must not be negative; 0 sets no limit"))
	}
	errs = append(errs, c.validateRetention())
	errs = append(errs, c.validatePrefixes())
	if c.CacheSize < 0 {
		errs = append(errs, errors.New("CacheSize: must not be negative"))
	}
	if c.CacheMaxAge < 0 {
		errs = append(errs, errors.New("CacheMaxAge: must not be negative"))
	}
	if c.StaleLimit != 0 && c.StaleLimit < MinStaleLimit {
		errs = append(errs, fmt.Errorf("StaleLimit: must be at least %v", MinStaleLimit))
	}
	errs = append(errs, c.validateAccounts(), c.validateClientIP())
	errs = append(errs, checkSources(c.KeySources)...)
	return prefixed("ginauth: invalid configuration", errors.Join(errs...))
}

func (c Config) validatePrefixes() error {
	var errs []error
	if c.KeyPrefix != "" {
		errs = append(errs, prefixed("KeyPrefix", security.CheckPrefix(c.KeyPrefix)))
	}
	for _, prefix := range c.RetiredKeyPrefixes {
		errs = append(errs, prefixed("RetiredKeyPrefixes", security.CheckPrefix(prefix)))
	}
	return errors.Join(errs...)
}

// prefixes are those of keys that are accepted, the present one first.
func (c Config) prefixes() security.Prefixes {
	return append(security.Prefixes{c.KeyPrefix}, c.RetiredKeyPrefixes...)
}

func (c Config) validateRetention() error {
	if c.UsageRollUpAfter < 0 || c.UsageDeleteAfter < 0 {
		return errors.New("UsageRollUpAfter, UsageDeleteAfter: must not be negative")
	}
	c = c.withDefaults()
	if c.UsageDeleteAfter <= c.UsageRollUpAfter {
		return errors.New("UsageDeleteAfter: must be longer than UsageRollUpAfter")
	}
	return nil
}

func (c Config) validateAccounts() error {
	var errs []error
	if c.HashMemory != 0 && c.HashMemory < MinHashMemory {
		errs = append(errs, fmt.Errorf("HashMemory: must be at least %d", MinHashMemory))
	}
	if c.RequireConfirmedEmail && c.Mailer == nil {
		errs = append(errs, errors.New("RequireConfirmedEmail: needs a Mailer"))
	}
	errs = append(errs, prefixed("MailTemplates", c.MailTemplates.Validate()))
	if c.Mailer != nil || c.PublicURL != "" {
		errs = append(errs, prefixed("PublicURL", checkPublicURL(c.PublicURL)))
	}
	return errors.Join(errs...)
}

// checkPublicURL accepts what a path can be put after.
func checkPublicURL(text string) error {
	parsed, err := url.Parse(text)
	if err != nil || (parsed.Scheme != "https" && parsed.Scheme != "http") || parsed.Host == "" ||
		parsed.User != nil || strings.ContainsAny(text, "?#") {
		return errors.New("must be like https://example.org, and may have a path")
	}
	return nil
}

func prefixed(prefix string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", prefix, err)
}

// validateClientIP refuses two answers to one question, and proxies that cannot
// be read.
func (c Config) validateClientIP() error {
	if len(c.TrustedProxies) > 0 && c.ClientIP != nil {
		return errors.New("TrustedProxies: cannot be set together with ClientIP; set one of them")
	}
	_, err := clientip.Parse(c.TrustedProxies)
	return prefixed("TrustedProxies", err)
}
