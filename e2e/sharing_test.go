package e2e

import (
	"net/http"
	"sync"
	"syscall"
	"testing"
	"time"
)

// Two processes on one database: nothing that either of them answered is lost
// or counted twice.
func TestTwoProcessesCountTogether(t *testing.T) {
	onEachBackend(t, func(t *testing.T, environment []string) {
		first, second := startExample(t, environment...), startExample(t, environment...)
		key, id := first.issue("shared")
		const clients, requests = 4, 100
		var group sync.WaitGroup
		for client := range 2 * clients {
			p := []*process{first, second}[client%2]
			group.Go(func() { ask(p, key, requests) })
		}
		group.Wait()
		const want = 2 * clients * requests
		waitUntil(t, "both see all requests", func() bool { return first.usageFrom(id) == want && second.usageFrom(id) == want })
		expectStatus(t, first.get("/secure", "api-key: "+key), http.StatusOK)
		first.stop(syscall.SIGTERM)
		if total := second.usageFrom(id); total != want+1 {
			t.Errorf("after the last write of one process the total is %d, not %d", total, want+1)
		}
		expectStatus(t, second.get("/secure", "api-key: "+key), http.StatusOK)
		second.stop(syscall.SIGTERM)
		third := startExample(t, environment...)
		if total := third.usageFrom(id); total != want+2 {
			t.Errorf("after both have stopped the total is %d, not %d", total, want+2)
		}
	})
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

// A key that one process has revoked, it refuses from the next request on, and
// another as soon as it has heard of it; likewise with renewal and deletion.
func TestChangesHoldForOtherProcesses(t *testing.T) {
	onEachBackend(t, func(t *testing.T, environment []string) {
		first, second := startExample(t, environment...), startExample(t, environment...)
		h := issueTo(first, `{"name":"shared"}`)
		for range 5 {
			h.isAccepted(second)
			expectStatus(t, h.admin(first, "revoke"), http.StatusOK)
			h.isRefused(first, "key_revoked")
			h.waitUntilAnswered(second, "key_revoked")
			expectStatus(t, h.admin(second, "renew", `"reactivate":true`), http.StatusOK)
			h.isAccepted(second)
			h.waitUntilAnswered(first, "")
		}
		expectStatus(t, h.admin(first, "delete"), http.StatusNoContent)
		h.isRefused(first, "key_invalid")
		h.waitUntilAnswered(second, "key_invalid")
	})
}

// A user who is disabled on one process is refused there at once, and on
// another within a second, with all their keys; likewise enabled, and deleted.
func TestDisabledUsersAreRefusedEverywhere(t *testing.T) {
	onEachBackend(t, func(t *testing.T, environment []string) {
		first, second := start(t, staticPath, t.TempDir(), environment...), start(t, staticPath, t.TempDir(), environment...)
		const ada = `{"username":"ada","email":"ada@example.com","password":"` + adasPassword + `"}`
		keys := []*holder{issueTo(first, ada), issueTo(second, ada)}
		for _, h := range keys {
			h.isAccepted(first)
			h.isAccepted(second)
		}
		for range 3 {
			changeUser(first, second, keys, "disable", http.StatusOK, "user_disabled")
			expectCode(t, second.account(adasPassword), http.StatusForbidden, "user_disabled")
			changeUser(second, first, keys, "enable", http.StatusOK, "")
		}
		changeUser(first, second, keys, "delete", http.StatusNoContent, "key_revoked")
		expectCode(t, second.account(adasPassword), http.StatusUnauthorized, "credentials_wrong")
	})
}

// changeUser changes ada on one process and waits until another says the same of
// each key; code is that of the refusal, empty if they are good.
func changeUser(here, there *process, keys []*holder, call string, status int, code string) {
	here.t.Helper()
	expectStatus(here.t, here.admin(secret, "users/"+call, `{"username":"ada"}`), status)
	changed := time.Now()
	for _, h := range keys {
		if a := here.get("/secure", "api-key: "+h.key); a.member("code") != code {
			here.t.Errorf("after %s the same process answers %s", call, a.body)
		}
	}
	for _, h := range keys {
		h.expectWithinASecond(there, changed, code)
	}
}

// expectWithinASecond checks that what was asked for later than a second after
// a change is answered accordingly.
func (h *holder) expectWithinASecond(p *process, changed time.Time, code string) {
	p.t.Helper()
	waitUntil(p.t, "the other process has heard of it", func() bool {
		asked := time.Since(changed)
		if p.get("/secure", "api-key: "+h.key).member("code") == code {
			return true
		}
		if asked > time.Second {
			p.t.Errorf("%v after the change the key is not answered %q", asked, code)
		}
		return false
	})
}

// Processes that start at the same moment on an empty database make one schema
// between them.
func TestProcessesStartTogether(t *testing.T) {
	onEachBackend(t, func(t *testing.T, environment []string) {
		var processes []*process
		for range 3 {
			port := freePort(t)
			p := launch(t, examplePath, t.TempDir(), append([]string{"PORT=" + port}, environment...)...)
			p.port = port
			processes = append(processes, p)
		}
		for _, p := range processes {
			p.waitUntilServing()
		}
		for _, issuer := range processes {
			key, _ := issuer.issue("shared")
			for _, p := range processes {
				expectStatus(t, p.get("/secure", "api-key: "+key), http.StatusOK)
			}
		}
	})
}

// waitUntilAnswered waits until a process has heard of the latest change; code
// is that of the refusal, empty if the key is good.
func (h *holder) waitUntilAnswered(p *process, code string) {
	p.t.Helper()
	waitUntil(p.t, "the other process has heard of it", func() bool {
		return p.get("/secure", "api-key: "+h.key).member("code") == code
	})
}
