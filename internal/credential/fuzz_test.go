package credential

import (
	"net/url"
	"slices"
	"strings"
	"testing"
)

// Of any query, the values that net/url would read under the name are taken
// and nothing else is touched.
func FuzzCutParameter(f *testing.F) {
	for _, query := range []string{"", "api-key=a", "a=1&api-key=b&c", "api%2Dkey=x+y&api-key", "&&=&api-key=%zz", "api-key=a;b=c", "API-KEY=a"} {
		f.Add(query)
	}
	f.Fuzz(func(t *testing.T, query string) {
		values, rest := cutParameter(query, "api-key")
		before, _ := url.ParseQuery(query) // an error means that some pairs were passed over
		after, _ := url.ParseQuery(rest)
		for _, value := range before["api-key"] {
			if !slices.Contains(values, value) {
				t.Errorf("%q: net/url finds %q, we do not", query, value)
			}
		}
		if after.Has("api-key") {
			t.Errorf("%q: the parameter is still in %q", query, rest)
		}
		before.Del("api-key")
		if before.Encode() != after.Encode() {
			t.Errorf("%q: the rest has changed: %q", query, rest)
		}
		if again, same := cutParameter(rest, "api-key"); len(again) != 0 || same != rest {
			t.Errorf("%q: cutting again finds %q", query, again)
		}
	})
}

// Of any query, each pair is either taken or left as it is, and
// none of those that are left is meant.
func FuzzCutParameters(f *testing.F) {
	for _, query := range []string{"", "Secret-Key=a", "a=1&SECRET_KEY=b&c", "secret%2Dkey=x;y&secretKey", "&&=&secret%252Dkey=%zz", ";secret-key;", "a;b=c&d"} {
		f.Add(query)
	}
	isMeant := func(name, _ string) bool { return spells(name, secretLetters) }
	f.Fuzz(func(t *testing.T, query string) {
		taken, rest := cutParameters(query, isMeant)
		pairs := func(query string) []string {
			return strings.FieldsFunc(query, func(r rune) bool { return r == '&' || r == ';' })
		}
		all := slices.Sorted(slices.Values(pairs(query)))
		parts := slices.Sorted(slices.Values(append(pairs(rest), taken...)))
		if !slices.Equal(all, parts) {
			t.Errorf("%q becomes %q and %q", query, taken, rest)
		}
		if again, same := cutParameters(rest, isMeant); len(again) != 0 || same != rest {
			t.Errorf("%q: cutting again finds %q", query, again)
		}
		for name := range parsed(rest) {
			if spells(name, secretLetters) {
				t.Errorf("%q: net/url still finds %q", query, name)
			}
		}
	})
}

// parsed reads a query as far as net/url does.
func parsed(query string) url.Values {
	values, _ := url.ParseQuery(query) // an error means that some pairs were passed over
	return values
}
