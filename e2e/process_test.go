package e2e

import (
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
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
		if total := again.usageOf(id); total != requests {
			t.Errorf("after %v, %d of %d requests are counted", signal, total, requests)
		}
	}
}

// Two processes on one file: nothing that either of them answered is lost or
// counted twice.
func TestTwoProcessesCountTogether(t *testing.T) {
	t.Parallel()
	first := startExample(t, "GINAUTH_SECRET="+secret)
	second := start(t, examplePath, first.dir, "GINAUTH_SECRET="+secret)
	key, id := first.issue("shared")
	const clients, requests = 4, 250
	var group sync.WaitGroup
	for client := range 2 * clients {
		p := []*process{first, second}[client%2]
		group.Go(func() { ask(p, key, requests) })
	}
	group.Wait()
	const want = 2 * clients * requests
	waitUntil(t, "both see all requests", func() bool { return first.usageOf(id) == want && second.usageOf(id) == want })
	first.stop(syscall.SIGTERM)
	if total := second.usageOf(id); total != want {
		t.Errorf("after the last write of one process the total is %d, not %d", total, want)
	}
	second.stop(syscall.SIGTERM)
	third := start(t, examplePath, first.dir, "GINAUTH_SECRET="+secret)
	if total := third.usageOf(id); total != want {
		t.Errorf("after both have stopped the total is %d, not %d", total, want)
	}
}

// ask makes a number of guarded requests, one after the other.
func ask(p *process, key string, requests int) {
	for range requests {
		a, err := trySend(p, http.MethodGet, "/secure", "", "api-key: "+key)
		if err != nil || a.status != http.StatusOK {
			p.t.Errorf("under load /secure answers %d, %s, %v", a.status, a.body, err)
			return
		}
	}
}

// A key that one process has revoked, another refuses from the next request
// on, and likewise with renewal and deletion.
func TestChangesHoldForOtherProcessesAtOnce(t *testing.T) {
	t.Parallel()
	first := startExample(t, "GINAUTH_SECRET="+secret)
	second := start(t, examplePath, first.dir, "GINAUTH_SECRET="+secret)
	key, id := first.issue("shared")
	for range 10 {
		expectStatus(t, second.get("/secure", "api-key: "+key), http.StatusOK)
		expectStatus(t, first.admin(secret, "revoke", `{"id":"`+id+`"}`), http.StatusOK)
		expectCode(t, second.get("/secure", "api-key: "+key), http.StatusUnauthorized, "key_revoked")
		expectStatus(t, first.admin(secret, "renew", `{"id":"`+id+`","reactivate":true}`), http.StatusOK)
	}
	expectStatus(t, second.get("/secure", "api-key: "+key), http.StatusOK)
	expectStatus(t, first.admin(secret, "delete", `{"id":"`+id+`"}`), http.StatusNoContent)
	expectCode(t, second.get("/secure", "api-key: "+key), http.StatusUnauthorized, "key_invalid")
}

// Processes that start at the same moment on a file that does not exist yet
// make one database between them.
func TestProcessesStartTogether(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var processes []*process
	for range 4 {
		port := freePort(t)
		p := launch(t, examplePath, dir, "GINAUTH_SECRET="+secret, "PORT="+port)
		p.port = port
		processes = append(processes, p)
	}
	for _, p := range processes {
		p.waitUntilServing()
	}
	key, _ := processes[0].issue("shared")
	for _, p := range processes {
		expectStatus(t, p.get("/secure", "api-key: "+key), http.StatusOK)
	}
}
