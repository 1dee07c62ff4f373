package ginauth_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ginauth/ginauth"
	"github.com/ginauth/ginauth/mail"
)

// postman keeps the mails that he is given, unless he is told to fail.
type postman struct {
	mu    sync.Mutex
	fault error
	lost  string // the address to which it fails alone, if any
	mails chan mail.Message
}

func (p *postman) Send(_ context.Context, m mail.Message) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.fault != nil && (p.lost == "" || p.lost == m.To) {
		return p.fault
	}
	p.mails <- m
	return nil
}

func (p *postman) failFor(address string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.fault, p.lost = errDown, address
}

func (p *postman) failWith(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.fault = err
}

// newMailing is newAccounts with a mailer.
func newMailing(t *testing.T, adjust ...func(*ginauth.Config)) (*app, *postman) {
	p := &postman{mails: make(chan mail.Message, 100)}
	with := func(c *ginauth.Config) { c.Mailer, c.PublicURL = p, "https://app.example.org/base/" }
	return newAccounts(t, append([]func(*ginauth.Config){with}, adjust...)...), p
}

// notice waits for the next mail, which has no link.
func (p *postman) notice(t *testing.T, to, subject string) mail.Message {
	t.Helper()
	select {
	case m := <-p.mails:
		if m.To != to || m.Subject != subject || strings.Contains(m.Text, "#") {
			t.Fatalf("the mail is %+v", m)
		}
		return m
	case <-time.After(10 * time.Second):
		t.Fatal("no mail comes")
		return mail.Message{}
	}
}

// token waits for the next mail with a link and returns what that carries.
func (p *postman) token(t *testing.T, to, page string) string {
	t.Helper()
	select {
	case m := <-p.mails:
		if !strings.Contains(m.Text, "#") {
			return p.token(t, to, page)
		}
		link := regexp.MustCompile(`https://app\.example\.org/base/account/` + page + `#(\S+)`).FindStringSubmatch(m.Text)
		if m.To != to || link == nil {
			t.Fatalf("the mail is %+v", m)
		}
		return link[1]
	case <-time.After(10 * time.Second):
		t.Fatal("no mail comes")
		return ""
	}
}

// public makes a call that needs no proof.
func (a *app) public(path, body string) int {
	a.t.Helper()
	return a.do(request{
		method: http.MethodPost, path: path, body: body, header: header("Content-Type", "application/json", "Host", "evil.example"),
	}).Code
}

func (a *app) confirm(token string) int { return a.public("/account/confirm", `{"token":"`+token+`"}`) }

func (a *app) reset(token, password string) int {
	return a.public("/account/reset", fmt.Sprintf(`{"token":%q,"password":%q}`, token, password))
}

// The first confirmation ends what somebody else may have begun, and a token
// works once.
func TestConfirmation(t *testing.T) {
	t.Parallel()
	a, p := newMailing(t)
	user := a.register("ada")
	a.expectStatus(a.as("ada", password, "/account/confirm/send", `{}`), 202)
	p.token(t, "ada@example.com", "confirm")
	a.expectStatus(a.as("ada", password, "/account/confirm/send", `{}`), 202)
	token := p.token(t, "ada@example.com", "confirm")
	bob := a.register("bob")
	for name, wrong := range map[string]string{"another user's": strings.Replace(token, user.id, bob.id, 1), "nothing": "x", "truncated": token[:len(token)-1], "longer": token + "A"} {
		if code := a.confirm(wrong); code != 403 {
			t.Errorf("%s is answered %d", name, code)
		}
	}
	if code := a.reset(token, "Difference-2_Engine"); code != 403 {
		t.Errorf("a reset with it is answered %d", code)
	}
	page := a.do(request{path: "/account/confirm"})
	if page.Code != 200 || strings.Contains(page.Body.String(), "{{") || !strings.Contains(page.Header().Get("Content-Security-Policy"), "default-src 'none'") {
		t.Errorf("the page is answered %d with %v", page.Code, page.Header())
	}
	if code := a.confirm(token); code != 204 {
		t.Fatalf("confirming is answered %d", code)
	}
	if code := a.confirm(token); code != 403 {
		t.Errorf("confirming again is answered %d", code)
	}
	expectProblem(t, a.guarded(user.key), 401, "key_revoked", "")
	expectProblem(t, a.as("ada", password, "/account/confirm/send", `{}`), 409, "email_confirmed", "")
	if !a.user(user.id).IsConfirmed() || strings.Contains(a.log.String(), token) {
		t.Error("the user is not confirmed, or the token is in the log")
	}
}

// A forgotten password is replaced with the token of the mail, within an hour,
// once, and whoever asks for whom learns nothing.
func TestPasswordReset(t *testing.T) {
	t.Parallel()
	a, p := newMailing(t)
	user := a.register("ada")
	a.register("bob")
	a.call("/auth/users/disable", `{"username":"bob"}`)
	for _, email := range []string{"nobody@example.com", "bob@example.com", "ADA@example.com"} {
		if code := a.public("/account/forgot", `{"email":"`+email+`"}`); code != 202 {
			t.Errorf("%s is answered %d", email, code)
		}
	}
	token := p.token(t, "ada@example.com", "reset")
	if code := a.reset(token, "weak"); code != 422 {
		t.Errorf("a weak password is answered %d", code)
	}
	if code := a.confirm(token); code != 403 {
		t.Errorf("a confirmation with it is answered %d", code)
	}
	if code := a.reset(token, "Difference-2_Engine"); code != 204 {
		t.Fatalf("the reset is answered %d", code)
	}
	if code := a.reset(token, "Difference-2_Engine"); code != 403 {
		t.Errorf("another reset is answered %d", code)
	}
	expectProblem(t, a.as("ada", password, "/account", ""), 401, "credentials_wrong", "")
	a.expectStatus(a.as("ada", "Difference-2_Engine", "/account", ""), 200)
	expectProblem(t, a.guarded(user.key), 401, "key_revoked", "") // the address had not been confirmed
	a.public("/account/forgot", `{"email":"ada@example.com"}`)
	late := p.token(t, "ada@example.com", "reset") // behind the notice
	a.clock.advance(time.Hour)
	if code := a.reset(late, "Difference-2_Engine"); code != 403 {
		t.Errorf("after an hour it is answered %d", code)
	}
	if len(p.mails) > 0 {
		t.Errorf("%d more mails are sent", len(p.mails))
	}
}

// Two who use one token at once cannot both.
func TestTokenIsUsedOnce(t *testing.T) {
	t.Parallel()
	a, p := newMailing(t)
	a.register("ada")
	a.as("ada", password, "/account/confirm/send", `{}`)
	token := p.token(t, "ada@example.com", "confirm")
	codes := make([]int, 8)
	var group sync.WaitGroup
	for i := range codes {
		group.Go(func() { codes[i] = a.confirm(token) })
	}
	group.Wait()
	used := 0
	for _, code := range codes {
		if code == 204 {
			used++
		}
	}
	if used != 1 {
		t.Errorf("the answers are %v", codes)
	}
}

func TestKeysOfConfirmedUsers(t *testing.T) {
	t.Parallel()
	a, p := newMailing(t)
	a.register("ada")
	a.as("ada", password, "/account/confirm/send", `{}`)
	a.confirm(p.token(t, "ada@example.com", "confirm"))
	for _, revoke := range []bool{false, true} {
		key := a.expectStatus(a.as("ada", password, "/account/new", `{}`), 201).text("api_key")
		a.public("/account/forgot", `{"email":"ada@example.com"}`)
		token := p.token(t, "ada@example.com", "reset")
		if code := a.public("/account/reset", fmt.Sprintf(`{"token":%q,"password":%q,"revoke_keys":%t}`, token, password, revoke)); code != 204 {
			t.Fatalf("the reset is answered %d", code)
		}
		if answer := a.guarded(key); (answer.Code == 401) != revoke {
			t.Errorf("the key is answered %d", answer.Code)
		}
	}
}

// No key before the address is confirmed, whoever asks.
func TestConfirmedAddressesOnly(t *testing.T) {
	t.Parallel()
	a, p := newMailing(t, func(c *ginauth.Config) { c.RequireConfirmedEmail = true })
	body := `{` + ada + `}`
	for range 2 {
		expectProblem(t, a.call("/auth/new", body), 403, "email_unconfirmed", "")
	}
	p.token(t, "Ada@Example.com", "confirm")
	p.token(t, "Ada@Example.com", "confirm")
	expectProblem(t, a.as("ada", password, "/account/new", `{}`), 403, "email_unconfirmed", "")
	token := p.token(t, "Ada@Example.com", "confirm")
	if code := a.confirm(token); code != 204 {
		t.Fatalf("confirming is answered %d", code)
	}
	if answer := a.guarded(a.issue(body).text("api_key")); answer.Code != 200 {
		t.Errorf("the key is answered %d", answer.Code)
	}
	a.issue(`{"name":"service"}`)
}

// Whom a mail cannot reach keeps the account; administrators see it until one
// arrives.
func TestMailFailure(t *testing.T) {
	t.Parallel()
	a, p := newMailing(t)
	user := a.register("ada")
	p.failWith(errors.New("the server is down"))
	a.expectStatus(a.as("ada", password, "/account/confirm/send", `{}`), 202)
	eventually(t, "the failure is seen", func() bool { return !a.user(user.id).MailFailureDate.IsZero() })
	if body := a.get("/auth/users").Body.String(); !strings.Contains(body, `"mail_failure_date":"2030`) {
		t.Errorf("the users are %s", body)
	}
	p.failWith(nil)
	if code := a.confirm(p.token(t, "ada@example.com", "confirm")); code != 204 {
		t.Errorf("confirming is answered %d", code)
	}
	eventually(t, "the failure is over", func() bool { return a.user(user.id).MailFailureDate.IsZero() })
}

// A forced reset makes the password worthless at once.
func TestForcedReset(t *testing.T) {
	t.Parallel()
	a, p := newMailing(t)
	user := a.register("ada")
	a.expectStatus(a.call("/auth/users/reset", `{"username":"ada","revoke_keys":true}`), 200)
	expectProblem(t, a.as("ada", password, "/account", ""), 401, "credentials_wrong", "")
	expectProblem(t, a.guarded(user.key), 401, "key_revoked", "")
	if code := a.reset(p.token(t, "ada@example.com", "reset"), "Difference-2_Engine"); code != 204 {
		t.Errorf("the reset is answered %d", code)
	}
	a.expectStatus(a.as("ada", "Difference-2_Engine", "/account", ""), 200)
}

func TestWithoutMailer(t *testing.T) {
	t.Parallel()
	a := newAccounts(t)
	a.register("ada")
	for _, path := range []string{"/account/confirm", "/account/confirm/send", "/account/forgot", "/account/reset"} {
		if code := a.public(path, `{}`); code != http.StatusNotFound {
			t.Errorf("%s is answered %d", path, code)
		}
	}
	if answer := a.call("/auth/users/reset", `{"username":"ada"}`); answer.Code != http.StatusNotFound {
		t.Errorf("a forced reset is answered %d", answer.Code)
	}
}

// Each link lives its time, also if another one is mailed; a new password ends
// all.
func TestLinksLiveSideBySide(t *testing.T) {
	t.Parallel()
	a, p := newMailing(t)
	a.register("ada")
	a.expectStatus(a.as("ada", password, "/account/confirm/send", `{}`), 202)
	confirm := p.token(t, "ada@example.com", "confirm")
	resets := []string{}
	for range 3 {
		a.forget("ada@example.com")
		resets = append(resets, p.token(t, "ada@example.com", "reset"))
	}
	if code := a.reset(resets[0], "Difference-2_Engine"); code != 204 {
		t.Errorf("the first of several links is answered %d", code)
	}
	for _, token := range resets {
		if code := a.reset(token, "Nautical-3_Almanac"); code != 403 {
			t.Errorf("a link after another was used is answered %d", code)
		}
	}
	if code := a.confirm(confirm); code != 403 {
		t.Errorf("a confirmation after a new password is answered %d", code)
	}
}

// Asking for a new password is no change of a user: neither their version nor
// the change log tells that there is one.
func TestResetRequestChangesNothing(t *testing.T) {
	t.Parallel()
	a, p := newMailing(t)
	user := a.register("ada")
	before, err := a.repo.LatestChange(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	version := a.user(user.id).Version
	a.forget("ada@example.com")
	p.token(t, "ada@example.com", "reset")
	if after, err := a.repo.LatestChange(t.Context()); err != nil || after != before {
		t.Errorf("the change log is at %v (%v), and was at %v", after, err, before)
	}
	if now := a.user(user.id).Version; now != version {
		t.Errorf("the user's version is %d, and was %d", now, version)
	}
}
