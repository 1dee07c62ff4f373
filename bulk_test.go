package ginauth_test

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ginauth/ginauth/keys"
	"github.com/ginauth/ginauth/problem"
	"github.com/ginauth/ginauth/repository"
	"github.com/ginauth/ginauth/security"
)

const batch = "019a2f6e-7c1d-7f3a-9a51-0c2b6d1f4e8a"

// A batch has keys of services and users, which open doors at once. Sent again, it
// names the keys and shows none.
func TestIssuingMany(t *testing.T) {
	t.Parallel()
	a := newAccounts(t)
	user := a.register("ada")
	body := `{"batch_id":"` + strings.ToUpper(batch) + `","keys":[{"name":"one"},{"name":"two","never_expires":true},{"user_id":"` + user.id + `","expiration_date":"2031-01-01"}]}`
	issued := a.expectStatus(a.call("/auth/new/bulk", body), http.StatusCreated)
	rows, _ := issued["keys"].([]any)
	if len(rows) != 3 || issued.text("batch_id") != batch {
		t.Fatalf("the batch is %v", issued)
	}
	shown, ids := []string{}, []any{}
	for _, row := range rows {
		key := object(row.(map[string]any))
		if answer := a.guarded(key.text("api_key")); answer.Code != http.StatusOK || key.text("issued_by") != "admin" {
			t.Errorf("a key of the batch is answered %d: %v", answer.Code, key)
		}
		shown, ids = append(shown, key.text("name")+key.text("username")), append(ids, key.text("id"))
	}
	if !slices.Equal(shown, []string{"one", "two", "ada"}) {
		t.Errorf("the keys are %q", shown)
	}
	again := expectProblem(t, a.call("/auth/new/bulk", body), 409, "batch_exists", "")
	if fmt.Sprint(again["ids"]) != fmt.Sprint(ids) || strings.Contains(fmt.Sprint(again), "ga_") {
		t.Errorf("sent again, the batch is %v, want the ids %v", again, ids)
	}
	if rows := a.rows("/auth/logs"); len(rows) != 4 {
		t.Errorf("there are %d keys", len(rows))
	}
	a.expectRecord("action=key.create_many object_id=" + batch + " actor=admin client_address=192.0.2.1 outcome=done")
}

// Each row that cannot be taken is named, with what is wrong, and nothing is issued.
func TestIssuingManyNamesEachRow(t *testing.T) {
	t.Parallel()
	a := newAccounts(t)
	user := a.register("ada")
	a.call("/auth/users/disable", `{"id":"`+user.id+`"}`)
	for body, want := range map[string][]string{
		`{"keys":[{"name":"ok"},{"nam":"x"},{"name":1},7,{"name":"a","name":"b"}]}`: {"400 body_invalid", "keys[1].nam field_unknown", "keys[2].name type_wrong", "keys[3] type_wrong", "keys[4].name field_repeated"},
		`{"keys":[{"name":"ok"},{},{"user_id":"x"},{"name":"a","expiration_date":"2001-01-01"},{"name":"a","never_expires":true,"expiration_date":"2099-01-01"}]}`: {
			"422 fields_invalid", "keys[1].name name_missing", "keys[2].user_id id_invalid", "keys[3].expiration_date expiration_date_past",
			"keys[4].expiration_date expiration_date_superfluous",
		},
		`{"keys":[{"name":"ok"},{"user_id":"` + batch + `"},{"user_id":"` + user.id + `"}]}`: {"422 fields_invalid", "keys[1].user_id user_not_found", "keys[2].user_id user_disabled"},
		`{"keys":[]}`:                            {"422 fields_invalid", "keys keys_invalid"},
		`{}`:                                     {"422 fields_invalid", "keys keys_invalid"},
		`{"keys":"x"}`:                           {"400 body_invalid", "keys type_wrong"},
		`{"batch_id":"x","keys":[{"name":"a"}]}`: {"422 fields_invalid", "batch_id id_invalid"},
		`{"keys":[` + strings.Repeat(`{"name":"a"},`, 1000) + `{"name":"a"}]}`: {"422 fields_invalid", "keys keys_invalid"},
	} {
		answer := a.call("/auth/new/bulk", body)
		refusal := decode(t, answer.Body)
		got := []string{fmt.Sprint(answer.Code, " ", refusal.text("code"))}
		invalid, _ := refusal["errors"].([]any)
		for _, field := range invalid {
			field := object(field.(map[string]any))
			got = append(got, field.text("field")+" "+field.text("code"))
		}
		if !slices.Equal(got, want) {
			t.Errorf("%.80s is answered %q, want %q", body, got, want)
		}
	}
	if rows := a.rows("/auth/logs?name=ok"); len(rows) != 0 {
		t.Errorf("keys were issued: %v", rows)
	}
}

// A batch with the longest fields is taken; beyond a megabyte a body is refused.
func TestIssuingManyTakesLargeBodies(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	row := `{"name":"` + strings.Repeat("\\u00e9", 64) + `","expiration_date":"2031-01-01T00:00:00.000+01:00","never_expires":false}`
	a.expectStatus(a.call("/auth/new/bulk", `{"keys":[`+strings.Repeat(row+",", 999)+row+`]}`), http.StatusCreated)
	expectProblem(t, a.call("/auth/new/bulk", `{"keys":["`+strings.Repeat("x", 1<<20)+`"]}`), 413, "body_too_large", "")
}

// Keys that meet the filters are refused when the call returns, and the others not.
// More than were expected are left alone.
func TestRevokingMany(t *testing.T) {
	t.Parallel()
	a := newAccounts(t)
	user := a.register("ada")
	sensors := []string{}
	for range 3 {
		sensors = append(sensors, a.issue(`{"name":"sensor"}`).text("api_key"))
	}
	other, _ := a.issueKey()
	for _, key := range sensors {
		a.guarded(key) // in memory
	}
	count := a.expectStatus(a.call("/auth/revoke/bulk", `{"name_prefix":"sens","dry_run":true}`), http.StatusOK)
	if fmt.Sprint(count) != "map[matching:3 more:false revoked:0]" || a.guarded(sensors[0]).Code != http.StatusOK {
		t.Errorf("a dry run says %v", count)
	}
	refusal := expectProblem(t, a.call("/auth/revoke/bulk", `{"name_prefix":"sens","expect":2}`), 409, "more_than_expected", "")
	if fmt.Sprint(refusal["matching"]) != "3" || a.guarded(sensors[0]).Code != http.StatusOK {
		t.Errorf("the refusal is %v", refusal)
	}
	done := a.expectStatus(a.call("/auth/revoke/bulk", `{"name_prefix":"sens","expect":3}`), http.StatusOK)
	if fmt.Sprint(done) != "map[matching:3 more:false revoked:3]" {
		t.Errorf("revoking says %v", done)
	}
	for _, key := range sensors {
		expectProblem(t, a.guarded(key), 401, "key_revoked", "")
	}
	if a.guarded(other).Code != http.StatusOK || a.guarded(user.key).Code != http.StatusOK {
		t.Error("another key is revoked, too")
	}
	a.expectRecord("action=key.revoke_many object_id=\"\" actor=admin client_address=192.0.2.1 outcome=done filters=name_prefix rows=3")
	done = a.expectStatus(a.call("/auth/revoke/bulk", `{"username":"ADA","expect":1}`), http.StatusOK)
	if fmt.Sprint(done["revoked"]) != "1" || a.guarded(user.key).Code != 401 {
		t.Errorf("revoking the keys of a user says %v", done)
	}
}

func TestRevokingManyRefuses(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	for body, want := range map[string]string{
		`{"expect":1}`:                                 "422 filter_missing",
		`{"dry_run":true}`:                             "422 filter_missing",
		`{"name":"x"}`:                                 "422 expect_missing",
		`{"name":"x","expect":-1}`:                     "422 expect_invalid",
		`{"name":"x","expect":"1"}`:                    "400 type_wrong",
		`{"name":"x","expect":1.5}`:                    "400 type_wrong",
		`{"name":"x","dry_run":true,"except":"me"}`:    "422 id_invalid",
		`{"status":"old","dry_run":true}`:              "422 parameter_invalid",
		`{"unused_since":"tomorrow","dry_run":true}`:   "422 parameter_invalid",
		`{"unused_since":"2030-05-06","dry_run":true}`: "200 ",
		`{"unused_since":"2030-05-07","dry_run":true}`: "422 unused_since_too_late",
		`{"username":"nobody","dry_run":true}`:         "404 ",
		`{"user_id":"` + batch + `","dry_run":true}`:   "200 ",
		`{"nam":"x","dry_run":true}`:                   "400 field_unknown",
	} {
		answer := a.call("/auth/revoke/bulk", body)
		code := ""
		if invalid, _ := decode(t, answer.Body)["errors"].([]any); len(invalid) > 0 {
			code = object(invalid[0].(map[string]any)).text("code")
		}
		if got := fmt.Sprint(answer.Code, " ", code); got != want {
			t.Errorf("%s is answered %q, want %q", body, got, want)
		}
	}
}

// From Go, a key can be left out, and a key that was used after the count stays.
func TestRevokingManyFromGo(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	used, usedID := a.issueKey()
	_, own := a.issueKey()
	_, idle := a.issueKey()
	a.clock.advance(48 * time.Hour)
	filter := repository.KeyFilter{UnusedSince: a.clock.Now().Add(-time.Hour)}
	a.before("RevokeKeys", func() {
		a.guarded(used)
		a.waitForTotal(1)
	})
	done, err := a.auth.Keys().RevokeMany(t.Context(), keys.RevokeManyParams{Filter: filter, Expect: 2, Except: own})
	if err != nil || done.Matching != 2 || done.Revoked != 1 {
		t.Errorf("%+v, %v", done, err)
	}
	for id, want := range map[string]string{usedID: "active", own: "active", idle: "revoked"} {
		if row := a.rows("/auth/logs?id=" + id)[0]; row.text("status") != want {
			t.Errorf("a key is %v, want %s", row, want)
		}
	}
}

// A failure of a later step leaves the earlier ones revoked, and repeating revokes the
// others.
func TestRevokingManyGoesOn(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	params := keys.IssueManyParams{Keys: make([]keys.IssueParams, repository.BatchSize)}
	for i := range params.Keys {
		params.Keys[i].Name = "sensor"
	}
	for range 2 {
		if _, err := a.auth.Keys().IssueMany(t.Context(), params); err != nil {
			t.Fatal(err)
		}
	}
	steps := 0
	a.repo.meddle(func(call string) error {
		if call != "RevokeKeys" {
			return nil
		}
		if steps++; steps == 2 {
			return errDown
		}
		return nil
	})
	many := keys.RevokeManyParams{Filter: repository.KeyFilter{Name: "sensor"}, Expect: 2 * repository.BatchSize}
	done, err := a.auth.Keys().RevokeMany(t.Context(), many)
	if !problem.Is(err, "store_unavailable") || done.Revoked != repository.BatchSize {
		t.Fatalf("%+v, %v", done, err)
	}
	done, err = a.auth.Keys().RevokeMany(t.Context(), many)
	if err != nil || done.Matching != repository.BatchSize || done.Revoked != repository.BatchSize {
		t.Errorf("%+v, %v", done, err)
	}
}

// A key that was found is told by its id, owner and state, and never repeated; who tries
// unknown ones is slowed down.
func TestLookup(t *testing.T) {
	t.Parallel()
	a := newAccounts(t)
	user := a.register("ada")
	answer := a.call("/auth/lookup", `{"api_key":"`+user.key+`"}`)
	if text := answer.Body.String(); strings.Contains(text, user.key) {
		t.Errorf("the key is in the answer: %s", text)
	}
	row := a.expectStatus(answer, http.StatusOK)
	if row.text("id") != user.keyID || row.text("username") != "ada" || row.text("email") != "ada@example.com" || row.text("status") != "active" {
		t.Errorf("the key is %v", row)
	}
	a.expectRecord("action=key.show object_id=" + user.keyID + " actor=admin")
	expectProblem(t, a.call("/auth/lookup", `{"api_key":"nonsense"}`), 422, "fields_invalid", "api_key")
	expectProblem(t, a.call("/auth/lookup", `{}`), 422, "fields_invalid", "api_key")
	limited := 0
	for range 80 {
		key := security.NewKey(security.DefaultPrefix)
		if answer := a.call("/auth/lookup", `{"api_key":"`+key+`"}`); answer.Code == http.StatusTooManyRequests {
			limited++
		} else {
			expectProblem(t, answer, 404, "key_not_found", "")
		}
	}
	if limited != 20 {
		t.Errorf("%d of 80 unknown keys are refused, want 20", limited)
	}
	if strings.Contains(a.log.String(), user.key) {
		t.Error("the key is in the log")
	}
}

// Totals are counted once a minute.
func TestTotals(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	_, id := a.issueKey()
	a.issueKey()
	a.call("/auth/revoke", `{"id":"`+id+`"}`)
	totals := a.expectStatus(a.get("/auth/totals"), http.StatusOK)
	if fmt.Sprint(totals["active"], totals["revoked"], totals["expired"], totals["disabled"], totals["deleted"], " ", totals["as_of"]) != "1 1 0 0 0 2030-05-06T06:08:09.123Z" {
		t.Errorf("the totals are %v", totals)
	}
	a.issueKey()
	a.clock.advance(59 * time.Second)
	if again := a.expectStatus(a.get("/auth/totals"), http.StatusOK); fmt.Sprint(again) != fmt.Sprint(totals) {
		t.Errorf("within the minute the totals are %v", again)
	}
	a.clock.advance(time.Second)
	if later := a.expectStatus(a.get("/auth/totals"), http.StatusOK); fmt.Sprint(later["active"]) != "2" {
		t.Errorf("after a minute the totals are %v", later)
	}
}

// An export has all keys that the filter finds, in more than one page.
func TestExportingKeys(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	params := keys.IssueManyParams{Keys: make([]keys.IssueParams, repository.BatchSize)}
	for i := range params.Keys {
		params.Keys[i].Name = fmt.Sprintf(`sensor "%d", =1`, i)
	}
	for range 2 {
		if _, err := a.auth.Keys().IssueMany(t.Context(), params); err != nil {
			t.Fatal(err)
		}
	}
	a.issueKey()
	answer := a.get("/auth/logs/export?name_prefix=sensor")
	lines := strings.Split(strings.TrimSpace(answer.Body.String()), "\n")
	var first map[string]any
	if err := json.Unmarshal([]byte(lines[0]), &first); err != nil || len(lines) != 2000 || first["name"] != `sensor "0", =1` {
		t.Errorf("%d lines, the first %v (%v)", len(lines), first, err)
	}
	if got := answer.Header().Get("Content-Type") + answer.Header().Get("Cache-Control"); got != "application/x-ndjsonno-store" {
		t.Errorf("the headers are %v", answer.Header())
	}
	answer = a.get("/auth/logs/export?format=csv&status=active")
	rows, err := csv.NewReader(answer.Body).ReadAll()
	if err != nil || len(rows) != 2002 || rows[0][0] != "id" || rows[1][2] != `sensor "0", =1` || rows[2001][2] != "service" {
		t.Errorf("%d rows of CSV (%v)", len(rows), err)
	}
	empty := a.get("/auth/logs/export?format=csv&name=nothing").Body.String()
	if !strings.HasPrefix(empty, "id,hint,") || strings.Count(empty, "\n") != 1 {
		t.Errorf("an empty export is %q", empty)
	}
	a.expectRecord("action=key.list object_id=\"\" actor=admin client_address=192.0.2.1 outcome=done filters=name_prefix rows=2000")
}

// A filter that is too broad says what is narrow enough.
func TestTooBroadFilters(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	a.repo.meddle(func(call string) error {
		if slices.Contains([]string{"ListKeys", "ListUsers", "UsageSeries"}, call) {
			return repository.ErrTooBroad
		}
		return nil
	})
	for path, want := range map[string]string{
		"/auth/logs?expires_before=2031-01-01&sort=total_queries": "expiration_date",
		"/auth/logs?unused_since=2030-01-01&sort=total_queries":   "latest_query_date",
		"/auth/logs?created_since=2030-01-01&sort=total_queries":  "creation_date",
		"/auth/logs?name_prefix=x":                                "longer name_prefix",
		"/auth/logs/export?name_prefix=x":                         "longer name_prefix",
		"/auth/usage?by=user,route":                               "break the series down by key",
		"/auth/users?username_prefix=x":                           "longer prefix",
	} {
		answer := a.get(path)
		text := answer.Body.String()
		expectProblem(t, answer, 422, "filter_too_broad", "")
		if !strings.Contains(text, want) || !strings.Contains(text, "100000 rows") {
			t.Errorf("%s is answered %s", path, text)
		}
	}
}
