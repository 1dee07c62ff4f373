package ginauth

import (
	"fmt"
	"slices"

	"github.com/ginauth/ginauth/internal/credential"
)

// The places in a request where a key may be.
const (
	InHeader = credential.InHeader
	InQuery  = credential.InQuery
	InBearer = credential.InBearer
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

// DefaultKeySources returns the headers "api-key" and "X-API-Key", the query parameter
// "api-key", and the Bearer scheme.
func DefaultKeySources() []KeySource {
	return []KeySource{{InHeader, "api-key"}, {InHeader, "X-API-Key"}, {InQuery, "api-key"}, {InBearer, ""}}
}

// credentialSources is what the reader of credentials calls them.
func credentialSources(sources []KeySource) []credential.Source {
	all := make([]credential.Source, len(sources))
	for i, source := range sources {
		all[i] = credential.Source(source)
	}
	return all
}

// checkSources says what is wrong with places for keys.
func checkSources(sources []KeySource) (errs []error) {
	all := credentialSources(sources)
	for i, source := range all {
		errs = append(errs, prefixed("KeySources", source.Validate()))
		if slices.ContainsFunc(all[:i], source.Equals) {
			errs = append(errs, fmt.Errorf("KeySources: %s %q is there twice", source.In, source.Name))
		}
	}
	return errs
}
