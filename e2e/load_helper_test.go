package e2e

import (
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"time"
)

// deeds counts what somebody got done, and how often an outage kept them from
// it.
type deeds struct{ done, outages atomic.Int64 }

// guest asks with one key, and is answered in one way or 503.
type guest struct {
	deeds
	key, id string
	want    int
	code    string // of a refusal
}

func (g *guest) ask(p *process) {
	a, err := trySend(p, http.MethodGet, "/secure", "", "api-key: "+g.key)
	switch {
	case err == nil && a.status == g.want && a.member("code") == g.code:
		g.done.Add(1)
	case err == nil && isOutage(a):
		g.outages.Add(1)
		time.Sleep(pollInterval)
	default:
		p.t.Errorf("a guest is answered %d, not %d %s: %s, %v", a.status, g.want, g.code, a.body, err)
	}
}

// accepted is how many requests must be counted.
func (g *guest) accepted() int {
	if g.want != http.StatusOK {
		return 0
	}
	return int(g.done.Load())
}

// isOutage says whether it was said that the store is away, and when to try
// again.
func isOutage(a answer) bool {
	code := a.member("code")
	return a.status == http.StatusServiceUnavailable && a.header.Get("Retry-After") == "1" &&
		(code == "store_unavailable" || code == "outcome_unknown")
}

// administrator issues keys and changes some, each call until it is
// acknowledged.
type administrator struct {
	deeds
	name string
	keys []*managed
}

// managed is a key as its administrator knows it.
type managed struct {
	name, key, id string
	unknown       int    // calls to issue it that ended with an unknown outcome
	status        string // by the acknowledged changes
	expiration    string
}

// administer issues a key, and renews, revokes or deletes it, or lets it be.
func (a *administrator) administer(p *process) {
	m := &managed{name: fmt.Sprintf("%s-%d", a.name, len(a.keys)), status: "active"}
	issued, unknown := a.insist(p, "new", `{"name":"`+m.name+`"}`)
	if issued.status != http.StatusCreated {
		p.t.Errorf("issuing ends with %d: %s", issued.status, issued.body)
		return
	}
	m.key, m.id, m.unknown, m.expiration = issued.member("api_key"), issued.member("id"), unknown, issued.member("expiration_date")
	a.keys = append(a.keys, m)
	switch len(a.keys) % 4 {
	case 0:
		a.renew(p, m)
	case 1:
		a.revoke(p, m)
	case 2:
		a.remove(p, m)
	}
	m.expectStatus(p)
}

func (a *administrator) renew(p *process, m *managed) {
	const date = "2099-12-31T00:00:00.000Z"
	renewed, _ := a.insist(p, "renew", `{"id":"`+m.id+`","expiration_date":"`+date+`"}`)
	if m.expiration = renewed.member("expiration_date"); renewed.status != http.StatusOK || m.expiration != date {
		p.t.Errorf("renewing ends with %d: %s", renewed.status, renewed.body)
	}
}

func (a *administrator) revoke(p *process, m *managed) {
	revoked, _ := a.insist(p, "revoke", `{"id":"`+m.id+`"}`)
	if m.status = revoked.member("status"); revoked.status != http.StatusOK || m.status != "revoked" {
		p.t.Errorf("revoking ends with %d: %s", revoked.status, revoked.body)
	}
}

// remove may find that a call whose outcome was unknown has deleted the key.
func (a *administrator) remove(p *process, m *managed) {
	removed, unknown := a.insist(p, "delete", `{"id":"`+m.id+`"}`)
	if removed.status != http.StatusNoContent && (unknown == 0 || removed.status != http.StatusNotFound) {
		p.t.Errorf("deleting ends with %d: %s", removed.status, removed.body)
	}
	m.status, m.expiration = "deleted", ""
}

// insist repeats an admin call while it is answered 503, and says how often
// its outcome was unknown.
func (a *administrator) insist(p *process, call, body string) (last answer, unknown int) {
	for deadline := time.Now().Add(2 * patience); time.Now().Before(deadline); time.Sleep(pollInterval) {
		var err error
		if last, err = trySend(p, http.MethodPost, "/auth/"+call, body, "secret-key: "+secret); err != nil {
			p.t.Errorf("/auth/%s: %v", call, err)
			return last, unknown
		}
		if !isOutage(last) {
			a.done.Add(1)
			return last, unknown
		}
		a.outages.Add(1)
		unknown += strings.Count(last.member("code"), "outcome_unknown")
	}
	return last, unknown
}

// expectStatus uses the key while the server may be away.
func (m *managed) expectStatus(p *process) {
	code := map[string]string{"active": "", "revoked": "key_revoked", "deleted": "key_invalid"}[m.status]
	a, err := trySend(p, http.MethodGet, "/secure", "", "api-key: "+m.key)
	if err != nil || !isOutage(a) && a.member("code") != code {
		p.t.Errorf("a key that is %s is answered %d: %s, %v", m.status, a.status, a.body, err)
	}
}

// expectNothingLost checks that each key is as it was acknowledged, and that
// there is no other of its name but from calls whose outcome was unknown.
func (a *administrator) expectNothingLost(p *process) {
	p.t.Helper()
	for _, m := range a.keys {
		m.expectStatus(p)
		if r := p.row(m.id); r.Status != m.status || r.ExpirationDate != m.expiration {
			p.t.Errorf("of %+v the logs say %+v", *m, r)
		}
		if m.status == "deleted" {
			continue // the logs do not know its name
		}
		if n := len(p.rows("name=" + m.name)); n < 1 || n > 1+m.unknown {
			p.t.Errorf("of %+v there are %d", *m, n)
		}
	}
}
