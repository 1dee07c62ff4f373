package ginauth_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/ginauth/ginauth"
)

// Behind a proxy each client is limited and audited by its own address, whatever
// it writes into the header, and who comes past the proxy chooses nothing.
func TestTrustedProxies(t *testing.T) {
	t.Parallel()
	a := newApp(t, func(c *ginauth.Config) {
		c.Secrets, c.TrustedProxies = []string{weakSecret}, []string{"10.0.0.0/8"}
	})
	guess := func(peer, forwarded, text string) int {
		h := header("secret-key", text, "X-Forwarded-For", forwarded)
		return a.do(request{path: "/auth/logs", header: h, address: peer + ":4711"}).Code
	}
	for _, test := range []struct{ peer, forwarded string }{
		{"10.0.0.1", "198.51.100.%d, 203.0.113.1"}, // the proxy has added who it was
		{"203.0.113.2", "198.51.100.%d"},
		{"10.0.0.1", "198.51.100.%d, nonsense"},
	} {
		for i := range 10 {
			if code := guess(test.peer, fmt.Sprintf(test.forwarded, i), "wrong"); code != http.StatusUnauthorized {
				t.Fatalf("guess %d is answered %d", i, code)
			}
		}
		if code := guess(test.peer, fmt.Sprintf(test.forwarded, 99), "wrong"); code != http.StatusTooManyRequests {
			t.Errorf("after ten guesses %v is answered %d", test, code)
		}
	}
	if code := guess("10.0.0.1", "203.0.113.3", weakSecret); code != http.StatusOK {
		t.Errorf("another client of the proxy is answered %d", code)
	}
	log := a.log.String()
	if !strings.Contains(log, "client_address=203.0.113.1 ") || strings.Contains(log, "client_address=198.51.100.") {
		t.Errorf("the log names other addresses: %s", log)
	}
}
