package ginauth_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/ginauth/ginauth/security"
)

func TestRenew(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	key, id := a.issueKey()
	a.clock.advance(time.Hour)
	for body, want := range map[string]any{
		`{"id":"` + id + `"}`:                                                  "2030-05-21T07:08:09.123Z",
		`{"api_key":"` + key + `"}`:                                            "2030-05-21T07:08:09.123Z",
		`{"id":"` + id + `","expiration_date":"2040-01-01"}`:                   "2040-01-01T23:59:59.999Z",
		`{"id":"` + id + `","expiration_date":"2030-05-06T08:00:00Z"}`:         "2030-05-06T08:00:00.000Z",
		`{"id":"` + id + `","never_expires":true}`:                             nil,
		`{"id":"` + id + `","reactivate":true,"expiration_date":"2041-01-01"}`: "2041-01-01T23:59:59.999Z",
	} {
		answer := a.call("/auth/renew", body)
		renewed := decode(t, answer.Body)
		if answer.Code != http.StatusOK || renewed["expiration_date"] != want || renewed["reactivated"] != false || renewed["id"] != id {
			t.Errorf("%s answers %d: %v", body, answer.Code, renewed)
		}
		if _, shown := renewed["api_key"]; shown {
			t.Error("renew shows the key again")
		}
	}
}

// A revoked key comes back only if that is asked for, and the answer says so.
func TestRenewOfARevokedKey(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	key, id := a.issueKey()
	a.call("/auth/revoke", `{"id":"`+id+`"}`)
	expectProblem(t, a.call("/auth/renew", `{"id":"`+id+`"}`), http.StatusConflict, "key_revoked", "")
	expectProblem(t, a.guarded(key), http.StatusUnauthorized, "key_revoked", "")
	renewed := decode(t, a.call("/auth/renew", `{"id":"`+id+`","reactivate":true}`).Body)
	if renewed["reactivated"] != true || renewed["is_active"] != true || renewed["revocation_date"] != nil {
		t.Errorf("the reactivated key is %v", renewed)
	}
	if code := a.guarded(key).Code; code != http.StatusOK {
		t.Errorf("the reactivated key is answered %d", code)
	}
}

func TestRevoke(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	key, id := a.issueKey()
	first := decode(t, a.call("/auth/revoke", `{"api_key":"`+key+`"}`).Body)
	if first["id"] != id || first["status"] != "revoked" || first["is_active"] != false || first["revocation_date"] != "2030-05-06T06:08:09.123Z" {
		t.Errorf("the revoked key is %v", first)
	}
	a.clock.advance(time.Hour)
	answer := a.call("/auth/revoke", `{"id":"`+id+`"}`)
	if again := decode(t, answer.Body); answer.Code != http.StatusOK || again["revocation_date"] != first["revocation_date"] {
		t.Errorf("revoking again answers %d: %v", answer.Code, again)
	}
}

func TestDelete(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	key, id := a.issueKey()
	a.guarded(key)
	a.waitForTotal(1)
	answer := a.call("/auth/delete", `{"id":"`+id+`"}`)
	if answer.Code != http.StatusNoContent || answer.Body.Len() != 0 {
		t.Errorf("delete answers %d: %s", answer.Code, answer.Body)
	}
	row := a.rows("/auth/logs")[0]
	if row["id"] != id || row["status"] != "deleted" || row["is_active"] != false || row["total_queries"] != 1.0 || row["name"] != "" || row["creation_date"] != nil {
		t.Errorf("what is left is %v", row)
	}
	for _, call := range []string{"/auth/renew", "/auth/revoke", "/auth/delete"} {
		expectProblem(t, a.call(call, `{"id":"`+id+`"}`), http.StatusNotFound, "key_not_found", "")
	}
}

func TestNamingAKey(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	key, id := a.issueKey()
	unknown := security.NewKey("ga")
	tests := map[string]struct {
		body        string
		status      int
		code, field string
	}{
		"neither":        {`{}`, 422, "fields_invalid", "id"},
		"empty id":       {`{"id":""}`, 422, "fields_invalid", "id"},
		"both":           {`{"id":"` + id + `","api_key":"` + key + `"}`, 422, "fields_invalid", "api_key"},
		"not a key":      {`{"api_key":"nonsense"}`, 422, "fields_invalid", "api_key"},
		"not an id":      {`{"id":"nonsense"}`, 422, "fields_invalid", "id"},
		"a key as id":    {`{"id":"` + key + `"}`, 422, "fields_invalid", "id"},
		"hostile id":     {`{"id":"' OR 1=1 --"}`, 422, "fields_invalid", "id"},
		"unknown key":    {`{"api_key":"` + unknown + `"}`, 404, "key_not_found", ""},
		"unknown id":     {`{"id":"` + uuid.NewString() + `"}`, 404, "key_not_found", ""},
		"id of a number": {`{"id":7}`, 400, "body_invalid", "id"},
	}
	for name, test := range tests {
		for _, call := range []string{"/auth/renew", "/auth/revoke"} {
			t.Run(name+call, func(t *testing.T) {
				answer := a.call(call, test.body)
				if strings.Contains(answer.Body.String(), key) {
					t.Error("the answer repeats the key")
				}
				expectProblem(t, answer, test.status, test.code, test.field)
			})
		}
	}
	expectProblem(t, a.call("/auth/delete", `{"id":"`+key+`"}`), 422, "fields_invalid", "id")
	expectProblem(t, a.call("/auth/delete", `{"api_key":"`+key+`"}`), 400, "body_invalid", "api_key")
	if code := a.guarded(key).Code; code != http.StatusOK {
		t.Errorf("after refused calls the key is answered %d", code)
	}
}

func TestBodies(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	tests := map[string]struct {
		contentType, body string
		status            int
		code, field       string
	}{
		"no content type":    {"", `{"name":"s"}`, 415, "content_type_unsupported", ""},
		"form":               {"application/x-www-form-urlencoded", `name=s`, 415, "content_type_unsupported", ""},
		"text":               {"text/plain", `{"name":"s"}`, 415, "content_type_unsupported", ""},
		"broken type":        {"application/json; =", `{"name":"s"}`, 415, "content_type_unsupported", ""},
		"empty":              {"application/json", ``, 400, "body_invalid", ""},
		"white space":        {"application/json", "  \n", 400, "body_invalid", ""},
		"not JSON":           {"application/json", `name=s`, 400, "body_invalid", ""},
		"cut off":            {"application/json", `{"name":"s"`, 400, "body_invalid", ""},
		"an array":           {"application/json", `["s"]`, 400, "body_invalid", ""},
		"a string":           {"application/json", `"s"`, 400, "body_invalid", ""},
		"two objects":        {"application/json", `{"name":"s"}{"name":"t"}`, 400, "body_invalid", ""},
		"something after":    {"application/json", `{"name":"s"} x`, 400, "body_invalid", ""},
		"field twice":        {"application/json", `{"name":"s","name":"t"}`, 400, "body_invalid", "name"},
		"other letters":      {"application/json", `{"name":"s","never_expireſ":true}`, 400, "body_invalid", "never_expireſ"},
		"other case":         {"application/json", `{"NAME":"s"}`, 400, "body_invalid", "NAME"},
		"unknown field":      {"application/json", `{"name":"s","expires":"2031-01-01"}`, 400, "body_invalid", "expires"},
		"wrong type":         {"application/json", `{"name":7}`, 400, "body_invalid", "name"},
		"wrong type, nested": {"application/json", `{"name":"s","never_expires":"yes"}`, 400, "body_invalid", "never_expires"},
		"not UTF-8":          {"application/json", "{\"name\":\"\xff\"}", 400, "body_invalid", ""},
		"1 MB":               {"application/json", `{"name":"` + strings.Repeat("s", 1<<20) + `"}`, 413, "body_too_large", ""},
		"1 MB of space":      {"application/json", strings.Repeat(" ", 1<<20) + `{"name":"s"}`, 413, "body_too_large", ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			h := header("secret-key", secret)
			if test.contentType != "" {
				h.Set("Content-Type", test.contentType)
			}
			answer := a.do(request{method: http.MethodPost, path: "/auth/new", body: test.body, header: h})
			expectProblem(t, answer, test.status, test.code, test.field)
		})
	}
	h := header("secret-key", secret, "Content-Type", "application/json; charset=utf-8")
	if code := a.do(request{method: http.MethodPost, path: "/auth/new", body: `{"name":"s"}`, header: h}).Code; code != http.StatusCreated {
		t.Errorf("a charset is answered %d", code)
	}
}
