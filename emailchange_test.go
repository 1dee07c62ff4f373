package ginauth_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ginauth/ginauth/models"
)

// confirmAs confirms with a token and a login.
func (a *app) confirmAs(login, password, token string) *httptest.ResponseRecorder {
	a.t.Helper()
	return a.as(login, password, "/account/confirm", `{"token":"`+token+`"}`)
}

// changing is an app in which ada, whose address is confirmed, has asked for
// another one.
func changing(t *testing.T) (a *app, p *postman, user person, token string) {
	t.Helper()
	a, p = newMailing(t)
	user = a.register("ada")
	a.setUser(user.id, func(u *models.User) { u.ConfirmationDate = a.clock.Now() })
	if got := a.expectStatus(a.as("ada", password, "/account/email", `{"email":"New@Example.org"}`), 200); got["pending_email"] != "New@Example.org" || got["email"] != "ada@example.com" {
		t.Errorf("the answer is %v", got)
	}
	for range 2 {
		m := p.next(t)
		if _, after, found := strings.Cut(m.Text, "/account/confirm#"); found {
			token, _, _ = strings.Cut(after, "\n")
			if m.To != "New@Example.org" {
				t.Errorf("the link goes to %s", m.To)
			}
		} else if m.To != "ada@example.com" || m.Subject != "A new address was asked for" {
			t.Errorf("the mail is %+v", m)
		}
	}
	return a, p, user, token
}

// A new address is pending until somebody who is logged in confirms it; the old
// one is in effect meanwhile, and is told when it is not any more.
func TestChangeOfAddress(t *testing.T) {
	t.Parallel()
	a, p, user, token := changing(t)
	for _, login := range []string{"ada@example.com", "ada"} {
		if got := a.expectStatus(a.as(login, password, "/account", ""), 200); got["pending_email"] != "New@Example.org" || got["is_confirmed"] != true {
			t.Errorf("%s is %v", login, got)
		}
	}
	if body := a.get("/auth/users/export?id=" + user.id).Body.String(); !strings.Contains(body, `"pending_email":"New@Example.org"`) || !strings.Contains(body, `"purpose":"change"`) {
		t.Errorf("the export is %s", body)
	}
	expectProblem(t, a.as("new@example.org", password, "/account", ""), 401, "credentials_wrong", "")
	a.register("bob")
	for _, nobody := range []string{"", "ga_nonsense", user.key} {
		expectProblem(t, a.with(nobody, "/account/confirm", `{"token":"`+token+`"}`), 401, "credentials_missing", "")
	}
	expectProblem(t, a.confirmAs("ada", "wrong", token), 401, "credentials_wrong", "")
	expectProblem(t, a.confirmAs("bob", password, token), 403, "token_invalid", "")
	if code := a.reset(token, "Difference-2_Engine"); code != 403 {
		t.Errorf("a reset with it is answered %d", code)
	}
	if got := a.user(user.id); got.Email != "ada@example.com" {
		t.Fatalf("the address is %s", got.Email)
	}
	a.expectStatus(a.confirmAs("ada", password, token), 204)
	if got := a.user(user.id); got.Email != "New@Example.org" || !got.IsConfirmed() {
		t.Errorf("the user is %+v", got)
	}
	if got := a.expectStatus(a.as("new@example.org", password, "/account", ""), 200); got["pending_email"] != nil {
		t.Errorf("the user is %v", got)
	}
	p.notice(t, "ada@example.com", "Your address was changed")
	expectProblem(t, a.confirmAs("ada", password, token), 403, "token_invalid", "")
	if a.guarded(user.key).Code != 200 {
		t.Error("the key is refused")
	}
}

// The mailbox alone, or the password of another user, confirms nothing,
// and guesses at the password are counted.
func TestConfirmingAChangeIsNoWayToGuess(t *testing.T) {
	t.Parallel()
	a, _, _, token := changing(t)
	for range 10 {
		answer := a.do(request{
			method: http.MethodPost, path: "/account/confirm", body: `{"token":"` + token + `"}`, address: "192.0.2.9:1",
			header: header("Content-Type", "application/json", "Authorization", basic("ada", "wrong")),
		})
		expectProblem(t, answer, 401, "credentials_wrong", "")
	}
	answer := a.do(request{
		method: http.MethodPost, path: "/account/confirm", body: `{"token":"` + token + `"}`, address: "192.0.2.9:1",
		header: header("Content-Type", "application/json", "Authorization", basic("ada", password)),
	})
	expectProblem(t, answer, 429, "too_many_attempts", "")
}

// Whether an address is taken, nobody learns by asking for it: not by the answer
// and not by what the account shows; its owner is told, seldom.
func TestChangeToATakenAddress(t *testing.T) {
	t.Parallel()
	a, p := newMailing(t)
	for _, name := range []string{"ada", "bob", "cyd"} {
		a.register(name)
	}
	ask := func(login, email string) string {
		t.Helper()
		got := a.expectStatus(a.as(login, password, "/account/email", `{"email":"`+email+`"}`), 200)
		shown := a.expectStatus(a.as(login, password, "/account", ""), 200)
		if fmt.Sprint(got) != fmt.Sprint(shown) || got["pending_email"] != email {
			t.Errorf("the answer is %v, and shown is %v", got, shown)
		}
		delete(got, "id")
		delete(got, "creation_date")
		return strings.NewReplacer("ada", "x", "bob", "x", email, "new").Replace(fmt.Sprint(got))
	}
	free := ask("ada", "free@example.com")
	for range 2 { // the link and the notice, in either order
		p.next(t)
	}
	if taken := ask("bob", "cyd@example.com"); free != taken {
		t.Errorf("%q is not %q", free, taken)
	}
	subjects := map[string]string{}
	for range 2 {
		m := p.next(t)
		subjects[m.To] = m.Subject
		if strings.Contains(m.Text, "#") || strings.Contains(m.Text, "bob") && m.To == "cyd@example.com" {
			t.Errorf("the mail is %+v", m)
		}
	}
	if subjects["cyd@example.com"] != "Somebody gave your address" || subjects["bob@example.com"] != "A new address was asked for" {
		t.Errorf("the mails are %v", subjects)
	}
	for i := range 4 {
		a.expectStatus(a.as([]string{"ada", "bob"}[i%2], password, "/account/email", `{"email":"cyd@example.com"}`), 200)
	}
	expectProblem(t, a.as("ada", password, "/account/email", `{"email":"cyd@example.com"}`), 429, "too_many_attempts", "")
}

// Asking for an address that is taken asks the store for the same as asking for
// one that is free.
func TestTakenAddressesTakeTheSameWork(t *testing.T) {
	t.Parallel()
	a, p := newMailing(t)
	for _, name := range []string{"ada", "bob", "cyd"} {
		a.register(name)
	}
	work := func(name, address string) []string {
		var mu sync.Mutex
		calls := []string{}
		a.repo.meddle(func(call string) error {
			// The background reads the log and writes usage, and looks at each mail by UserByID.
			if !slices.Contains([]string{"UserByID", "Changes", "AddUsage"}, call) {
				mu.Lock()
				calls = append(calls, call)
				mu.Unlock()
			}
			return nil
		})
		a.expectStatus(a.as(name, password, "/account/email", `{"email":"`+address+`"}`), 200)
		a.repo.meddle(nil)
		for range 2 { // the link or the notice, and the notice to the address in effect
			p.next(t)
		}
		return calls
	}
	free, taken := work("ada", "free@example.com"), work("bob", "cyd@example.com")
	if !slices.Equal(free, taken) || !slices.Contains(free, "AddToken") || !slices.Contains(free, "UserByEmail") {
		t.Errorf("a free address takes %v, a taken one %v", free, taken)
	}
}

// An address that was taken meanwhile is not confirmed, and nothing changes.
func TestAddressIsTakenMeanwhile(t *testing.T) {
	t.Parallel()
	a, _, user, token := changing(t)
	a.issue(`{"username":"eve","email":"new@example.org","password":"` + password + `"}`)
	before := a.user(user.id)
	for range 2 {
		expectProblem(t, a.confirmAs("ada", password, token), 409, "email_taken", "email")
	}
	if after := a.user(user.id); fmt.Sprint(after) != fmt.Sprint(before) {
		t.Errorf("the user is %v and was %v", after, before)
	}
}

// A new password ends a change that is pending, as do an hour, the address itself
// given again, and an administrator.
func TestPendingAddressEnds(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(a *app){
		"a new password": func(a *app) {
			a.expectStatus(a.as("ada", password, "/account/password", `{"password":"Nautical-3_Almanac"}`), 200)
			a.expectStatus(a.as("ada", "Nautical-3_Almanac", "/account/password", `{"password":"`+password+`"}`), 200)
		},
		"an hour": func(a *app) { a.clock.advance(time.Hour) },
		"the same address": func(a *app) {
			a.expectStatus(a.as("ada", password, "/account/email", `{"email":"ADA@example.com"}`), 200)
		},
		"a forced reset": func(a *app) {
			id := a.expectStatus(a.call("/auth/users/reset", `{"username":"ada"}`), 200).text("id")
			a.setPassword(id)
		},
	} {
		t.Run(name, func(t *testing.T) {
			a, _, user, token := changing(t)
			end(a)
			if got := a.expectStatus(a.as("ada", password, "/account", ""), 200); got["pending_email"] != nil {
				t.Errorf("the user is %v", got)
			}
			expectProblem(t, a.confirmAs("ada", password, token), 403, "token_invalid", "")
			if !a.user(user.id).IsConfirmed() {
				t.Error("the address is not confirmed any more")
			}
		})
	}
}

// A user has few pending addresses at a time.
func TestPendingAddressesAreBounded(t *testing.T) {
	t.Parallel()
	a, _ := newMailing(t)
	a.register("ada")
	for i := range 6 {
		answer := a.as("ada", password, "/account/email", fmt.Sprintf(`{"email":"new-%d@example.com"}`, i))
		if i < 5 {
			a.expectStatus(answer, 200)
			continue
		}
		expectProblem(t, answer, 429, "too_many_attempts", "")
	}
}

// The address in effect is told of a new password, of one that was set by a link,
// and of a new address; and gets few such mails.
func TestOwnerIsTold(t *testing.T) {
	t.Parallel()
	a, p := newMailing(t)
	a.register("ada")
	a.expectStatus(a.as("ada", password, "/account/password", `{"password":"Nautical-3_Almanac"}`), 200)
	p.notice(t, "ada@example.com", "Your password was changed")
	a.forget("ada@example.com")
	if code := a.reset(p.token(t, "ada@example.com", "reset"), password); code != 204 {
		t.Errorf("the reset is answered %d", code)
	}
	p.notice(t, "ada@example.com", "Your password was set anew")
	for i := range 8 {
		from, to := password, "Nautical-3_Almanac"
		if i%2 == 1 {
			from, to = to, from
		}
		a.expectStatus(a.as("ada", from, "/account/password", `{"password":"`+to+`"}`), 200)
	}
	_ = a.auth.Close()
	if len(p.mails) != 3 {
		t.Errorf("%d more mails are sent", len(p.mails))
	}
}

// A new address that takes no mail says nothing of the one in effect.
func TestFailureOfANewAddress(t *testing.T) {
	t.Parallel()
	a, p := newMailing(t)
	user := a.register("ada")
	p.failFor("new@example.org")
	a.expectStatus(a.as("ada", password, "/account/email", `{"email":"new@example.org"}`), 200)
	p.notice(t, "ada@example.com", "A new address was asked for")
	eventually(t, "the failure is logged", func() bool { return strings.Contains(a.log.String(), "kind=\"change ") })
	if got := a.user(user.id); !got.MailFailureDate.IsZero() {
		t.Errorf("mail to the user fails since %v", got.MailFailureDate)
	}
}

// Without a mailer a change is in effect at once, and a taken address is told.
func TestChangeOfAddressWithoutMail(t *testing.T) {
	t.Parallel()
	a := newAccounts(t)
	user := a.register("ada")
	a.register("bob")
	a.setUser(user.id, func(u *models.User) { u.ConfirmationDate = a.clock.Now() })
	expectProblem(t, a.as("ada", password, "/account/email", `{"email":"BOB@example.com"}`), 409, "email_taken", "email")
	a.expectStatus(a.as("ada", password, "/account/email", `{"email":"ADA@example.com"}`), 200)
	if got := a.user(user.id); got.Email != "ADA@example.com" || !got.IsConfirmed() {
		t.Errorf("the user is %+v", got)
	}
	got := a.expectStatus(a.as("ada", password, "/account/email", `{"email":"new@example.com"}`), 200)
	if got["email"] != "new@example.com" || got["is_confirmed"] != false || got["pending_email"] != nil {
		t.Errorf("the user is %v", got)
	}
}
