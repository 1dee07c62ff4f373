// Package origin writes web origins in one form, so that those that browsers take for the
// same are the same here.
package origin

import (
	"net/netip"
	"net/url"
	"strconv"
	"strings"

	"golang.org/x/net/idna"
)

// Canonical returns the origin of a URL (RFC 6454, section 6.2): scheme and host in lower
// case, an international domain as DNS writes it, and no default port. Text that is no URL
// with a host is returned as it is; so is "null".
func Canonical(text string) string {
	parsed, err := url.Parse(text)
	if err != nil || parsed.Host == "" {
		return text
	}
	return parsed.Scheme + "://" + Host(parsed.Scheme, parsed.Host)
}

// Host returns a host, with a port or without one, in the form of Canonical.
func Host(scheme, host string) string {
	parsed := url.URL{Host: host}
	name, port := canonicalName(parsed.Hostname()), parsed.Port()
	if n, err := strconv.Atoi(port); err == nil {
		port = strconv.Itoa(n)
	}
	if port == "" || (scheme == "https" && port == "443") || (scheme == "http" && port == "80") {
		return name
	}
	return name + ":" + port
}

// canonicalName writes an IPv6 address in its short form and in brackets (RFC 5952), and a
// domain as DNS does.
func canonicalName(name string) string {
	if address, err := netip.ParseAddr(name); err == nil && address.Is6() {
		return "[" + address.String() + "]"
	}
	if ascii, err := idna.Lookup.ToASCII(name); err == nil {
		name = ascii
	}
	if strings.Contains(name, ":") {
		return "[" + strings.ToLower(name) + "]"
	}
	return strings.ToLower(name)
}
