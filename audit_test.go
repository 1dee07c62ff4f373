package ginauth_test

import (
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/ginauth/ginauth"
	"github.com/ginauth/ginauth/repository"
	"github.com/ginauth/ginauth/security"
)

// A user created without a usable key is in the audit all the same.
func TestAuditOfUnconfirmedUsers(t *testing.T) {
	t.Parallel()
	a, _ := newMailing(t, func(c *ginauth.Config) { c.RequireConfirmedEmail = true })
	expectProblem(t, a.call("/auth/new", `{`+ada+`}`), http.StatusForbidden, "email_unconfirmed", "")
	record := regexp.MustCompile(`action=key.create object_id=(\S+) actor=admin client_address=192.0.2.1 outcome=email_unconfirmed`).
		FindStringSubmatch(a.log.String())
	if record == nil || !strings.Contains(a.get("/auth/logs?username=ada").Body.String(), record[1]) {
		t.Errorf("the log is %s", a.log)
	}
}

// The steps of a call that failed later are in the audit.
func TestAuditOfAPasswordThatCannotBeMailed(t *testing.T) {
	t.Parallel()
	a, _ := newMailing(t)
	user := a.register("ada")
	a.repo.meddle(func(call string) error {
		if call == "AddToken" {
			return errors.New("the store is down")
		}
		return nil
	})
	a.expectStatus(a.call("/auth/users/reset", `{"username":"ada"}`), http.StatusServiceUnavailable)
	by := " object_id=" + user.id + " actor=admin client_address=192.0.2.1 outcome="
	for _, want := range []string{"action=user.password" + by + "done", "action=user.reset" + by + "store_unavailable"} {
		if strings.Count(a.log.String(), want) != 1 {
			t.Errorf("not once in the log: %s", want)
		}
	}
}

// A key that may have been stored is in the audit, for who has to look for it.
func TestAuditOfUnknownOutcomes(t *testing.T) {
	t.Parallel()
	for call, send := range map[string]func(a *app) int{
		"CreateUser": func(a *app) int { return a.call("/auth/new", `{`+ada+`}`).Code },
		"CreateKey":  func(a *app) int { return a.call("/auth/new", `{"name":"x"}`).Code },
	} {
		a := newApp(t)
		a.repo.meddle(func(next string) error {
			if next == call {
				return repository.ErrOutcomeUnknown
			}
			return nil
		})
		status := send(a)
		if status != http.StatusServiceUnavailable || !regexp.MustCompile(`action=key.create object_id=[0-9a-f-]{36} .*outcome=outcome_unknown`).MatchString(a.log.String()) {
			t.Errorf("after %s it is answered %d, and the log is %s", call, status, a.log)
		}
	}
}

// A refused login is in the audit.
func TestAuditOfLogins(t *testing.T) {
	t.Parallel()
	a := newAccounts(t)
	a.register("ada")
	a.as("ada", "wrong", "/account/logs", "")
	if !strings.Contains(a.log.String(), `action=user.login object_id="" actor="" client_address=192.0.2.1 outcome=credentials_wrong login_hash=`) {
		t.Errorf("the log is %s", a.log)
	}
}

// Clients without a proof cannot fill the log, and what is left out is counted.
func TestAuditOfStrangers(t *testing.T) {
	t.Parallel()
	a, _ := newMailing(t)
	begin := time.Now()
	for range 50 {
		a.confirm("wrong")
		a.public("/account/new", `{}`)
		a.guarded(security.NewKey("ga"))
		a.do(request{path: "/auth/logs", header: header("secret-key", "wrong")})
		a.do(request{path: "/auth/logs?SECRET_KEY=wrong"})
	}
	const kinds, atOnce = 6, 10 // the tokens, the logins, their calls, wrong and missing secrets, secrets in URLs
	seconds := int(time.Since(begin).Seconds())
	if n := strings.Count(a.log.String(), "msg=audit"); n < kinds || n > kinds*(atOnce+seconds+1) {
		t.Errorf("the log has %d records of %d seconds", n, seconds)
	}
	_ = a.auth.Close()
	for action, want := range map[string]int{
		"user.confirm": 50, "user.login": 50, "key.create": 50, "guard.refuse": 50, "admin.login": 50, "admin.secret_in_url": 50,
	} {
		if n := a.recorded(action); n != want {
			t.Errorf("%s: %d of %d are recorded or counted:\n%s", action, n, want, a.log)
		}
	}
}

// recorded adds up what is recorded of an action: the records, what they count,
// and what was left out.
func (a *app) recorded(action string) (total int) {
	a.t.Helper()
	number := func(line, name string) int {
		found := regexp.MustCompile(` ` + name + `=(\d+)`).FindStringSubmatch(line)
		if found == nil {
			return 0
		}
		n, _ := strconv.Atoi(found[1])
		return n
	}
	for line := range strings.SplitSeq(a.log.String(), "\n") {
		switch {
		case strings.Contains(line, "action="+action+" "):
			total += max(1, number(line, "count")) + number(line, "left_out")
		case strings.Contains(line, `of="`+action+` `):
			total += number(line, "left_out")
		}
	}
	return total
}

// expectRecord expects one record that begins so.
func (a *app) expectRecord(want string) {
	a.t.Helper()
	if n := strings.Count(a.log.String(), "msg=audit "+want); n != 1 {
		a.t.Errorf("%d times in the log: %s\n%s", n, want, a.log)
	}
}

// Logins and verifications are recorded with the user's id, or else with a hash
// that tells logins apart and cannot be turned back.
func TestRecordsOfLogins(t *testing.T) {
	t.Parallel()
	a := newAccounts(t)
	user := a.register("ada")
	a.as("ada", password, "/account", "")
	a.as("ADA", "wrong", "/account", "")
	a.as("ada@example.com", "wrong", "/account", "")
	a.as("P4ssword_in_the_wrong_field", "x", "/account", "")
	verify := func(password string) {
		a.call("/auth/verify", `{"username":"ada","password":"`+password+`","client_address":"198.51.100.9"}`)
	}
	verify(password)
	verify("wrong")
	a.call("/auth/verify", `{}`)
	a.call("/auth/users/disable", `{"username":"ada"}`)
	verify(password)
	from := " client_address=192.0.2.1 outcome="
	a.expectRecord("action=user.login object_id=" + user.id + " actor=" + user.id + from + "done")
	a.expectRecord("action=user.show object_id=" + user.id + " actor=" + user.id + from + `done filters="" rows=1`)
	a.expectRecord("action=user.verify object_id=" + user.id + " actor=admin" + from + "done person_address=198.51.100.9")
	a.expectRecord("action=user.verify object_id=" + user.id + " actor=admin" + from + "user_disabled person_address=198.51.100.9")
	a.expectRecord(`action=user.verify object_id="" actor=admin` + from + "wrong_password login_hash=")
	a.expectRecord(`action=user.verify object_id="" actor=admin` + from + "fields_invalid")
	hashes := map[string]bool{}
	for _, found := range regexp.MustCompile(`credentials_wrong login_hash=([0-9a-f]{24})`).FindAllStringSubmatch(a.log.String(), -1) {
		hashes[found[1]] = true
	}
	if len(hashes) != 3 {
		t.Errorf("three logins have the hashes %v", hashes)
	}
	for _, text := range []string{"P4ssword", "p4ssword", "ada@", password} {
		if strings.Contains(a.log.String(), text) {
			t.Errorf("the log holds %s", text)
		}
	}
}

// Each look at personal data is recorded, by which kinds of filters, and how
// much; the values of filters are not.
func TestRecordsOfLists(t *testing.T) {
	t.Parallel()
	a := newAccounts(t)
	user := a.register("ada")
	a.get("/auth/users?email=ada@example.com&limit=5")
	a.get("/auth/users/export?id=" + user.id)
	a.get("/auth/logs?username=ada&status=active")
	a.get("/auth/usage")
	a.get("/auth/users?nonsense=hunter2")
	from := " actor=admin client_address=192.0.2.1 outcome="
	a.expectRecord(`action=user.list object_id=""` + from + "done filters=email rows=1")
	a.expectRecord("action=user.export object_id=" + user.id + from + "done filters=id rows=1")
	a.expectRecord(`action=key.list object_id=""` + from + "done filters=status,username rows=1")
	a.expectRecord(`action=usage.list object_id=""` + from + `done filters="" rows=0`)
	a.expectRecord(`action=user.list object_id=""` + from + "fields_invalid")
	if strings.Contains(a.log.String(), "ada@") || strings.Contains(a.log.String(), "hunter2") {
		t.Errorf("the log holds what was looked for: %s", a.log)
	}
}

// Refusals at the guard are counted by code, key and address; what is let
// through is not there.
func TestRecordsOfRefusals(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	key, id := a.issueKey()
	a.call("/auth/revoke", `{"id":"`+id+`"}`)
	good, _ := a.issueKey()
	for i := range 30 {
		a.guarded(key)
		a.guarded(good)
		a.do(request{path: "/secure", address: fmt.Sprintf("198.51.100.%d:1", i%3)})
	}
	_ = a.auth.Close()
	a.expectRecord("action=guard.refuse object_id=" + id + ` actor="" client_address=192.0.2.1 outcome=key_revoked count=30`)
	for i := range 3 {
		a.expectRecord(fmt.Sprintf(`action=guard.refuse object_id="" actor="" client_address=198.51.100.%d outcome=key_missing count=10`, i))
	}
	if n := strings.Count(a.log.String(), "guard.refuse"); n != 4 {
		t.Errorf("%d lines: %s", n, a.log)
	}
}

// The previous secret is told by its position, and a secret in a URL by where it
// was sent, never by the value.
func TestRecordsOfSecrets(t *testing.T) {
	t.Parallel()
	const previous = "the-previous-secret-which-is-long-enough"
	a := newApp(t, func(c *ginauth.Config) { c.Secrets = []string{secret, previous} })
	a.get("/auth/users")
	a.do(request{path: "/auth/users", header: header("secret-key", previous)})
	a.do(request{path: "/auth/users?Secret-Key=" + secret})
	a.do(request{path: "/secure?secret_key=" + secret})
	a.do(request{path: "/auth/users", header: header("secret-key", "wrong")})
	a.expectRecord(`action=admin.previous_secret object_id="" actor=admin client_address=192.0.2.1 outcome=done position=2`)
	for _, path := range []string{"/auth/users", "/secure"} {
		a.expectRecord(`action=admin.secret_in_url object_id="" actor="" client_address=192.0.2.1 outcome=secret_in_query path=` + path)
	}
	a.expectRecord(`action=admin.login object_id="" actor="" client_address=192.0.2.1 outcome=secret_wrong`)
	if strings.Contains(a.log.String(), secret) || strings.Contains(a.log.String(), previous) {
		t.Errorf("the log holds a secret: %s", a.log)
	}
}
