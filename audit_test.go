package ginauth_test

import (
	"errors"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/ginauth/ginauth"
	"github.com/ginauth/ginauth/repository"
)

// Who is created without a key that could be used is in the audit all the same.
func TestAuditOfUnconfirmedUsers(t *testing.T) {
	a, _ := newMailing(t, func(c *ginauth.Config) { c.RequireConfirmedEmail = true })
	expectProblem(t, a.call("/auth/new", `{`+ada+`}`), http.StatusForbidden, "email_unconfirmed", "")
	record := regexp.MustCompile(`action=key.create object_id=(\S+) actor=admin client_address=192.0.2.1 outcome=email_unconfirmed`).
		FindStringSubmatch(a.log.String())
	if record == nil || !strings.Contains(a.get("/auth/logs?username=ada").Body.String(), record[1]) {
		t.Errorf("the log is %s", a.log)
	}
}

// What a call has done before it failed is in the audit.
func TestAuditOfAPasswordThatCannotBeMailed(t *testing.T) {
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

// Who is not let in to look is in the audit.
func TestAuditOfLogins(t *testing.T) {
	a := newAccounts(t)
	a.register("ada")
	a.as("ada", "wrong", "/account/logs", "")
	if !strings.Contains(a.log.String(), `action=user.login object_id="" actor="" client_address=192.0.2.1 outcome=credentials_wrong`) {
		t.Errorf("the log is %s", a.log)
	}
}

// Strangers cannot fill the log.
func TestAuditOfStrangers(t *testing.T) {
	a, _ := newMailing(t)
	begin := time.Now()
	for range 50 {
		a.confirm("wrong")
		a.public("/account/new", `{}`)
	}
	seconds := int(time.Since(begin).Seconds())
	if n := strings.Count(a.log.String(), "msg=audit"); n < 1 || n > seconds+2 {
		t.Errorf("the log has %d records of %d seconds", n, seconds)
	}
}
