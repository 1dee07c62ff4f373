// Package credential finds credentials in requests and removes them from there,
// so that no handler, log or proxied server behind sees them.
package credential

import (
	"fmt"
	"net/http"
	"net/textproto"
	"slices"
	"strings"

	"golang.org/x/net/http/httpguts"
)

// The places in a request where a key may be.
const (
	InHeader = "header"
	InQuery  = "query"
	InBearer = "bearer"
)

// Source is a place in a request where a key may be.
type Source struct {
	// In is InHeader, InQuery or InBearer.
	In string
	// Name is the header or the parameter, in the characters of a header's name
	// (RFC 9110, section 5.6.2); empty for InBearer, which is the
	// Authorization header with the scheme Bearer (RFC 6750).
	Name string
}

// Validate refuses what is no place for a key.
func (s Source) Validate() error {
	switch {
	case spells(s.Name, secretLetters): // the admin secret must not be taken for a key
		return fmt.Errorf("%q %q is a spelling of secret-key, which carries the admin secret", s.In, s.Name)
	case s.In == InBearer && s.Name == "", s.In == InQuery && httpguts.ValidHeaderFieldName(s.Name):
		return nil
	case s.In == InHeader && httpguts.ValidHeaderFieldName(s.Name) && !isReserved(s.Name):
		return nil
	default:
		return fmt.Errorf("%q %q is not a place for a key", s.In, s.Name)
	}
}

// Equals disregards case where HTTP does.
func (s Source) Equals(other Source) bool {
	if s.In == InHeader {
		return other.In == InHeader && strings.EqualFold(s.Name, other.Name)
	}
	return s == other
}

// isReserved says which headers are not for keys: Authorization has a source
// of its own.
func isReserved(header string) bool {
	return textproto.CanonicalMIMEHeaderKey(header) == "Authorization"
}

// canonical returns the sources with headers named as net/http keeps them, so
// that they are found without making the name again for each request.
func canonical(sources []Source) []Source {
	sources = slices.Clone(sources)
	for i := range sources {
		if sources[i].In == InHeader {
			sources[i].Name = http.CanonicalHeaderKey(sources[i].Name)
		}
	}
	return sources
}

// Places says in words where a key belongs: "the header api-key, ... or Authorization:
// Bearer".
func Places(sources []Source) string {
	var text strings.Builder
	for i, source := range sources {
		switch {
		case i == 0:
		case i == len(sources)-1:
			text.WriteString(" or ")
		default:
			text.WriteString(", ")
		}
		switch source.In {
		case InHeader:
			text.WriteString("the header " + source.Name)
		case InQuery:
			text.WriteString("the query parameter " + source.Name)
		default:
			text.WriteString("Authorization: Bearer")
		}
	}
	return text.String()
}
