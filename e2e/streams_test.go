package e2e

import (
	"bufio"
	"io"
	"net/http"
	"path/filepath"
	"testing"
	"time"
)

// A stream of events ends within a second of a revocation through another
// process.
func TestStreamsEndWithTheirKeys(t *testing.T) {
	t.Parallel()
	file := "GINAUTH_DB_LOCATION=" + filepath.Join(t.TempDir(), "shared.db")
	one := start(t, panicAppPath, t.TempDir(), "GIN_MODE=release", "GINAUTH_SECRET="+secret, file)
	other := start(t, panicAppPath, t.TempDir(), "GIN_MODE=release", "GINAUTH_SECRET="+secret, file)
	key, id := one.issue("streaming")
	answer := openEvents(t, other, key)
	defer answer.Body.Close()
	body := bufio.NewReader(answer.Body)
	if line, err := body.ReadString('\n'); err != nil || answer.StatusCode != http.StatusOK {
		t.Fatalf("the stream begins with %d %q: %v", answer.StatusCode, line, err)
	}
	expectStatus(t, one.admin(secret, "revoke", `{"id":"`+id+`"}`), http.StatusOK)
	begin := time.Now()
	if _, err := io.Copy(io.Discard, body); err != nil {
		t.Errorf("the stream is cut off: %v", err)
	}
	if took := time.Since(begin); took > busy(time.Second) {
		t.Errorf("the stream goes on for %v", took)
	}
	expectStatus(t, other.get("/fine", "api-key: "+key), http.StatusUnauthorized)
}

// busy allows for a machine that does much else.
func busy(d time.Duration) time.Duration { return 3 * d }

func openEvents(t *testing.T, p *process, key string) *http.Response {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, p.url("/events"), nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("api-key", key)
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	return answer
}
