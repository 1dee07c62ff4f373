package credential

import (
	"net/url"
	"slices"
	"testing"
)

// Whatever a query looks like, what net/url would read under the name is taken
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
