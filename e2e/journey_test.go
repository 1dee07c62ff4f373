package e2e

import (
	"net/http"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/ginauth/ginauth/security"
)

// holder has a key, and knows how often and when it was accepted.
type holder struct {
	key, id    string
	accepted   int
	asked, got time.Time // around the latest of these requests
}

// issueTo issues a key and says whom it is for.
func issueTo(p *process, whom string) *holder {
	p.t.Helper()
	a := p.admin(secret, "new", whom)
	expectStatus(p.t, a, http.StatusCreated)
	return &holder{key: a.member("api_key"), id: a.member("id")}
}

func (h *holder) isAccepted(p *process) {
	p.t.Helper()
	h.isAcceptedWith(p, "", "api-key: "+h.key)
}

func (h *holder) isAcceptedWith(p *process, query string, headers ...string) {
	p.t.Helper()
	h.asked = time.Now().Truncate(time.Millisecond)
	expectStatus(p.t, p.get("/secure"+query, headers...), http.StatusOK)
	h.got = time.Now()
	h.accepted++
}

func (h *holder) isRefused(p *process, code string) {
	p.t.Helper()
	expectCode(p.t, p.get("/secure", "api-key: "+h.key), http.StatusUnauthorized, code)
}

// admin makes an admin call about the key; members go into its body.
func (h *holder) admin(p *process, call string, members ...string) answer {
	p.t.Helper()
	return p.admin(secret, call, "{"+strings.Join(append(members, `"id":"`+h.id+`"`), ",")+"}")
}

// isCounted checks what the logs say of the key's use.
func (h *holder) isCounted(p *process) {
	p.t.Helper()
	r := p.row(h.id)
	if r.TotalQueries != h.accepted || r.LatestQueryDate.Before(h.asked) || r.LatestQueryDate.After(h.got) {
		p.t.Errorf("of %d requests, the last between %v and %v, the logs say %+v", h.accepted, h.asked, h.got, r)
	}
}

// A key's whole life, on each database, and through a restart.
func TestJourney(t *testing.T) {
	onEachBackend(t, func(t *testing.T, environment []string) {
		p := startExample(t, environment...)
		ada := issueTo(p, `{"username":"Ada","email":"Ada@example.com","password":"`+rightPassword+`"}`)
		second := issueTo(p, `{"username":"aDA","email":"ada@EXAMPLE.com","password":"`+rightPassword+`","never_expires":true}`)
		service := issueTo(p, `{"name":"backup"}`)
		holders := []*holder{ada, second, service}
		expectNobodyElseBecomesAda(p)
		expectWrongKeysAreRefused(p, ada.key)
		ada.isAcceptedInEachPlace(p)
		second.expiresAndIsRenewed(p)
		service.isRevokedAndReactivated(p)
		waitUntil(t, "the use shows in the logs", func() bool { return p.usageFrom(ada.id) == ada.accepted })

		again := restart(p, environment, holders)
		for _, h := range holders {
			h.isCounted(again) // at once
			h.isAccepted(again)
		}
		ada.isDeleted(again)
	})
}

func expectNobodyElseBecomesAda(p *process) {
	p.t.Helper()
	for _, name := range []string{"Ada", "ada", "ADA", "ａｄａ"} {
		a := p.admin(secret, "new", `{"username":"`+name+`","email":"eve@example.com","password":"`+rightPassword+`"}`)
		expectCode(p.t, a, http.StatusConflict, "username_taken")
	}
	a := p.admin(secret, "new", `{"username":"eve","email":"ADA@example.com","password":"`+rightPassword+`"}`)
	expectCode(p.t, a, http.StatusConflict, "email_taken")
	a = p.admin(secret, "new", `{"username":"ada","email":"ada@example.com","password":"`+wrongPassword+`"}`)
	expectCode(p.t, a, http.StatusForbidden, "wrong_password")
}

func expectWrongKeysAreRefused(p *process, key string) {
	p.t.Helper()
	last := byte('0')
	if key[len(key)-1] == last {
		last = '1'
	}
	mistyped := key[:len(key)-1] + string(last)
	for _, wrong := range []string{mistyped, key[1:], strings.ToUpper(key), security.NewKey(security.DefaultPrefix), secret} {
		expectCode(p.t, p.get("/secure", "api-key: "+wrong), http.StatusUnauthorized, "key_invalid")
	}
	expectCode(p.t, p.get("/secure"), http.StatusUnauthorized, "key_missing")
}

func (h *holder) isAcceptedInEachPlace(p *process) {
	p.t.Helper()
	for query, headers := range placements(h.key) {
		h.isAcceptedWith(p, query, headers...)
	}
}

// expiresAndIsRenewed uses the key until it expires, which is not before its
// time.
func (h *holder) expiresAndIsRenewed(p *process) {
	p.t.Helper()
	soon := time.Now().Add(2 * time.Second)
	expectStatus(p.t, h.admin(p, "renew", `"expiration_date":"`+soon.Format(time.RFC3339Nano)+`"`), http.StatusOK)
	waitUntil(p.t, "the key expires", func() bool {
		a := p.get("/secure", "api-key: "+h.key)
		if a.status == http.StatusOK {
			h.accepted++
			return false
		}
		expectCode(p.t, a, http.StatusUnauthorized, "key_expired")
		return true
	})
	if early := time.Until(soon); early > time.Millisecond {
		p.t.Errorf("the key expired %v early", early)
	}
	expectStatus(p.t, h.admin(p, "renew"), http.StatusOK)
	h.isAccepted(p)
}

func (h *holder) isRevokedAndReactivated(p *process) {
	p.t.Helper()
	h.isAccepted(p)
	first := h.admin(p, "revoke")
	expectStatus(p.t, first, http.StatusOK)
	h.isRefused(p, "key_revoked")
	again := h.admin(p, "revoke")
	expectStatus(p.t, again, http.StatusOK)
	if date := first.member("revocation_date"); date == "" || again.member("revocation_date") != date {
		p.t.Errorf("revoked at %s, and again at %s", date, again.member("revocation_date"))
	}
	expectCode(p.t, h.admin(p, "renew"), http.StatusConflict, "key_revoked")
	h.isRefused(p, "key_revoked")
	renewed := h.admin(p, "renew", `"reactivate":true`)
	expectStatus(p.t, renewed, http.StatusOK)
	if renewed.member("reactivated") != "true" || renewed.member("revocation_date") != "" {
		p.t.Errorf("the renewal answers %s", renewed.body)
	}
	h.isAccepted(p)
}

func (h *holder) isDeleted(p *process) {
	p.t.Helper()
	expectStatus(p.t, h.admin(p, "delete"), http.StatusNoContent)
	h.isRefused(p, "key_invalid")
	for _, call := range []string{"delete", "revoke", "renew"} {
		expectCode(p.t, h.admin(p, call), http.StatusNotFound, "key_not_found")
	}
	waitUntil(p.t, "the last use shows in the logs", func() bool { return p.usageFrom(h.id) == h.accepted })
	h.isCounted(p)
	if r := p.row(h.id); r.Status != "deleted" {
		p.t.Errorf("of a deleted key the logs say %+v", r)
	}
}

// restart ends the example while the latest requests are not yet written, and
// starts it again: the keys are what they were.
func restart(p *process, environment []string, holders []*holder) *process {
	p.t.Helper()
	before := withoutUse(p.rows("sort=id"))
	for _, h := range holders {
		h.isAccepted(p)
	}
	p.stop(syscall.SIGTERM)
	again := startExample(p.t, environment...)
	if after := withoutUse(again.rows("sort=id")); len(before) != len(holders) || !slices.Equal(before, after) {
		p.t.Errorf("the keys were %+v, and after a restart they are %+v", before, after)
	}
	return again
}

func withoutUse(rows []row) []row {
	for i := range rows {
		rows[i].TotalQueries, rows[i].LatestQueryDate = 0, time.Time{}
	}
	return rows
}
