package ginauth

import (
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
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

// What is accepted as a date can be written again, and means an instant in
// the future.
func FuzzParseExpiration(f *testing.F) {
	for _, text := range []string{"2031-01-02", "2031-01-02T03:04:05Z", "2031-01-02T03:04:05.678+09:00", "9999-12-31T23:59:59-12:00", "0000-00-00", ""} {
		f.Add(text)
	}
	now := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, text string) {
		date, invalid := parseExpiration(text, now)
		if len(invalid) > 0 {
			return
		}
		if !date.After(now) {
			t.Errorf("%q is accepted as %v", text, date)
		}
		if _, err := date.MarshalJSON(); err != nil {
			t.Errorf("%q cannot be written: %v", text, err)
		}
		if !strings.HasPrefix(date.Format(time.RFC3339), text) && len(text) == len(time.DateOnly) {
			t.Errorf("the plain date %q becomes %v", text, date)
		}
	})
}
