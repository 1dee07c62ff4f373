package ginauth_test

import (
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
)

// invalidInput is what a field may hold that no call can use. The last letter of
// аda is its own, the first one is not.
func invalidInput() map[string]any {
	return map[string]any{
		"empty": "", "a number": 7, "a list": []string{"ada"}, "an object": map[string]any{}, "a NUL": "a\x00da",
		"too long": strings.Repeat("x", 3000), "look-alikes": "аda", "no address": "ada @example.com",
		"not UTF-8": json.RawMessage("\"\xff\""), "a broken escape": json.RawMessage(`"\ud800"`),
	}
}

// input is a field that a call takes.
type input struct {
	good     any
	optional bool
	fine     []string // which kinds of invalidInput are none there
}

// fieldsOf are those of a call that is good but for one field.
type fieldsOf struct {
	make   func(body string) *httptest.ResponseRecorder
	inputs map[string]input
}

// Every field of every call, missing and with every kind of nonsense, while all
// the others are good: it is refused as the caller's mistake, and changes
// nothing.
func TestInvalidInput(t *testing.T) {
	t.Parallel()
	a, p := newMailing(t)
	user := a.register("ada")
	for _, address := range []string{"192.0.2.1", "192.0.2.7"} { // from where wrong passwords wait for none of this
		a.verify("ada", password, address)
	}
	token := p.fresh(a, "ada@example.com")
	before := a.user(user.id)
	for name, c := range a.calls(user, token) {
		for field, in := range c.inputs {
			for kind, value := range invalidInput() {
				if !slices.Contains(in.fine, kind) {
					a.expectMistake(name, field, kind, c.make(encode(c.with(field, value))))
				}
			}
			if !in.optional {
				a.expectMistake(name, field, "nothing", c.make(encode(c.with(field, nil))))
			}
		}
		a.expectMistake(name, "usernames", "invalidInput", c.make(encode(c.with("usernames", "ada"))))
	}
	if after := a.user(user.id); fmt.Sprint(after) != fmt.Sprint(before) {
		t.Errorf("the user is %v and was %v", after, before)
	}
	if rows := a.rows("/auth/logs"); len(rows) != 1 || a.guarded(user.key).Code != 200 {
		t.Errorf("the keys are %v", rows)
	}
}

func (a *app) calls(user person, resetToken string) map[string]fieldsOf {
	admin := func(path string) func(body string) *httptest.ResponseRecorder {
		return func(body string) *httptest.ResponseRecorder { return a.call("/auth"+path, body) }
	}
	own := func(path string) func(body string) *httptest.ResponseRecorder {
		return func(body string) *httptest.ResponseRecorder { return a.as("ada", password, "/account"+path, body) }
	}
	public := func(path string) func(body string) *httptest.ResponseRecorder {
		return func(body string) *httptest.ResponseRecorder { return a.with("", "/account"+path, body) }
	}
	label := []string{"look-alikes", "no address", "a broken escape"} // which is text
	flag, date := input{good: true, optional: true}, input{good: "2040-01-02", optional: true}
	name := input{good: "x", optional: true, fine: append(label, "empty")}
	address := input{good: "192.0.2.7", optional: true, fine: []string{"empty"}}
	newPassword, token := input{good: "Difference-2_Engine"}, input{good: resetToken}
	return map[string]fieldsOf{
		"new user": {admin("/new"), map[string]input{
			"username": {good: "bob"}, "email": {good: "bob@example.com"}, "password": newPassword, "name": name,
			"client_address": address, "expiration_date": date,
		}},
		"new for the user": {admin("/new"), map[string]input{
			"username": {good: "ada"}, "email": {good: "ada@example.com"}, "password": {good: password}, "never_expires": flag,
		}},
		"new service":    {admin("/new"), map[string]input{"name": {good: "x", fine: label}, "never_expires": flag}},
		"renew":          {admin("/renew"), map[string]input{"id": {good: user.keyID}, "expiration_date": date, "reactivate": flag}},
		"renew by key":   {admin("/renew"), map[string]input{"api_key": {good: user.key}, "never_expires": flag}},
		"revoke":         {admin("/revoke"), map[string]input{"id": {good: user.keyID}}},
		"revoke by key":  {admin("/revoke"), map[string]input{"api_key": {good: user.key}}},
		"delete":         {admin("/delete"), map[string]input{"id": {good: user.keyID}}},
		"verify":         {admin("/verify"), map[string]input{"username": {good: "ada"}, "password": {good: password}, "client_address": address}},
		"verify address": {admin("/verify"), map[string]input{"email": {good: "ada@example.com"}, "password": {good: password}}},
		"disable":        {admin("/users/disable"), map[string]input{"id": {good: user.id}}},
		"enable":         {admin("/users/enable"), map[string]input{"username": {good: "ada"}}},
		"update user":    {admin("/users/update"), map[string]input{"id": {good: user.id}, "access_until": {good: "2040-01-02"}}},
		"delete user":    {admin("/users/delete"), map[string]input{"email": {good: "ada@example.com"}, "detach_keys": flag}},
		"force":          {admin("/users/reset"), map[string]input{"id": {good: user.id}, "revoke_keys": flag}},
		"own new":        {own("/new"), map[string]input{"name": name, "never_expires": flag}},
		"own renew":      {own("/renew"), map[string]input{"id": {good: user.keyID}, "expiration_date": date}},
		"own revoke":     {own("/revoke"), map[string]input{"api_key": {good: user.key}}},
		"password":       {own("/password"), map[string]input{"password": newPassword, "revoke_keys": flag}},
		"email":          {own("/email"), map[string]input{"email": {good: "new@example.com"}}},
		"confirm":        {public("/confirm"), map[string]input{"token": token}},
		"forgot":         {public("/forgot"), map[string]input{"email": {good: "ada@example.com"}}},
		"reset":          {public("/reset"), map[string]input{"token": token, "password": newPassword, "revoke_keys": flag}},
	}
}

// with returns the body of good fields, but for one; nil leaves it out.
func (c fieldsOf) with(field string, value any) map[string]any {
	body := map[string]any{}
	for name, in := range c.inputs {
		body[name] = in.good
	}
	if body[field] = value; value == nil {
		delete(body, field)
	}
	return body
}

// expectMistake reports an answer that does not refuse the field, or quotes it.
// A readable reference to nothing has an answer of its own.
func (a *app) expectMistake(name, field, kind string, answer *httptest.ResponseRecorder) {
	a.t.Helper()
	body := answer.Body.String()
	isNamed := strings.Contains(body, `"field":"`+field+`"`) || kind == "not UTF-8"
	isNobodys := strings.Contains(body, "_not_found") || field == "token" && strings.Contains(body, "token_invalid") ||
		field == "password" && strings.Contains(body, "wrong_password") || strings.HasPrefix(name, "verify") && strings.Contains(body, `"verified":false`)
	if answer.Code >= 500 || !strings.Contains(body, `"code":`) && !isNobodys || !isNamed && !isNobodys {
		a.t.Errorf("%s, %s with %s is answered %d: %s", name, field, kind, answer.Code, body)
	}
	if strings.Contains(body, "xxxx") || strings.Contains(body, "аda") {
		a.t.Errorf("%s, %s with %s is quoted: %s", name, field, kind, body)
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
