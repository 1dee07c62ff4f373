package ginauth_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ginauth/ginauth"
)

// A user has so many keys that are not revoked, by whichever call, however many
// at once; administrators' keys for services are free of it.
func TestMaxKeysPerUser(t *testing.T) {
	t.Parallel()
	a := newAccounts(t, func(c *ginauth.Config) { c.MaxKeysPerUser = 3 })
	user := a.register("ada")
	codes := make([]int, 6)
	var group sync.WaitGroup
	for i := range codes {
		group.Go(func() { codes[i] = a.as("ada", password, "/account/new", `{}`).Code })
	}
	group.Wait()
	if text := fmt.Sprint(codes); strings.Count(text, "201") != 2 || strings.Count(text, "409") != 4 {
		t.Errorf("the answers are %v", codes)
	}
	detail := expectProblem(t, a.as("ada", password, "/account/new", `{}`), 409, "too_many_keys", "").text("detail")
	if !strings.Contains(detail, "3 keys") || !strings.Contains(detail, "revoke") {
		t.Errorf("the detail is %q", detail)
	}
	again := fmt.Sprintf(`{"username":"ada","email":"ada@example.com","password":%q}`, password)
	expectProblem(t, a.call("/auth/new", again), 409, "too_many_keys", "")
	a.issueKey()
	a.register("bob")
	a.expectStatus(a.as("ada", password, "/account/revoke", `{"id":"`+user.keyID+`"}`), 200)
	issued := a.expectStatus(a.as("ada", password, "/account/new", `{}`), 201)
	a.expectStatus(a.call("/auth/delete", `{"id":"`+issued.text("id")+`"}`), 204)
	a.issue(again)
}

// Users' keys last so long at most, whichever call issues or renews them; what an
// administrator renews, and keys of services, may last longer.
func TestMaxLifetime(t *testing.T) {
	t.Parallel()
	a := newAccounts(t, func(c *ginauth.Config) { c.MaxLifetime = 10 * 24 * time.Hour })
	const latest = "2030-05-16T06:08:09.123Z"
	first := a.issue(`{` + ada + `}`)
	if first["expiration_date"] != latest {
		t.Errorf("the default is not cut: %v", first)
	}
	id := `"id":"` + first.text("id") + `"`
	for _, date := range []string{`"expiration_date":"2030-05-16"`, `"expiration_date":"2030-05-16T06:08:09.124Z"`, `"expiration_date":"9999-12-31"`, `"never_expires":true`} {
		field, _, _ := strings.Cut(strings.Trim(date, `"`), `"`)
		refusals := []object{
			expectProblem(t, a.as("ada", password, "/account/new", `{`+date+`}`), 422, "fields_invalid", field),
			expectProblem(t, a.as("ada", password, "/account/renew", `{`+id+`,`+date+`}`), 422, "fields_invalid", field),
			expectProblem(t, a.call("/auth/new", `{`+ada+`,`+date+`}`), 422, "fields_invalid", field),
		}
		for _, refusal := range refusals {
			if text := fmt.Sprint(refusal["errors"]); !strings.Contains(text, "expiration_too_late") || !strings.Contains(text, "2030-05-16T06:08:09Z") {
				t.Errorf("the refusal is %s", text)
			}
		}
	}
	if got := a.expectStatus(a.as("ada", password, "/account/new", `{"expiration_date":"`+latest+`"}`), 201); got["expiration_date"] != latest {
		t.Errorf("the key is %v", got)
	}
	a.clock.advance(24 * time.Hour)
	if got := a.expectStatus(a.as("ada", password, "/account/renew", `{`+id+`}`), 200); got["expiration_date"] != "2030-05-17T06:08:09.123Z" {
		t.Errorf("the renewed key is %v", got)
	}
	if got := a.issue(`{"name":"service","never_expires":true}`); got["never_expires"] != true {
		t.Errorf("the service's key is %v", got)
	}
	if got := a.expectStatus(a.call("/auth/renew", `{`+id+`,"never_expires":true}`), 200); got["never_expires"] != true {
		t.Errorf("the administrator's renewal is %v", got)
	}
}

func TestConfigOfLimits(t *testing.T) {
	t.Parallel()
	for name, config := range map[string]ginauth.Config{"MaxKeysPerUser: ": {MaxKeysPerUser: -1}, "MaxLifetime: ": {MaxLifetime: -1}} {
		config.Secrets = []string{secret}
		if err := config.Validate(); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("want an error about %s: %v", name, err)
		}
	}
}

// A date that an administrator has set is the administrator's to move.
func TestFixedExpiration(t *testing.T) {
	t.Parallel()
	a := newAccounts(t)
	set := a.issue(`{` + ada + `,"expiration_date":"2030-06-01"}`)
	free := a.issue(`{` + ada + `}`)
	renew := func(key object, rest string) string { return `{"id":"` + key.text("id") + `"` + rest + `}` }
	for _, rest := range []string{"", `,"expiration_date":"2030-05-20"`, `,"never_expires":true`} {
		expectProblem(t, a.as("Ada", password, "/account/renew", renew(set, rest)), 403, "expiration_fixed", "")
		a.expectStatus(a.as("Ada", password, "/account/renew", renew(free, rest)), 200)
	}
	a.expectStatus(a.call("/auth/renew", renew(free, `,"expiration_date":"2030-07-01"`)), 200)
	expectProblem(t, a.as("Ada", password, "/account/renew", renew(free, "")), 403, "expiration_fixed", "")
	a.expectStatus(a.call("/auth/renew", renew(free, "")), 200) // no date of the administrator's
	a.expectStatus(a.as("Ada", password, "/account/renew", renew(free, "")), 200)
	own := a.expectStatus(a.as("Ada", password, "/account/new", `{"expiration_date":"2030-06-01"}`), 201)
	a.expectStatus(a.as("Ada", password, "/account/renew", renew(own, "")), 200)
}

// No key of a user, old or new, outlasts the end that an administrator has set.
func TestAccessUntil(t *testing.T) {
	t.Parallel()
	a := newAccounts(t)
	user := a.register("ada")
	a.guarded(user.key)
	const end = "2030-05-08T23:59:59.999Z"
	got := a.expectStatus(a.call("/auth/users/update", `{"username":"ADA","access_until":"2030-05-08"}`), 200)
	if got["access_until"] != end || !strings.Contains(a.get("/auth/users").Body.String(), `"access_until":"`+end) {
		t.Errorf("the user is %v", got)
	}
	shown := a.expectStatus(a.as("ada", password, "/account/new", `{"never_expires":true}`), 201)
	later := shown.text("api_key")
	for _, row := range append(a.rows("/auth/logs"), shown) {
		if row["expiration_date"] != end || row["never_expires"] != false {
			t.Errorf("a key is %v", row)
		}
	}
	if got := a.expectStatus(a.as("ada", password, "/account/renew", `{"id":"`+user.keyID+`"}`), 200); got["expiration_date"] != end {
		t.Errorf("the renewed key is %v", got)
	}
	for _, key := range []string{user.key, later} {
		if a.guarded(key).Code != http.StatusOK {
			t.Error("a key is refused before the end")
		}
	}
	a.clock.advance(3 * 24 * time.Hour)
	for _, key := range []string{user.key, later} {
		expectProblem(t, a.guarded(key), 401, "key_expired", "")
	}
	expectProblem(t, a.as("ada", password, "/account/new", `{}`), 403, "access_ended", "")
	expectProblem(t, a.as("ada", password, "/account/renew", `{"id":"`+user.keyID+`"}`), 403, "access_ended", "")
	expectProblem(t, a.call("/auth/new", fmt.Sprintf(`{"username":"ada","email":"ada@example.com","password":%q}`, password)), 403, "access_ended", "")
	a.expectStatus(a.as("ada", password, "/account", ""), 200)
	if got := a.expectStatus(a.call("/auth/users/update", `{"id":"`+user.id+`","access_until":null}`), 200); got["access_until"] != nil {
		t.Errorf("the user is %v", got)
	}
	for _, key := range []string{user.key, later} {
		if a.guarded(key).Code != http.StatusOK {
			t.Error("a key is refused when the end is lifted")
		}
	}
	a.expectStatus(a.call("/auth/users/update", `{"email":"ada@example.com","access_until":"2030-05-09T00:00:00+02:00"}`), 200)
	expectProblem(t, a.guarded(user.key), 401, "key_expired", "") // at once
	for _, bad := range []string{`""`, `"soon"`, `"2030-13-01"`, `"10000-01-01"`, `"0001-01-01T00:00:00Z"`, `"1969-12-31"`} {
		expectProblem(t, a.call("/auth/users/update", `{"username":"ada","access_until":`+bad+`}`), 422, "fields_invalid", "access_until")
	}
	for _, bad := range []string{`7`, `true`, `{}`, `[]`} {
		expectProblem(t, a.call("/auth/users/update", `{"username":"ada","access_until":`+bad+`}`), 400, "body_invalid", "access_until")
	}
	expectProblem(t, a.call("/auth/users/update", `{"username":"ada"}`), 422, "fields_invalid", "access_until")
	expectProblem(t, a.call("/auth/users/update", `{"access_until":null}`), 422, "fields_invalid", "username")
	expectProblem(t, a.call("/auth/users/update", `{"username":"eve","access_until":null}`), 404, "user_not_found", "")
}
