package credential

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/ginauth/ginauth/problem"
	"github.com/ginauth/ginauth/security"
)

// maxParameters is how many query parameters are looked through, as many as
// net/url would read.
const maxParameters = 10_000

func checkQuerySize(r *http.Request) error {
	if strings.Count(r.URL.RawQuery, "&") < maxParameters {
		return nil
	}
	r.URL.RawQuery = "" // nothing is to be found in it by others either
	r.RequestURI = r.URL.RequestURI()
	return problem.Malformed("query_too_large", "The query has too many parameters.")
}

// takeFrom returns the values at one source, a single empty one left out, and
// removes them.
func takeFrom(c *gin.Context, source Source, prefixes security.Prefixes) []string {
	var values []string
	switch source.In {
	case InHeader:
		values = takeHeader(c.Request, source.Name)
	case InQuery:
		values = takeQuery(c, source.Name)
	case InBearer:
		values = takeBearer(c.Request, prefixes)
	}
	if len(values) == 1 && values[0] == "" {
		return nil
	}
	return values
}

// takeHeader takes a header by its canonical name.
func takeHeader(r *http.Request, name string) []string {
	values, sent := r.Header[name]
	if sent {
		delete(r.Header, name)
	}
	return values
}

// takeBearer takes the Authorization headers if one of them is meant as a key; what else
// is there, such as a JWT or a site's Basic, belongs to the application.
func takeBearer(r *http.Request, prefixes security.Prefixes) []string {
	values := r.Header["Authorization"]
	for i, value := range values {
		text, ok := bearerKey(value, prefixes)
		if !ok {
			continue
		}
		taken := append([]string{text}, values[:i]...)
		taken = append(taken, values[i+1:]...)
		delete(r.Header, "Authorization")
		return taken
	}
	return nil
}

// bearerKey returns the token of a value that is meant as a key, since it begins like one.
// In quotes, under another scheme than Bearer or under none, the text is more than a key.
func bearerKey(value string, prefixes security.Prefixes) (text string, ok bool) {
	scheme, token, hasScheme := strings.Cut(value, " ")
	token = strings.TrimLeft(token, " ")
	switch {
	case !hasScheme:
		token = value
	case strings.EqualFold(scheme, "Bearer") && prefixes.Begin(token):
		return token, true
	}
	return " " + value, prefixes.Begin(strings.TrimLeft(token, `"' `))
}

// takeQuery takes a query parameter out of the URL, and out of the copies that
// the request and gin keep of it.
func takeQuery(c *gin.Context, name string) []string {
	r := c.Request
	if r.URL.RawQuery == "" {
		return nil
	}
	values, rest := cutParameter(r.URL.RawQuery, name)
	if len(values) == 0 {
		return nil
	}
	r.URL.RawQuery = rest
	r.RequestURI = r.URL.RequestURI()
	r.Form.Del(name)
	blankParsedQuery(c, name)
	return values
}

// cutParameter splits a raw query into the values of one parameter and the
// rest, which stays as it was written.
func cutParameter(rawQuery, name string) (values []string, rest string) {
	var kept strings.Builder
	separator := ""
	for pair := range strings.SplitSeq(rawQuery, "&") {
		rawName, rawValue, _ := strings.Cut(pair, "=")
		if unescaped, err := url.QueryUnescape(rawName); err != nil || unescaped != name {
			kept.WriteString(separator)
			kept.WriteString(pair)
			separator = "&"
			continue
		}
		value, err := url.QueryUnescape(rawValue)
		if err != nil {
			value = rawValue // no key has this form, so it is refused as one
		}
		values = append(values, value)
	}
	return values, kept.String()
}

// blankParsedQuery overwrites the values that gin keeps if a middleware ahead
// of the guard had the query parsed. It must run after the URL was cleaned:
// where gin has not parsed it yet, it does so now.
func blankParsedQuery(c *gin.Context, name string) {
	for i, values := 0, c.QueryArray(name); i < len(values); i++ {
		values[i] = ""
	}
}
