package auto

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/kelseyhightower/envconfig"

	"github.com/ginauth/ginauth"
	"github.com/ginauth/ginauth/repository"
	"github.com/ginauth/ginauth/security"
)

// prefix begins the name of every variable. Those with a tag may be written
// without it too; written both ways, the prefixed one wins.
const prefix = "GINAUTH"

func readEnvironment() (environment, error) {
	var env environment
	if err := loadDotEnv(); err != nil {
		return env, err
	}
	if err := envconfig.Process(prefix, &env); err != nil {
		return env, explain(err)
	}
	if err := env.readFiles(); err != nil {
		return env, err
	}
	if err := env.chooseMode(); err != nil {
		return env, err
	}
	if env.UsageDeleteAfter <= env.UsageRollupAfter {
		return env, errors.New(prefix + "_USAGE_DELETE_AFTER must be more than " + prefix + "_USAGE_ROLLUP_AFTER")
	}
	return env, nil
}

// explain names the variable as it was set and leaves its value out.
func explain(err error) error {
	var parseError *envconfig.ParseError
	if !errors.As(err, &parseError) {
		return err
	}
	return fmt.Errorf("%s: %w", setName(strings.TrimPrefix(parseError.KeyName, prefix+"_")), parseError.Err)
}

// setName returns the name under which a variable is set.
func setName(name string) string {
	if _, ok := os.LookupEnv(prefix + "_" + name); ok {
		return prefix + "_" + name
	}
	return name
}

func (e environment) config() ginauth.Config {
	return ginauth.Config{
		Secrets:             e.Secret,
		AutomaticExpiration: e.AutomaticExpiration.duration(),
		MaxKeysPerUser:      int(e.MaxKeysPerUser),
		MaxLifetime:         e.MaxLifetime.duration(),
		UsageRollUpAfter:    e.UsageRollupAfter.duration(),
		UsageDeleteAfter:    e.UsageDeleteAfter.duration(),
		OmitRoutes:          !e.UsageRoutes.value,
		HideDocs:            e.HideDocs.value,
		CacheSize:           int(e.CacheSize),
		CacheMaxAge:         time.Duration(e.CacheMaxAge),
		StaleLimit:          time.Duration(e.StaleLimit),
		TrustedProxies:      e.TrustedProxies,
		KeyPrefix:           string(e.KeyPrefix),
		RetiredKeyPrefixes:  e.RetiredKeyPrefixes,
	}
}

// The types below read one variable each. An empty value is always an error:
// what was meant by it can only be guessed.

type text string

// Decode implements envconfig.Decoder.
func (t *text) Decode(value string) error {
	if value == "" {
		return errEmpty()
	}
	*t = text(value)
	return nil
}

type boolean struct{ value bool }

// Decode implements envconfig.Decoder.
func (b *boolean) Decode(value string) (err error) {
	if b.value, err = strconv.ParseBool(value); err != nil {
		return errors.New("must be true or false")
	}
	return nil
}

// maxDays keeps the date of expiry representable.
const maxDays = 36_500

type days int

func (d days) duration() time.Duration { return time.Duration(d) * 24 * time.Hour }

// Decode implements envconfig.Decoder.
func (d *days) Decode(value string) error {
	n, err := strconv.Atoi(value)
	if err != nil || n < 1 || n > maxDays {
		return fmt.Errorf("must be a number of days from 1 to %d", maxDays)
	}
	*d = days(n)
	return nil
}

// maxSize bounds the memory of the cache to about 30 GB.
const maxSize = 100_000_000

type size int

// Decode implements envconfig.Decoder.
func (s *size) Decode(value string) error {
	n, err := strconv.Atoi(value)
	if err != nil || n < 1 || n > maxSize {
		return fmt.Errorf("must be a number of keys from 1 to %d", maxSize)
	}
	*s = size(n)
	return nil
}

// count is a number of connections, 0 if it is not set.
type count int

// Decode implements envconfig.Decoder.
func (c *count) Decode(value string) error {
	n, err := strconv.Atoi(value)
	if err != nil || n < repository.LeastConnections || n > repository.MostConnections {
		return fmt.Errorf("must be a number of connections from %d to %d", repository.LeastConnections, repository.MostConnections)
	}
	*c = count(n)
	return nil
}

// The bounds of durations that a variable sets.
const (
	minDuration = ginauth.MinStaleLimit
	maxDuration = 24 * time.Hour
)

type duration time.Duration

// Decode implements envconfig.Decoder.
func (d *duration) Decode(value string) error {
	parsed, err := time.ParseDuration(value)
	if err != nil || parsed < minDuration || parsed > maxDuration {
		return fmt.Errorf("must be a duration from %v to %v, such as 30s or 5m", minDuration, maxDuration)
	}
	*d = duration(parsed)
	return nil
}

// secrets are separated by commas.
type secrets []string

// Decode implements envconfig.Decoder.
func (s *secrets) Decode(value string) error {
	if value == "" {
		return errEmpty()
	}
	for _, secret := range strings.Split(value, ",") {
		*s = append(*s, strings.TrimSpace(secret))
	}
	_, err := security.NewSecrets(*s...)
	return err
}

type keyPrefix string

// Decode implements envconfig.Decoder.
func (p *keyPrefix) Decode(value string) error {
	*p = keyPrefix(value)
	return security.CheckPrefix(value)
}

// keyPrefixes are separated by commas.
type keyPrefixes []string

// Decode implements envconfig.Decoder.
func (p *keyPrefixes) Decode(value string) error {
	for prefix := range strings.SplitSeq(value, ",") {
		prefix = strings.TrimSpace(prefix)
		if err := security.CheckPrefix(prefix); err != nil {
			return err
		}
		*p = append(*p, prefix)
	}
	return nil
}

func errEmpty() error { return errors.New("is set but empty") }
