package ginauth_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

// both makes an account call with a key and with Basic, as a browser does that
// repeats what the site's proxy asked for.
func (a *app) both(key, login, password, path, body string) *httptest.ResponseRecorder {
	a.t.Helper()
	r := request{method: http.MethodPost, path: path, body: body, header: header("Content-Type", "application/json", "api-key", key, "Authorization", basic(login, password))}
	if body == "" {
		r.method = http.MethodGet
	}
	return a.do(r)
}

// A good key lets its user in, whatever the Basic beside it is for, and that is
// no guess, however often it is sent.
func TestBasicBesideAKey(t *testing.T) {
	t.Parallel()
	a := newAccounts(t)
	user, other := a.register("ada"), a.register("bob")
	for range 20 {
		if got := a.expectStatus(a.both(user.key, "bob", "the-proxys", "/account", ""), 200); got["id"] != user.id {
			t.Fatalf("it is %v", got)
		}
	}
	if got := a.expectStatus(a.both(user.key, "bob", password, "/account/logs", ""), 200); len(got["logs"].([]any)) != 1 {
		t.Errorf("the keys are %v", got)
	}
	a.expectStatus(a.as("bob", password, "/account", ""), 200) // no guess was counted
	for _, malformed := range []string{"Basic", "Basic !!"} {
		answer := a.do(request{path: "/account", header: header("api-key", user.key, "Authorization", malformed)})
		a.expectStatus(answer, 200)
	}
	a.expectStatus(a.do(request{path: "/account?api-key=" + user.key, header: header("Authorization", basic("bob", "x"))}), 200)
	a.expectStatus(a.both(user.key, "bob", "the-proxys", "/account/revoke", `{"id":"`+user.keyID+`"}`), 200)
	if a.guarded(other.key).Code != 200 {
		t.Error("another's key is refused")
	}
}

// A key that is no good is not made up for by Basic, and nothing is guessed.
func TestBasicBesideABadKey(t *testing.T) {
	t.Parallel()
	a := newAccounts(t)
	user := a.register("ada")
	service, _ := a.issueKey()
	a.expectStatus(a.call("/auth/revoke", `{"id":"`+user.keyID+`"}`), 200)
	for range 12 {
		expectProblem(t, a.both(user.key, "ada", "the-proxys", "/account", ""), 401, "key_revoked", "")
	}
	expectProblem(t, a.both("ga_nonsense", "ada", password, "/account", ""), 401, "key_invalid", "")
	expectProblem(t, a.both(service, "ada", password, "/account", ""), 403, "user_missing", "")
	a.expectStatus(a.both("", "ada", password, "/account", ""), 200)
}

// Where the password is needed, Basic is the proof, and a guess.
func TestKeyBesideBasic(t *testing.T) {
	t.Parallel()
	a := newAccounts(t)
	user, other := a.register("ada"), a.register("bob")
	if got := a.expectStatus(a.both(other.key, "ada", password, "/account/new", `{}`), 201); got["user_id"] != user.id {
		t.Errorf("the key is %v", got)
	}
	a.expectStatus(a.both("ga_nonsense", "ada", password, "/account/new", `{}`), 201)
	for range 10 {
		answer := a.do(request{
			method: http.MethodPost, path: "/account/new", body: `{}`, address: "192.0.2.9:1",
			header: header("Content-Type", "application/json", "api-key", user.key, "Authorization", basic("ada", "wrong")),
		})
		expectProblem(t, answer, 401, "credentials_wrong", "")
	}
	answer := a.do(request{
		method: http.MethodPost, path: "/account/new", body: `{}`, address: "192.0.2.9:1",
		header: header("Content-Type", "application/json", "api-key", user.key, "Authorization", basic("ada", password)),
	})
	expectProblem(t, answer, 429, "too_many_attempts", "")
}
