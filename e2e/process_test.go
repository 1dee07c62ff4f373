package e2e

import (
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
)

// Without any configuration, one secret is generated and printed, and it is
// the one that opens the admin calls.
func TestGeneratedSecret(t *testing.T) {
	t.Parallel()
	p := startExample(t)
	printed := regexp.MustCompile(`secret=(\S+)`).FindAllStringSubmatch(p.output.String(), -1)
	if len(printed) != 1 {
		t.Fatalf("%d secrets are printed:\n%s", len(printed), p.output)
	}
	generated := printed[0][1]
	expectStatus(t, p.admin(generated, "new", `{"name":"service"}`), http.StatusCreated)
	expectCode(t, p.admin(generated+"x", "new", `{"name":"service"}`), http.StatusUnauthorized, "secret_wrong")
	p.stop(syscall.SIGTERM)
	if n := strings.Count(p.output.String(), generated); n != 1 {
		t.Errorf("the secret is printed %d times", n)
	}
	if _, err := os.Stat(filepath.Join(p.dir, "sqlite.db")); err != nil {
		t.Error(err)
	}
}

func TestEachStartGeneratesAnotherSecret(t *testing.T) {
	t.Parallel()
	secretOf := func(p *process) string { return regexp.MustCompile(`secret=\S+`).FindString(p.output.String()) }
	first, second := startExample(t), startExample(t)
	if secretOf(first) == "" || secretOf(first) == secretOf(second) {
		t.Errorf("the secrets are %q and %q", secretOf(first), secretOf(second))
	}
}

// The README promises 8080, which may be taken where the tests run: then the
// program must say so and stop.
func TestPortIs8080UnlessTold(t *testing.T) {
	t.Parallel()
	p := launch(t, examplePath, t.TempDir(), "GINAUTH_SECRET="+secret)
	waitUntil(t, "the program speaks of port 8080", func() bool { return strings.Contains(p.output.String(), ":8080") })
}

func TestNonsensePort(t *testing.T) {
	t.Parallel()
	for _, port := range []string{"", "abc", "0", "70000", "-1", "80a", "localhost:80"} {
		p := launch(t, examplePath, t.TempDir(), "GINAUTH_SECRET="+secret, "PORT="+port)
		expectRefusal(t, p, "PORT")
	}
}

// A port that is taken is an outage of the start, not something to hide.
func TestTakenPort(t *testing.T) {
	t.Parallel()
	first := startExample(t)
	second := launch(t, examplePath, t.TempDir(), "PORT="+first.port)
	expectRefusal(t, second, "address already in use")
}

// Requests that were answered before the signal are counted after it, though
// the next regular write of the counts was still to come.
func TestStopWritesTheCounts(t *testing.T) {
	t.Parallel()
	for _, signal := range []os.Signal{syscall.SIGINT, syscall.SIGTERM} {
		dir := t.TempDir()
		p := start(t, examplePath, dir, "GINAUTH_SECRET="+secret)
		key, id := p.issue("counted")
		const requests = 123
		for range requests {
			expectStatus(t, p.get("/secure", "api-key: "+key), http.StatusOK)
		}
		p.stop(signal)
		again := start(t, examplePath, dir, "GINAUTH_SECRET="+secret)
		if total := again.usageFrom(id); total != requests {
			t.Errorf("after %v, %d of %d requests are counted", signal, total, requests)
		}
	}
}
