package ginauth_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/ginauth/ginauth"
	"github.com/ginauth/ginauth/models"
)

// resetPause is after how long another mail may be asked for.
const resetPause = 10 * time.Minute

// Links are good for a day and an hour, and never for a user who is disabled.
func TestLinksEnd(t *testing.T) {
	t.Parallel()
	a, p := newMailing(t)
	a.register("ada")
	confirmation := func() string {
		a.expectStatus(a.as("ada", password, "/account/confirm/send", `{}`), http.StatusAccepted)
		return p.token(t, "ada@example.com", "confirm")
	}
	token := confirmation()
	a.clock.advance(24 * time.Hour)
	if code := a.confirm(token); code != http.StatusForbidden {
		t.Errorf("after a day a confirmation is answered %d", code)
	}
	token = confirmation()
	a.clock.advance(24*time.Hour - time.Millisecond)
	a.call("/auth/users/disable", `{"username":"ada"}`)
	if code := a.confirm(token); code != http.StatusForbidden {
		t.Errorf("a disabled user's confirmation is answered %d", code)
	}
	a.call("/auth/users/enable", `{"username":"ada"}`)
	if code := a.confirm(token); code != http.StatusNoContent {
		t.Errorf("within a day a confirmation is answered %d", code)
	}
	token = p.fresh(a, "ada@example.com")
	a.call("/auth/users/disable", `{"username":"ada"}`)
	if code := a.reset(token, "Difference-2_Engine"); code != http.StatusForbidden {
		t.Errorf("a disabled user's reset is answered %d", code)
	}
}

// A client that tries tokens waits after a while, and nobody else does; a text that is no wrong
// token does not count.
func TestGuessingTokens(t *testing.T) {
	t.Parallel()
	a, p := newMailing(t)
	user := a.register("ada")
	token := p.fresh(a, "ada@example.com")
	for range 100 {
		if code := a.reset(token, "short"); code != http.StatusUnprocessableEntity {
			t.Fatalf("a bad password is answered %d", code)
		}
	}
	guess := `{"token":"` + user.id + "." + strings.Repeat("A", 43) + `","password":"Difference-2_Engine"}`
	for i := range 60 {
		if code := a.public([]string{"/account/reset", "/account/confirm"}[i%2], strings.Replace(guess, `,"password":"Difference-2_Engine"`, "", i%2)); code != http.StatusForbidden {
			t.Fatalf("guess %d is answered %d", i, code)
		}
	}
	for _, body := range []string{guess, `{"token":"` + token + `","password":"Difference-2_Engine"}`} {
		expectProblem(t, a.with("", "/account/reset", body), http.StatusTooManyRequests, "too_many_attempts", "")
	}
	a.clock.advance(time.Second)
	if code := a.reset(token, "Difference-2_Engine"); code != http.StatusNoContent {
		t.Errorf("after a while the right token is answered %d", code)
	}
}

// While an address is not confirmed, no key lasts longer.
func TestRenewalNeedsAConfirmedAddress(t *testing.T) {
	t.Parallel()
	a, p := newMailing(t, func(c *ginauth.Config) { c.RequireConfirmedEmail = true })
	expectProblem(t, a.call("/auth/new", `{`+ada+`}`), http.StatusForbidden, "email_unconfirmed", "")
	a.confirm(p.token(t, "Ada@Example.com", "confirm"))
	issued := a.issue(`{` + ada + `}`)
	renewal := `{"id":"` + issued.text("id") + `"}`
	a.expectStatus(a.as("ada", password, "/account/renew", renewal), http.StatusOK)
	a.setUser(issued.text("user_id"), func(u *models.User) { u.ConfirmationDate = time.Time{} })
	expectProblem(t, a.as("ada", password, "/account/renew", renewal), http.StatusForbidden, "email_unconfirmed", "")
	p.token(t, "Ada@Example.com", "confirm")
}

// A forced reset leaves the keys alone unless told otherwise.
func TestForcedResetKeepsKeys(t *testing.T) {
	t.Parallel()
	a, p := newMailing(t)
	user := a.register("ada")
	a.expectStatus(a.call("/auth/users/reset", `{"username":"ada"}`), http.StatusOK)
	p.token(t, "ada@example.com", "reset")
	if answer := a.guarded(user.key); answer.Code != http.StatusOK {
		t.Errorf("the key is answered %d", answer.Code)
	}
}

// As many forgotten passwords wait as is bounded; beyond, one is told so.
func TestResetRequestsAreBounded(t *testing.T) {
	t.Parallel()
	a, _ := newMailing(t)
	release := make(chan struct{})
	a.repo.meddle(func(call string) error {
		if call == "UserByEmail" {
			<-release
		}
		return nil
	})
	defer close(release)
	accepted := 0
	for i := range 1100 {
		r := request{
			method: http.MethodPost, path: "/account/forgot", body: `{"email":"nobody@example.com"}`,
			header: header("Content-Type", "application/json"), address: fmt.Sprintf("10.0.%d.%d:1", i/250, i%250),
		}
		if answer := a.do(r); answer.Code != http.StatusAccepted {
			expectProblem(t, answer, http.StatusServiceUnavailable, "mail_busy", "")
			break
		}
		accepted++
	}
	if accepted < 1000 || accepted > 1001 {
		t.Errorf("%d requests are accepted", accepted)
	}
}
