package credential

import (
	"github.com/gin-gonic/gin"

	"github.com/ginauth/ginauth/problem"
	"github.com/ginauth/ginauth/security"
)

// SecretHeader is the header, in its canonical form, that carries the admin
// secret; it is read from nowhere else.
const SecretHeader = "Secret-Key"

// Reader takes credentials out of requests. It is safe for concurrent use.
type Reader struct {
	sources []Source
	// keyLetters are those of the sources' names, see spells.
	keyLetters []string
	prefixes   security.Prefixes
	// missing is the problem of a request without a key.
	missing *problem.Error
	// secretInURL is told of an admin secret in a URL.
	secretInURL func(*gin.Context)
}

// NewReader returns a reader of keys with the prefixes at the sources.
func NewReader(sources []Source, prefixes security.Prefixes, secretInURL func(*gin.Context)) *Reader {
	missing := problem.Unauthenticated("key_missing", "The request carries no API key; send it in "+Places(sources)+".")
	return &Reader{canonical(sources), keyLetters(sources), prefixes, missing, secretInURL}
}

// TakeKey reads the key that a request carries and removes it from the request,
// headers that repeat it included, and the admin secret, should that have been
// sent. Every source is read, and what lies there removed, also when the request
// is refused: for want of a key, or because a source is repeated or two sources
// disagree, so that it is unclear whose request it is.
func (r *Reader) TakeKey(c *gin.Context) (string, error) {
	r.TakeSecretFromQuery(c)
	text, err := r.takeKey(c)
	r.takeSpelledKeys(c)
	r.cleanHeaders(c.Request, text)
	return text, err
}

func (r *Reader) takeKey(c *gin.Context) (string, error) {
	if err := checkQuerySize(c.Request); err != nil {
		return "", err
	}
	var key string
	ambiguous := false
	for _, source := range r.sources {
		values := takeFrom(c, source, r.prefixes)
		if len(values) == 0 {
			continue
		}
		ambiguous = ambiguous || len(values) > 1 || (key != "" && values[0] != key)
		key = values[0]
	}
	switch {
	case ambiguous:
		return "", problem.Unauthenticated("key_ambiguous", "The request carries more than one API key; send one.")
	case key == "":
		return "", r.missing
	}
	return key, nil
}

// TakeSecret reads the admin secret from its header and removes it from the
// request, and with it a key that a client sends with everything.
func (r *Reader) TakeSecret(c *gin.Context) (string, error) {
	if err := checkQuerySize(c.Request); err != nil {
		return "", err
	}
	values := takeHeader(c.Request, SecretHeader)
	r.DropKeyHeaders(c)
	switch {
	case r.TakeSecretFromQuery(c):
		return "", problem.Unauthenticated("secret_in_query", "The admin secret belongs in the header secret-key, never in a URL: change it, since URLs are logged.")
	case len(values) == 0 || values[0] == "":
		return "", problem.Unauthenticated("secret_missing", "The header secret-key is missing or empty.")
	case len(values) > 1:
		return "", problem.Unauthenticated("secret_repeated", "The header secret-key was sent more than once.")
	}
	return values[0], nil
}

// DropKeyHeaders removes a key that a client sends with everything. In a query it
// is left: there it was meant for something that these calls do not do, and is
// refused.
func (r *Reader) DropKeyHeaders(c *gin.Context) {
	var taken []string
	for _, source := range r.sources {
		if source.In != InQuery {
			taken = append(taken, takeFrom(c, source, r.prefixes)...)
		}
	}
	r.cleanHeaders(c.Request, "")
	for _, key := range taken {
		r.cleanHeaders(c.Request, key)
	}
}

// DropKeys removes the keys that a request carries at any source, and headers that
// repeat them.
func (r *Reader) DropKeys(c *gin.Context) {
	var taken []string
	for _, source := range r.sources {
		taken = append(taken, takeFrom(c, source, r.prefixes)...)
	}
	r.takeSpelledKeys(c)
	r.cleanHeaders(c.Request, "")
	for _, key := range taken {
		r.cleanHeaders(c.Request, key)
	}
}
