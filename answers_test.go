package ginauth_test

import (
	"net/http"
	"strings"
	"testing"
)

// Dates are read as the usual functions of Python and JavaScript write them; a time
// without a zone is UTC. They are answered with three digits of milliseconds.
func TestDatesAsClientsWriteThem(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	for text, want := range map[string]string{
		"2031-02-03T04:05:06":              "2031-02-03T04:05:06.000Z", // datetime.isoformat()
		"2031-02-03T04:05:06.789012":       "2031-02-03T04:05:06.789Z",
		"2031-02-03T04:05:06.700000+01:00": "2031-02-03T03:05:06.700Z",
		"2031-02-03T04:05":                 "2031-02-03T04:05:00.000Z", // isoformat(timespec="minutes")
		"2031-02-03 04:05:06":              "2031-02-03T04:05:06.000Z", // str(datetime)
		"2031-02-03 04:05:06.789012+00:00": "2031-02-03T04:05:06.789Z",
		"2031-02-03T04:05:06+0000":         "2031-02-03T04:05:06.000Z", // strftime("%z")
		"2031-02-03T04:05:06.120Z":         "2031-02-03T04:05:06.120Z", // Date.toISOString()
		"Mon, 03 Feb 2031 04:05:06 GMT":    "2031-02-03T04:05:06.000Z", // Date.toUTCString()
		"2031-02-03t04:05:06z":             "2031-02-03T04:05:06.000Z", // RFC 3339, section 5.6
		"2031-02-03":                       "2031-02-03T23:59:59.999Z",
	} {
		answer := a.call("/auth/new", `{"name":"s","expiration_date":"`+text+`"}`)
		if got := decode(t, answer.Body)["expiration_date"]; got != want {
			t.Errorf("%q is read as %v", text, got)
		}
	}
	for _, query := range []string{"from=2030-05-06T06:00:00%2B00:00", "from=2030-05-06T06:00:00+00:00", "from=2030-05-06%2006:00:00"} {
		if answer := a.get("/auth/usage?" + query); answer.Code != http.StatusOK {
			t.Errorf("%s is answered %d: %s", query, answer.Code, answer.Body)
		}
	}
}

// Bodies as clients write them, and those that are not read.
func TestBodiesOfClients(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	post := func(body string, headers ...string) (status int, text string) {
		answer := a.do(request{method: http.MethodPost, path: "/auth/new", body: body, header: header(append(headers, "secret-key", secret)...)})
		return answer.Code, answer.Body.String() + answer.Header().Get("Accept-Encoding")
	}
	const mediaType = "application/json"
	if status, text := post("\xef\xbb\xbf"+`{"name":"s"}`, "Content-Type", mediaType+"; charset=utf-8"); status != http.StatusCreated {
		t.Errorf("a byte order mark is answered %d: %s", status, text)
	}
	if status, _ := post(`{"name":"s"}`, "Content-Type", mediaType, "Content-Encoding", "identity"); status != http.StatusCreated {
		t.Errorf("an encoding that is none is answered %d", status)
	}
	status, text := post("\x1f\x8b\x08", "Content-Type", mediaType, "Content-Encoding", "gzip")
	if status != 415 || !strings.Contains(text, `"content_encoding_unsupported"`) || !strings.HasSuffix(text, "identity") {
		t.Errorf("a compressed body is answered %d: %s", status, text)
	}
}

// A refusal names what is allowed.
func TestRefusalsNameWhatIsAllowed(t *testing.T) {
	t.Parallel()
	a := newAccounts(t)
	a.register("ada")
	for path, want := range map[string]string{
		"/auth/logs?status=old":          "one of active, expired, revoked, disabled, deleted",
		"/auth/logs?sort=name":           "one of latest_query_date, total_queries, id, creation_date, expiration_date",
		"/auth/logs?order=up":            "one of desc, asc",
		"/auth/logs?limit=0":             "from 1 to 1000",
		"/auth/logs?statsu=active":       "it has id, user_id, username, email, name, name_prefix, hint, issued_by, status, created_since, created_before, expires_before, unused_since, sort, order, limit, cursor",
		"/auth/users?disabled=perhaps":   "true or false",
		"/auth/users?name=x":             "it has id, username, email, username_prefix, email_prefix, disabled, confirmed, order, limit, cursor",
		"/auth/users/export?user=x":      "it has id",
		"/auth/usage?interval=week":      "one of hour, day",
		"/auth/usage?from=yesterday":     "2006-01-02",
		"/auth/usage?by=name":            "key, user or route",
		"/auth/logs?id=x":                "UUID",
		"/auth/logs?status=active,old":   "one of active, expired, revoked, disabled, deleted",
		"/auth/logs?name=a&name=b":       "once",
		"/auth/logs/export?format=xml":   "one of jsonl, csv",
		"/auth/logs/export?sort=id":      "all rows, in the order of their creation",
		"/auth/totals?status=active":     "no parameters",
		"/auth/logs?user_id=x":           "UUID",
		"/auth/logs?expires_before=soon": "2006-01-02",
	} {
		answer := a.get(path)
		expectProblem(t, answer, 422, "fields_invalid", strings.Split(strings.Split(path, "?")[1], "=")[0])
		if !strings.Contains(answer.Body.String(), want) {
			t.Errorf("%s does not name %q: %s", path, want, answer.Body)
		}
	}
	own := a.as("ada", password, "/account/logs?username=eve", "")
	if text := own.Body.String(); !strings.Contains(text, "it has id, name, name_prefix, hint, status, created_since, created_before, expires_before, unused_since, sort, order, limit, cursor") {
		t.Errorf("an account's list offers %s", text)
	}
	for body, want := range map[string]string{
		`{"label":"x"}`:                         "it has username, email, password, name, client_address, never_expires, expiration_date",
		`{"Name":"x"}`:                          "it has username,",
		`{"name":1}`:                            "it must be a string",
		`{"name":"s","never_expires":"yes"}`:    "it must be a boolean",
		`{"name":"s","expiration_date":true}`:   "it must be a string",
		`{"name":"s","expiration_date":"1.1."}`: "2006-01-02",
	} {
		if text := a.call("/auth/new", body).Body.String(); !strings.Contains(text, want) {
			t.Errorf("%s does not name %q: %s", body, want, text)
		}
	}
}

// Parameters as common clients write lists and truth.
func TestQueriesOfClients(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	for _, path := range []string{
		"/auth/usage?by=key&by=route", "/auth/usage?by[]=key&by[]=user", "/auth/usage?by%5B%5D=user", "/auth/users?disabled=TRUE",
		"/auth/users?confirmed=0", "/auth/users?confirmed=off", "/auth/logs?limit=5&limit=5",
	} {
		if answer := a.get(path); answer.Code != http.StatusOK {
			t.Errorf("%s is answered %d: %s", path, answer.Code, answer.Body)
		}
	}
}

// A call without a body needs no type, and no form can make it.
func TestCallsWithoutABody(t *testing.T) {
	t.Parallel()
	a, _ := newMailing(t)
	a.register("ada")
	for mediaType, status := range map[string]int{"": 202, "application/json": 202, "text/plain": 415, "application/x-www-form-urlencoded": 415} {
		h := header("Authorization", basic("ada", password))
		if mediaType != "" {
			h.Set("Content-Type", mediaType)
		}
		answer := a.do(request{method: http.MethodPost, path: "/account/confirm/send", header: h})
		if answer.Code != status {
			t.Errorf("the type %q is answered %d: %s", mediaType, answer.Code, answer.Body)
		}
	}
}
