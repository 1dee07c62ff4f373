package e2e

import (
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/ginauth/ginauth/internal/test/testdatabase"
)

// A process that is cut off from the database serves the keys that it knows for
// the stale limit and no longer, then says 503 and never that a key is bad.
// Revocations by others during a partition are in effect as soon as it ends.
func TestPartition(t *testing.T) {
	t.Parallel()
	onEachServer(t, func(t *testing.T, kind string) {
		if kind == "mongodb" {
			testdatabase.NeedsStandalone(t)
		}
		uri := testdatabase.New(t, kind)
		wire := newRelay(t, uri.Host)
		cutOff := startExample(t, append(environmentFrom(kind, wire.uri(uri)), "GINAUTH_STALE_LIMIT=3s")...)
		other := startExample(t, environmentFrom(kind, uri.String())...)
		good, doomed := issueTo(other, `{"name":"good"}`), issueTo(other, `{"name":"doomed"}`)
		good.isAccepted(cutOff)
		doomed.isAccepted(cutOff)

		wire.cut()
		cutAt := time.Now()
		expectStatus(t, doomed.admin(other, "revoke"), http.StatusOK)
		lastServed := cutAt
		waitUntil(t, "the key that is revoked is no longer served", func() bool {
			asked := time.Now()
			a := doomed.ask(cutOff)
			if a.status == http.StatusOK {
				lastServed = asked
			}
			return a.status == http.StatusServiceUnavailable
		})
		if served := lastServed.Sub(cutAt); served > 3*time.Second {
			t.Errorf("the key is served for %v after the cut", served)
		}
		if a := good.ask(cutOff); a.status != http.StatusServiceUnavailable {
			t.Errorf("a good key is answered %d", a.status)
		}

		wire.heal()
		waitUntil(t, "the good key is accepted again", func() bool { return good.ask(cutOff).status == http.StatusOK })
		doomed.isRefused(cutOff, "key_revoked")
	})
}

// ask uses the key, whatever the answer.
func (h *holder) ask(p *process) answer {
	p.t.Helper()
	return p.get("/secure", "api-key: "+h.key)
}

// uri returns a database's URI by way of the relay.
func (r *relay) uri(database *url.URL) string {
	by := *database
	by.Host = r.listener.Addr().String()
	if by.Scheme == "mongodb" {
		by.RawQuery = "directConnection=true"
	}
	return by.String()
}
