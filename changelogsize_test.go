package ginauth_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/ginauth/ginauth/repository"
	"github.com/ginauth/ginauth/security"
)

// logEnd is where the change log ends.
func (a *app) logEnd() repository.Cursor {
	a.t.Helper()
	latest, err := a.repo.LatestChange(a.t.Context())
	if err != nil {
		a.t.Fatal(err)
	}
	return latest
}

// The change log does not grow by anything that a client without credentials does. Nor
// does it by what a user repeats.
func TestNobodyMakesTheChangeLogGrow(t *testing.T) {
	t.Parallel()
	a, p := newMailing(t)
	user := a.register("ada")
	revoked := a.expectStatus(a.as("ada", password, "/account/new", `{}`), 201)
	a.expectStatus(a.as("ada", password, "/account/revoke", `{"id":"`+revoked.text("id")+`"}`), 200)
	wrongToken := user.id + "." + strings.Repeat("A", 43)
	for _, c := range []struct {
		name string
		call func()
	}{
		{"a forgotten password", func() { a.forget("ada@example.com"); p.token(t, "ada@example.com", "reset") }},
		{"one of nobody", func() { a.forget("nobody@example.com") }},
		{"an unknown key", func() { a.guarded(security.NewKey("ga")) }},
		{"what is no key", func() { a.guarded("x") }},
		{"a revoked key", func() { a.guarded(revoked.text("api_key")) }},
		{"a key at the account", func() { a.with(security.NewKey("ga"), "/account/new", `{}`) }},
		{"a wrong password", func() { a.as("ada", "wrong", "/account/password", `{"password":"Difference-2_Engine"}`) }},
		{"a wrong confirmation", func() { a.confirm(wrongToken) }},
		{"a wrong reset", func() { a.reset(wrongToken, "Difference-2_Engine") }},
		{"no admin secret", func() { a.do(request{method: http.MethodPost, path: "/auth/new", body: `{"name":"x"}`}) }},
		{"a repeated revocation", func() { a.with(user.key, "/account/revoke", `{"id":"`+revoked.text("id")+`"}`) }},
		{"a mail that is awaited", func() { a.as("ada", password, "/account/confirm/send", `{}`); p.token(t, "ada@example.com", "confirm") }},
		{"a mail that fails", func() {
			p.failWith(errors.New("the server is down"))
			a.forget("ada@example.com")
			eventually(t, "the failure is seen", func() bool { return !a.user(user.id).MailFailureDate.IsZero() })
		}},
	} {
		before, version := a.logEnd(), a.user(user.id).Version
		c.call()
		if after := a.logEnd(); after != before {
			t.Errorf("after %s the log ends at %d, and has ended at %d", c.name, after.Number, before.Number)
		}
		if now := a.user(user.id).Version; now != version {
			t.Errorf("after %s the user is of version %d, and was of %d", c.name, now, version)
		}
	}
}
