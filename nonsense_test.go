package ginauth_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http/httptest"
	"strings"
	"testing"
)

// nonsense is what a field may hold that no call can use. The last letter of
// аda is its own, the first one is not.
func nonsense() map[string]any {
	return map[string]any{
		"empty": "", "a number": 7, "a list": []string{"ada"}, "an object": map[string]any{}, "a NUL": "a\x00da",
		"too long": strings.Repeat("x", 3000), "look-alikes": "аda", "no address": "ada @example.com",
		"not UTF-8": json.RawMessage("\"\xff\""), "a broken escape": json.RawMessage(`"\ud800"`),
	}
}

// Every field of every call on users, missing and with every kind of nonsense:
// it is refused as the caller's mistake, and changes nothing.
func TestNonsenseInCallsOnUsers(t *testing.T) {
	a, _ := newMailing(t)
	user := a.register("ada")
	before := a.user(user.id)
	admin := func(path string) func(body string) *httptest.ResponseRecorder {
		return func(body string) *httptest.ResponseRecorder { return a.call("/auth"+path, body) }
	}
	public := func(path string) func(body string) *httptest.ResponseRecorder {
		return func(body string) *httptest.ResponseRecorder { return a.with("", "/account"+path, body) }
	}
	own := func(path string) func(body string) *httptest.ResponseRecorder {
		return func(body string) *httptest.ResponseRecorder { return a.with(user.key, "/account"+path, body) }
	}
	for name, c := range map[string]struct {
		call func(body string) *httptest.ResponseRecorder
		body map[string]any // would be good but for the field that is put in
	}{
		"verify":  {admin("/verify"), map[string]any{"username": "", "password": "", "client_address": "192.0.2.1"}},
		"disable": {admin("/users/disable"), map[string]any{"id": ""}},
		"enable":  {admin("/users/enable"), map[string]any{"username": ""}},
		"delete":  {admin("/users/delete"), map[string]any{"email": "", "detach_keys": nil}},
		"force":   {admin("/users/reset"), map[string]any{"id": "", "revoke_keys": nil}},
		"confirm": {public("/confirm"), map[string]any{"token": ""}},
		"forgot":  {public("/forgot"), map[string]any{"email": ""}},
		"reset":   {public("/reset"), map[string]any{"token": "", "password": "", "revoke_keys": nil}},
		"revoke":  {own("/revoke"), map[string]any{"id": "", "api_key": ""}},
	} {
		for field := range c.body {
			for kind, value := range nonsense() {
				body := maps.Clone(c.body)
				body[field] = value
				a.expectMistake(name+", "+field+" with "+kind, c.call(encode(body)))
			}
			body := maps.Clone(c.body)
			delete(body, field)
			a.expectMistake(name+" without "+field, c.call(encode(body)))
		}
		a.expectMistake(name+" with another field", c.call(`{"usernames":"ada"}`))
	}
	if after := a.user(user.id); fmt.Sprint(after) != fmt.Sprint(before) {
		t.Errorf("the user is %v and was %v", after, before)
	}
	if answer := a.guarded(user.key); answer.Code != 200 {
		t.Errorf("the key is answered %d", answer.Code)
	}
}

// The same of the calls that need the password, each of which hashes it.
func TestNonsenseInAccountCalls(t *testing.T) {
	a := newAccounts(t)
	user := a.register("ada")
	before := a.user(user.id)
	for path, fields := range map[string][]string{
		"new": {"name", "never_expires", "expiration_date"}, "renew": {"id", "api_key", "expiration_date"},
		"password": {"password"}, "email": {"email"},
	} {
		for _, field := range fields {
			for _, kind := range []string{"an object", "a NUL", "too long"} {
				answer := a.as("ada", password, "/account/"+path, encode(map[string]any{field: nonsense()[kind]}))
				a.expectMistake(path+", "+field+" with "+kind, answer)
			}
		}
	}
	if after := a.user(user.id); fmt.Sprint(after) != fmt.Sprint(before) {
		t.Errorf("the user is %v and was %v", after, before)
	}
	if rows, _ := a.expectStatus(a.with(user.key, "/account/logs", ""), 200)["logs"].([]any); len(rows) != 1 {
		t.Errorf("there are %d keys", len(rows))
	}
}

// encode writes the raw values as they are.
func encode(body map[string]any) string {
	parts := []string{}
	for name, value := range body {
		text, ok := value.(json.RawMessage)
		if !ok {
			text, _ = json.Marshal(value) // plain values cannot fail
		}
		parts = append(parts, fmt.Sprintf("%q:%s", name, text))
	}
	return "{" + strings.Join(parts, ",") + "}"
}

// expectMistake checks that an answer blames the caller, and quotes nothing.
func (a *app) expectMistake(what string, answer *httptest.ResponseRecorder) {
	a.t.Helper()
	body := answer.Body.String()
	if answer.Code < 400 || answer.Code >= 500 || !strings.Contains(body, `"code":`) {
		a.t.Errorf("%s is answered %d: %s", what, answer.Code, body)
	}
	if strings.Contains(body, "xxxx") || strings.Contains(body, "аda") {
		a.t.Errorf("%s is quoted: %s", what, body)
	}
}
