// Package uris is what the backends share in reading connection strings: the words of
// other libraries for what is to be written here, and the names of hosts.
package uris

import (
	"errors"
	"fmt"
	"maps"
	"net"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// Scheme returns the scheme of a URI in lower case, without the driver that libraries of
// Python and others name in it: "postgresql" of postgresql+asyncpg://.
func Scheme(uri string) string {
	match := regexp.MustCompile(`^([a-z0-9]+)(\+[a-z0-9_]+)?://`).FindStringSubmatch(strings.ToLower(uri))
	if match == nil {
		return ""
	}
	return match[1]
}

// Equivalents are parameters of other libraries, in lower case and with _ for -, and
// what to write in their place.
type Equivalents map[string]string

// Common are those that no backend knows.
func Common() Equivalents {
	const pool = "leave it out; GINAUTH_MAX_CONNECTIONS and repository.MaxConnections bound the connections"
	return Equivalents{
		"connection_limit": pool, "connectionlimit": pool, "pool_size": pool, "poolsize": pool, "max_overflow": pool,
		"pool_timeout": pool, "pool_max_conns": pool, "pool_min_conns": pool, "maximumpoolsize": pool,
		"pgbouncer":  "leave it out",
		"useunicode": "leave it out; text is always UTF-8", "characterencoding": "leave it out; text is always UTF-8",
		"servertimezone": "leave it out; times are kept in UTC", "usetimezone": "leave it out; times are kept in UTC",
	}
}

// Refuse returns the error that names a parameter, and what to write in its place if that
// is known. A name that may be a part of a password is not repeated: it returns nil.
func (e Equivalents) Refuse(name string) error {
	if !regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_-]{0,39}$`).MatchString(name) {
		return nil
	}
	key := strings.ReplaceAll(strings.ToLower(name), "-", "_")
	advice, ok := e[key]
	if !ok {
		advice, ok = Common()[key]
	}
	if !ok {
		return nil
	}
	return fmt.Errorf("the URI sets %s, which is unknown here: %s", name, advice)
}

// FindBad returns the first parameter whose value is not accepted, "" if there is none: the
// parsers' own errors may quote a password.
func FindBad(query url.Values, accepts func(name, value string) bool) string {
	for _, name := range slices.Sorted(maps.Keys(query)) {
		for _, value := range query[name] {
			if !accepts(name, value) {
				return name
			}
		}
	}
	return ""
}

// ExplainDNS says of a host whose name cannot be resolved that it is that.
func ExplainDNS(err error) error {
	var failure *net.DNSError
	if !errors.As(err, &failure) || strings.ContainsAny(failure.Name, "@:/") { // a part of a password, if the URI was misread
		return err
	}
	return fmt.Errorf("DNS does not resolve the host name %q: correct it, or the resolver of this machine: %w", failure.Name, err)
}
