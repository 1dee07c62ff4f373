package e2e

import (
	"net/http"
	"strings"
	"testing"
)

// placements are the ways to send a key: a query and headers.
func placements(key string) map[string][]string {
	return map[string][]string{
		"":                  {"api-key: " + key},
		"?":                 {"Authorization: Bearer " + key},
		"?api-key=" + key:   {},
		"?%61pi-key=" + key: {"api-key: " + key, "Authorization: Bearer " + key},
	}
}

// gin.Recovery prints the request of a handler that panics: behind the guard
// there is no key left in it, in whatever way the handler panics.
func TestPanicsBehindTheGuardPrintNoKey(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{"debug", "release"} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			p := start(t, panicAppPath, t.TempDir(), "GIN_MODE="+mode, "GINAUTH_SECRET="+secret)
			key, _ := p.issue("panicking")
			panicInAllWays(p, key)
			expectDumps(t, p.output.String(), mode)
			expectNone(t, "the output", p.output.String(), map[string]string{"key": key})
		})
	}
}

func panicInAllWays(p *process, key string) {
	p.t.Helper()
	for query, headers := range placements(key) {
		// Beside it, something that must be in a dump if there is one.
		headers = append(headers, "X-Other: still-there")
		seen := p.get("/fine"+query, headers...)
		expectStatus(p.t, seen, http.StatusOK)
		if !strings.Contains(seen.body, "X-Other: still-there") || strings.Contains(seen.body, key) {
			p.t.Errorf("the handler sees %s", seen.body)
		}
		expectStatus(p.t, p.get("/string"+query, headers...), http.StatusInternalServerError)
		for _, path := range []string{"/pipe", "/abort"} {
			a := p.get(path+query, headers...)
			if a.body != "" {
				p.t.Errorf("%s answers %s", path, a.body)
			}
		}
	}
}

// expectDumps checks that gin did print requests, so that the search for the
// key is worth something: each aborted one, and in debug mode the others too.
func expectDumps(t *testing.T, output, mode string) {
	t.Helper()
	want := map[string]int{"debug": 12, "release": 8}[mode]
	if n := strings.Count(output, "X-Other: still-there"); n != want {
		t.Errorf("%d requests are printed, not %d:\n%s", n, want, output)
	}
	for _, word := range []string{"boom", "broken pipe", http.ErrAbortHandler.Error()} {
		if !strings.Contains(output, word) {
			t.Errorf("the output lacks %q", word)
		}
	}
}
