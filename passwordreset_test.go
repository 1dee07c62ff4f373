package ginauth_test

import (
	"strings"
	"testing"
)

// A link to a new password that was promised comes when the database does.
func TestResetDuringAnOutage(t *testing.T) {
	t.Parallel()
	a, p := newMailing(t)
	a.register("ada")
	a.loseUsers()
	a.forget("ada@example.com")
	eventually(t, "the failure is logged", func() bool { return strings.Contains(a.log.String(), "it is tried again") })
	if strings.Contains(a.log.String(), "ada@example.com") {
		t.Error("the log holds the address")
	}
	a.repo.meddle(nil)
	if code := a.reset(p.token(t, "ada@example.com", "reset"), password+"!"); code != 204 {
		t.Errorf("the new password is answered %d", code)
	}
}

// Closing tries what waits once more, says what is lost, and nothing is
// promised afterwards.
func TestResetAtShutdown(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		isBack bool
		err    string
	}{
		"the database is back": {isBack: true},
		"it is away":           {err: "2 new passwords were not mailed"},
	} {
		t.Run(name, func(t *testing.T) {
			a, p := newMailing(t)
			a.register("ada")
			a.loseUsers()
			a.forget("ada@example.com")
			eventually(t, "the failure is logged", func() bool { return strings.Contains(a.log.String(), "it is tried again") })
			a.forget("ada@example.com")
			if test.isBack {
				a.repo.meddle(nil)
			}
			if err := a.auth.Close(); (err == nil) != test.isBack || (err != nil && err.Error() != test.err) {
				t.Errorf("closing returns %v", err)
			}
			if mails := len(p.mails); (mails > 0) != test.isBack {
				t.Errorf("%d mails are sent", mails)
			}
			if code := a.public("/account/forgot", `{"email":"ada@example.com"}`); code != 503 {
				t.Errorf("later it is answered %d", code)
			}
		})
	}
}

// A mail that was never written does not count against the user.
func TestMailThatFailsIsNotCounted(t *testing.T) {
	t.Parallel()
	a, p := newMailing(t)
	a.register("ada")
	a.repo.meddle(func(call string) error {
		if call == "AddToken" {
			return errDown
		}
		return nil
	})
	for range 6 {
		a.expectStatus(a.as("ada", password, "/account/confirm/send", `{}`), 503)
	}
	a.repo.meddle(nil)
	a.expectStatus(a.as("ada", password, "/account/confirm/send", `{}`), 202)
	p.token(t, "ada@example.com", "confirm")
}

func (a *app) forget(email string) {
	a.t.Helper()
	if code := a.public("/account/forgot", `{"email":"`+email+`"}`); code != 202 {
		a.t.Fatalf("forgetting is answered %d", code)
	}
}

// loseUsers makes users impossible to look up by address.
func (a *app) loseUsers() {
	a.repo.meddle(func(call string) error {
		if call == "UserByEmail" {
			return errDown
		}
		return nil
	})
}
