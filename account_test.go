package ginauth_test

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/ginauth/ginauth"
)

// newAccounts is newApp with the account calls at /account.
func newAccounts(t *testing.T, adjust ...func(*ginauth.Config)) *app {
	a := newApp(t, adjust...)
	a.auth.RegisterAccount(a.engine.Group("/account"))
	return a
}

// person is a user with a key.
type person struct{ login, id, key, keyID string }

// register makes a user with a key.
func (a *app) register(name string) person {
	a.t.Helper()
	issued := a.issue(fmt.Sprintf(`{"username":%q,"email":"%s@example.com","password":%q}`, name, name, password))
	return person{name, issued.text("user_id"), issued.text("api_key"), issued.text("id")}
}

// as makes an account call with a password; GET without a body.
func (a *app) as(login, password, path, body string) *httptest.ResponseRecorder {
	a.t.Helper()
	r := request{method: http.MethodPost, path: path, body: body, header: header("Content-Type", "application/json")}
	if body == "" {
		r.method = http.MethodGet
	}
	r.header.Set("Authorization", basic(login, password))
	return a.do(r)
}

func basic(login, password string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(login+":"+password))
}

// with makes an account call with a key.
func (a *app) with(key, path, body string) *httptest.ResponseRecorder {
	a.t.Helper()
	r := request{method: http.MethodPost, path: path, body: body, header: header("Content-Type", "application/json", "api-key", key)}
	if body == "" {
		r.method = http.MethodGet
	}
	return a.do(r)
}

func (a *app) expectStatus(answer *httptest.ResponseRecorder, status int) object {
	a.t.Helper()
	if answer.Code != status {
		a.t.Fatalf("the status is %d, want %d: %s", answer.Code, status, answer.Body)
	}
	if answer.Body.Len() == 0 {
		return nil
	}
	return decode(a.t, answer.Body)
}

// Users look after their own account.
func TestAccount(t *testing.T) {
	t.Parallel()
	a := newAccounts(t)
	user := a.register("ada")
	for _, login := range []string{"ada", "ADA", "Ada@Example.com"} {
		if got := a.expectStatus(a.as(login, password, "/account", ""), 200); got["id"] != user.id {
			t.Errorf("%s is %v", login, got)
		}
	}
	issued := a.expectStatus(a.as("ada", password, "/account/new", `{"name":"second"}`), 201)
	second := person{key: issued.text("api_key"), keyID: issued.text("id")}
	if answer := a.guarded(second.key); answer.Code != 200 || issued["user_id"] != user.id {
		t.Errorf("the second key is answered %d", answer.Code)
	}
	for _, answer := range []*httptest.ResponseRecorder{a.as("ada", password, "/account/logs", ""), a.with(second.key, "/account/logs", "")} {
		if rows, _ := a.expectStatus(answer, 200)["logs"].([]any); len(rows) != 2 {
			t.Errorf("the keys are %v", rows)
		}
	}
	a.expectStatus(a.with(second.key, "/account/usage", ""), 200)
	renewed := a.expectStatus(a.as("ada", password, "/account/renew", `{"id":"`+second.keyID+`","never_expires":true}`), 200)
	if renewed["never_expires"] != true {
		t.Errorf("the renewed key is %v", renewed)
	}
	a.expectStatus(a.with(user.key, "/account/revoke", `{"api_key":"`+second.key+`"}`), 200)
	expectProblem(t, a.guarded(second.key), 401, "key_revoked", "")
	expectProblem(t, a.as("ada", password, "/account/renew", `{"id":"`+second.keyID+`"}`), 409, "key_revoked", "")
	if !strings.Contains(a.log.String(), "actor="+user.id) {
		t.Error("the audit does not say who acted")
	}
	if log := a.log.String(); strings.Contains(log, password) || strings.Contains(log, second.key) {
		t.Error("the log holds a credential")
	}
}

// A script's request must not have its browser ask for a password.
func TestScriptsAreNotAskedForAPassword(t *testing.T) {
	t.Parallel()
	a := newAccounts(t)
	for name, want := range map[string]string{"": "Basic ", "Sec-Fetch-Dest": "xBasic ", "X-Requested-With": "xBasic "} {
		headers := header()
		if name != "" {
			headers = header(name, map[string]string{"Sec-Fetch-Dest": "empty", "X-Requested-With": "XMLHttpRequest"}[name])
		}
		answer := a.do(request{path: "/account", header: headers})
		expectProblem(t, answer, 401, "credentials_missing", "")
		if got := answer.Header().Get("WWW-Authenticate"); !strings.HasPrefix(got, want) {
			t.Errorf("with %q the challenge is %q", name, got)
		}
	}
}

// A key alone does not get more keys, nor the account.
func TestWhatNeedsThePassword(t *testing.T) {
	t.Parallel()
	a := newAccounts(t)
	user := a.register("ada")
	for path, body := range map[string]string{
		"/account/new":      `{"name":"x"}`,
		"/account/renew":    `{"id":"` + user.keyID + `"}`,
		"/account/password": `{"password":"Difference-2_Engine"}`,
		"/account/email":    `{"email":"eve@example.com"}`,
	} {
		expectProblem(t, a.with(user.key, path, body), 403, "password_needed", "")
	}
	service, _ := a.issueKey()
	expectProblem(t, a.with(service, "/account", ""), 403, "user_missing", "")
	expectProblem(t, a.do(request{path: "/account"}), 401, "credentials_missing", "")
	expectProblem(t, a.with("ga_nonsense", "/account", ""), 401, "key_invalid", "")
}

func TestMalformedBasic(t *testing.T) {
	t.Parallel()
	a := newAccounts(t)
	a.register("ada")
	for name, values := range map[string][]string{
		"nothing":       {"Basic"},
		"no base64":     {"Basic !!"},
		"no colon":      {"Basic YWRh"},
		"two of them":   {basic("ada", password), basic("ada", password)},
		"two schemes":   {"Bearer x", basic("ada", password)},
		"empty":         {"Basic Og=="},
		"a NUL":         {"Basic AGFkYQA6AA=="},
		"not UTF-8":     {"Basic //86/w=="},
		"no name":       {"Basic OkFuYWx5dGljYWwtMV9FbmdpbmU="},
		"a huge one":    {"Basic " + strings.Repeat("YWFh", 5000) + "Og=="},
		"another case":  {"bAsIc Zm9vOmJhcg=="},
		"not its colon": {"Basic YTpiOmM="},
	} {
		t.Run(name, func(t *testing.T) {
			answer := a.do(request{path: "/account", header: http.Header{"Authorization": values}, address: "192.0.2.8:1"})
			if answer.Code != 401 || !strings.HasPrefix(answer.Header().Get("WWW-Authenticate"), "Basic ") {
				t.Errorf("it is answered %d, %v", answer.Code, answer.Header())
			}
		})
	}
}

// Trust in a password ends with it; a key goes on, unless told
// otherwise.
func TestChangingThePassword(t *testing.T) {
	t.Parallel()
	a := newAccounts(t)
	user := a.register("ada")
	expectProblem(t, a.as("ada", password, "/account/password", `{"password":"weak"}`), 422, "fields_invalid", "password")
	a.expectStatus(a.as("ada", password, "/account/password", `{"password":"Difference-2_Engine"}`), 200)
	expectProblem(t, a.as("ada", password, "/account", ""), 401, "credentials_wrong", "")
	if answer := a.guarded(user.key); answer.Code != 200 {
		t.Errorf("the key is answered %d", answer.Code)
	}
	a.expectStatus(a.as("ada", "Difference-2_Engine", "/account/password", `{"password":"Nautical-3_Almanac","revoke_keys":true}`), 200)
	expectProblem(t, a.guarded(user.key), 401, "key_revoked", "")
}

func TestChangingTheAddress(t *testing.T) {
	t.Parallel()
	a := newAccounts(t)
	a.register("ada")
	a.expectStatus(a.as("ada", password, "/account/email", `{"email":"Lovelace@Example.org"}`), 200)
	a.expectStatus(a.as("lovelace@example.ORG", password, "/account", ""), 200)
	expectProblem(t, a.as("ada@example.com", password, "/account", ""), 401, "credentials_wrong", "")
	for _, email := range []string{"", "nobody", "a b@example.org", "x@\x00"} {
		if answer := a.as("ada", password, "/account/email", fmt.Sprintf(`{"email":%q}`, strings.ReplaceAll(email, "\x00", "\\u0000"))); answer.Code != 422 && answer.Code != 400 {
			t.Errorf("%q is answered %d", email, answer.Code)
		}
	}
}

// A disabled user is refused with all their keys, and let in again with them.
func TestDisabledUser(t *testing.T) {
	t.Parallel()
	a := newAccounts(t)
	user, other := a.register("ada"), a.register("bob")
	first := a.expectStatus(a.call("/auth/users/disable", `{"username":"ADA"}`), 200)
	a.clock.advance(1e9)
	expectProblem(t, a.call("/auth/users/disable", `{"email":"bob"}`), 422, "fields_invalid", "email")
	again := a.expectStatus(a.call("/auth/users/disable", `{"id":"`+user.id+`"}`), 200)
	if first["disabled_date"] == nil || first["disabled_date"] != again["disabled_date"] {
		t.Errorf("the dates are %v and %v", first["disabled_date"], again["disabled_date"])
	}
	expectProblem(t, a.guarded(user.key), 401, "user_disabled", "")
	expectProblem(t, a.with(user.key, "/account", ""), 401, "user_disabled", "")
	expectProblem(t, a.as("ada", password, "/account", ""), 403, "user_disabled", "")
	expectProblem(t, a.as("ada", password, "/account/new", `{}`), 403, "user_disabled", "")
	if answer := a.guarded(other.key); answer.Code != 200 {
		t.Errorf("another's key is answered %d", answer.Code)
	}
	a.expectStatus(a.call("/auth/users/enable", `{"email":"ada@example.com"}`), 200)
	if answer := a.guarded(user.key); answer.Code != 200 {
		t.Errorf("the enabled user's key is answered %d", answer.Code)
	}
}

func TestDeletingUsers(t *testing.T) {
	t.Parallel()
	a := newAccounts(t)
	user, other := a.register("grace"), a.register("linus") // which are no hexadecimal digits
	a.expectStatus(a.call("/auth/users/delete", `{"username":"grace"}`), 204)
	a.expectStatus(a.call("/auth/users/delete", `{"username":"linus","detach_keys":true}`), 204)
	expectProblem(t, a.guarded(user.key), 401, "key_revoked", "")
	if answer := a.guarded(other.key); answer.Code != 200 || strings.Contains(answer.Body.String(), "linus") {
		t.Errorf("a detached key is answered %d: %s", answer.Code, answer.Body)
	}
	expectProblem(t, a.call("/auth/users/delete", `{"id":"`+user.id+`"}`), 404, "user_not_found", "")
	expectProblem(t, a.get("/auth/users/export?id="+user.id), 404, "user_not_found", "")
	if body := a.get("/auth/logs").Body.String() + a.get("/auth/users").Body.String(); strings.Contains(body, "grace") || strings.Contains(body, "linus") {
		t.Errorf("names are left: %s", body)
	}
	if again := a.register("grace"); again.id == user.id {
		t.Error("the id is used again")
	}
}

func TestListingAndExportingUsers(t *testing.T) {
	t.Parallel()
	a := newAccounts(t)
	names := []string{"ada", "bob", "eve"}
	users := []person{}
	for _, name := range names {
		users = append(users, a.register(name))
	}
	a.call("/auth/users/disable", `{"username":"bob"}`)
	got := []string{}
	for cursor := "first"; cursor != ""; {
		path := "/auth/users?order=asc&limit=2"
		if cursor != "first" {
			path += "&cursor=" + cursor
		}
		page := a.expectStatus(a.get(path), 200)
		rows, _ := page["users"].([]any)
		for _, row := range rows {
			got = append(got, object(row.(map[string]any)).text("username"))
		}
		cursor = page.text("next_cursor")
	}
	if !slices.Equal(got, names) {
		t.Errorf("the users are %v", got)
	}
	for query, want := range map[string]int{"disabled=true": 1, "disabled=True": 1, "disabled=1": 1, "disabled=yes&disabled=yes": 1, "disabled=false": 2, "confirmed=true": 0, "confirmed=false": 3, "id=" + users[2].id: 1, "username=EVE": 1, "email=eve@example.com&disabled=true": 0} {
		if rows, _ := a.expectStatus(a.get("/auth/users?"+query), 200)["users"].([]any); len(rows) != want {
			t.Errorf("%s finds %d", query, len(rows))
		}
	}
	for _, query := range []string{"disabled=maybe", "limit=0", "sort=id", "username=a"} {
		expectProblem(t, a.get("/auth/users?"+query), 422, "fields_invalid", strings.Split(query, "=")[0])
	}
}

// The export has what is held of a user, and of nobody else.
func TestExport(t *testing.T) {
	t.Parallel()
	a, p := newMailing(t)
	user, other := a.register("ada"), a.register("eve")
	for _, key := range []string{user.key, other.key} {
		a.guarded(key)
	}
	a.expectStatus(a.as("ada", password, "/account/confirm/send", `{}`), http.StatusAccepted)
	token := p.token(t, "ada@example.com", "confirm")
	export := func() string { return a.get("/auth/users/export?id=" + user.id).Body.String() }
	eventually(t, "use shows", func() bool { return strings.Contains(export(), `"route":"/secure","total_queries":1`) })
	for text, there := range map[string]bool{
		user.keyID: true, `"email":"ada@example.com"`: true, `"tokens":[{"purpose":"confirm","email":"ada@example.com","creation_date":"2030-05-06T06:08`: true, `"expiration_date":"2030-05-07T06:08`: true,
		"argon2": false, other.keyID: false, other.id: false, user.key: false, token: false, token[len(user.id):]: false,
	} {
		if strings.Contains(export(), text) != there {
			t.Errorf("%s is there: %t\n%s", text, !there, export())
		}
	}
}
