package origin_test

import (
	"net/url"
	"testing"

	"github.com/ginauth/ginauth/internal/origin"
)

func TestCanonical(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"https://example.org":            "https://example.org",
		"HTTPS://Example.ORG:443/base":   "https://example.org",
		"http://example.org:80":          "http://example.org",
		"http://example.org:443":         "http://example.org:443",
		"https://example.org:8443":       "https://example.org:8443",
		"https://bücher.example":         "https://xn--bcher-kva.example",
		"https://BÜCHER.example:443":     "https://xn--bcher-kva.example",
		"https://xn--bcher-kva.example":  "https://xn--bcher-kva.example",
		"https://[2001:DB8::1]:443":      "https://[2001:db8::1]",
		"http://localhost:8080":          "http://localhost:8080",
		"https://[0:0:0:0:0:0:0:1]:0443": "https://[::1]",
		"null":                           "null",
		"":                               "",
		"https://exa mple.org":           "https://exa mple.org",
	} {
		if got := origin.Canonical(text); got != want {
			t.Errorf("%q is %q, not %q", text, got, want)
		}
	}
}

// The canonical form of a canonical form is itself.
func FuzzCanonical(f *testing.F) {
	f.Add("https://BÜCHER.example:443")
	f.Add("http://[::1%25eth0]:80")
	f.Add("https://a.:")
	f.Fuzz(func(t *testing.T, text string) {
		once := origin.Canonical(text)
		if parsed, err := url.Parse(once); err == nil && parsed.Host != "" && origin.Canonical(once) != once {
			t.Errorf("%q is %q and then %q", text, once, origin.Canonical(once))
		}
	})
}
