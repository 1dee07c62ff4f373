package credential

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode"

	"github.com/gin-gonic/gin"
)

// secretLetters is what all spellings of the header secret-key have in common.
const secretLetters = "secretkey"

// spells reports whether a name consists of the given letters and digits, in
// whatever case and with whatever between them: clients and proxies write
// Secret-Key, SECRET_KEY or secretKey for secret-key.
func spells(name, letters string) bool {
	i := 0
	for _, r := range name {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			continue
		}
		if i == len(letters) || unicode.ToLower(unicode.ToUpper(r)) != rune(letters[i]) {
			return false
		}
		i++
	}
	return i == len(letters) && i > 0
}

// lettersIn returns the letters and digits of a name of ASCII characters, in
// lower case.
func lettersIn(name string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			return -1
		}
		return unicode.ToLower(r)
	}, name)
}

// keyLetters returns the letters of the names under which keys are looked for.
func keyLetters(sources []Source) []string {
	letters := []string{}
	for _, source := range sources {
		if l := lettersIn(source.Name); l != "" && !slices.Contains(letters, l) {
			letters = append(letters, l)
		}
	}
	return letters
}

// TakeSecretFromQuery removes the admin secret from the URL, however its name
// is spelled, and reports whether it was there, which is recorded.
func (r *Reader) TakeSecretFromQuery(c *gin.Context) bool {
	if !takeParameters(c, func(name, _ string) bool { return spells(name, secretLetters) }) {
		return false
	}
	r.secretInURL(c)
	return true
}

// takeSpelledKeys removes keys from the URL whose parameter is misspelled. They
// are not used, and a parameter of that name that holds no key is the
// application's.
func (r *Reader) takeSpelledKeys(c *gin.Context) {
	takeParameters(c, func(name, rawValue string) bool { return r.isKeyName(name) && r.isKeyText(rawValue) })
}

func (r *Reader) isKeyName(name string) bool {
	for _, letters := range r.keyLetters {
		if spells(name, letters) {
			return true
		}
	}
	return false
}

// isKeyText reports whether text, which may be encoded as in a URL, has the form
// of a key.
func (r *Reader) isKeyText(text string) bool {
	return r.prefixes.IsKey(strings.TrimSpace(unescaped(text)))
}

// DropSecretHeaders removes the header of the admin secret, however it is spelled.
func DropSecretHeaders(r *http.Request) {
	for name := range r.Header {
		if spells(name, secretLetters) {
			delete(r.Header, name)
		}
	}
}

// cleanHeaders removes the admin secret and keys from headers whose names are
// misspelled, and the headers in which browsers and proxies repeat a request's
// URL (Referer, X-Original-URI and the like), where they hold the key.
func (r *Reader) cleanHeaders(request *http.Request, key string) {
	if !r.prefixes.HasLength(key) {
		key = ""
	}
	for name, values := range request.Header {
		if spells(name, secretLetters) || r.holdsKey(name, values, key) {
			delete(request.Header, name)
		}
	}
}

func (r *Reader) holdsKey(name string, values []string, key string) bool {
	isMisspelled := r.isKeyName(name)
	for _, value := range values {
		if (key != "" && strings.Contains(value, key)) || (isMisspelled && r.isKeyText(value)) {
			return true
		}
	}
	return false
}

// takeParameters removes parameters from the URL, from the copies that the
// request and gin keep of it, and with them the headers that repeat them. It
// reports whether there were any.
func takeParameters(c *gin.Context, isMeant func(name, rawValue string) bool) bool {
	r := c.Request
	if r.URL.RawQuery == "" {
		return false
	}
	taken, rest := cutParameters(r.URL.RawQuery, isMeant)
	if len(taken) == 0 {
		return false
	}
	r.URL.RawQuery = rest
	r.RequestURI = r.URL.RequestURI()
	for _, pair := range taken {
		rawName, _, _ := strings.Cut(pair, "=")
		if name, err := url.QueryUnescape(rawName); err == nil {
			r.Form.Del(name)
			blankParsedQuery(c, name)
		}
		if strings.Contains(pair, "=") {
			removeHeadersWith(r, pair)
		}
	}
	return true
}

func removeHeadersWith(r *http.Request, text string) {
	for name, values := range r.Header {
		if slices.ContainsFunc(values, func(value string) bool { return strings.Contains(value, text) }) {
			delete(r.Header, name)
		}
	}
}

// cutParameters splits a raw query into the pairs that are meant and the rest,
// which stays as it was written. Some servers separate pairs by a semicolon, so
// what stands between these is looked at, too.
func cutParameters(rawQuery string, isMeant func(name, rawValue string) bool) (taken []string, rest string) {
	var kept strings.Builder
	first := true
	for begin := 0; begin <= len(rawQuery); {
		length := strings.IndexAny(rawQuery[begin:], "&;")
		if length < 0 {
			length = len(rawQuery) - begin
		}
		pair := rawQuery[begin : begin+length]
		rawName, rawValue, _ := strings.Cut(pair, "=")
		if isMeant(unescaped(rawName), rawValue) {
			taken = append(taken, pair)
		} else {
			if !first {
				kept.WriteByte(rawQuery[begin-1])
			}
			kept.WriteString(pair)
			first = false
		}
		begin += length + 1
	}
	return taken, kept.String()
}

// unescaped decodes text that may have been encoded several times, as far as
// that can be done.
func unescaped(text string) string {
	const most = 3
	for range most {
		decoded, err := url.QueryUnescape(text)
		if err != nil || decoded == text {
			break
		}
		text = decoded
	}
	return text
}
