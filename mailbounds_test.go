package ginauth_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/ginauth/ginauth/mail"
	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/security"
)

// A user is mailed to a few times for each purpose, so that who asks for one
// cannot use up the other; and a client asks for a few mails.
func TestMailsAreLimited(t *testing.T) {
	t.Parallel()
	a, p := newMailing(t)
	a.register("ada")
	for range 5 {
		a.expectStatus(a.as("ada", password, "/account/confirm/send", `{}`), 202)
		p.token(t, "ada@example.com", "confirm")
	}
	expectProblem(t, a.as("ada", password, "/account/confirm/send", `{}`), 429, "too_many_attempts", "")
	for i := range 21 {
		want := 202
		if i == 20 {
			want = 429
		}
		if code := a.public("/account/forgot", `{"email":"ada@example.com"}`); code != want {
			t.Errorf("request %d is answered %d", i, code)
		}
		if i < 5 {
			p.token(t, "ada@example.com", "reset")
		}
	}
	_ = a.auth.Close() // answers what is left
	if len(p.mails) > 0 {
		t.Error("mails are sent beyond the limit")
	}
}

// Many accounts that give one address in turn have no more mails sent there
// than one has.
func TestMailsToOneAddressAreLimited(t *testing.T) {
	t.Parallel()
	a, p := newMailing(t)
	for _, user := range []string{"ada", "bob", "cyd"} {
		a.register(user)
	}
	for i := range 6 {
		user := []string{"ada", "bob", "cyd"}[i%3]
		answer := a.as(user, password, "/account/email", `{"email":"Victim@example.com"}`)
		if i == 5 {
			expectProblem(t, answer, 429, "too_many_attempts", "")
			break
		}
		a.expectStatus(answer, 200)
		p.token(t, "Victim@example.com", "confirm")
	}
}

// No mail to an address that may be somebody else's holds what the person has
// chosen who has it sent. Its owner is told the username, unless a mail program
// would make a link of it.
func TestMailsNameTheAccountToItsOwnerAlone(t *testing.T) {
	t.Parallel()
	a, p := newMailing(t)
	users := map[string]string{
		"ada": `the account "ada"`, "www.evil.example": "an account", "evil/path": "an account",
		"win-an-evil-prize": `the account "win-an-evil-prize"`, "call.me_evil": "an account",
		"freeevilmoney": `the account "freeevilmoney"`, "evil!claim-your-$1000": `the account "evil!claim-your-$1000"`,
	}
	expect := func(name string, m mail.Message) {
		if strings.Contains(m.Text, name+`"`) || strings.Contains(m.Text, "evil") || !strings.Contains(m.Text, "an account at https://app.example.org/base") {
			t.Errorf("the mail to nobody of whom it is known is %+v", m)
		}
	}
	for name, want := range users {
		own := fmt.Sprintf("user-%d@example.com", len(name))
		user := a.issue(fmt.Sprintf(`{"username":%q,"email":%q,"password":%q}`, name, own, password)).text("user_id")
		a.expectStatus(a.as(name, password, "/account/confirm/send", `{}`), 202)
		expect(name, p.next(t))
		a.public("/account/forgot", `{"email":"`+own+`"}`)
		expect(name, p.next(t))
		a.expectStatus(a.call("/auth/users/reset", `{"id":"`+user+`"}`), 200)
		expect(name, p.next(t))
		a.setPassword(user)
		a.setUser(user, func(u *models.User) { u.ConfirmationDate = a.clock.Now() })
		a.expectStatus(a.as(name, password, "/account/email", fmt.Sprintf(`{"email":"victim-%d@example.com"}`, len(name))), 200)
		for range 2 {
			m := p.next(t)
			if strings.HasPrefix(m.To, "victim") {
				expect(name, m)
			} else if !strings.Contains(m.Text, want) {
				t.Errorf("the mail to the owner is %+v", m)
			}
		}
	}
}

// setPassword gives a user back the usual password.
func (a *app) setPassword(id string) {
	a.t.Helper()
	hash := security.HashPassword(password)
	a.setUser(id, func(u *models.User) { u.PasswordHash = hash })
}

// next waits for a mail.
func (p *postman) next(t *testing.T) mail.Message {
	t.Helper()
	select {
	case m := <-p.mails:
		return m
	case <-time.After(10 * time.Second):
		t.Fatal("no mail comes")
		return mail.Message{}
	}
}

// A user who is mailed a link by an administrator is told what to do.
func TestMailOfAForcedReset(t *testing.T) {
	t.Parallel()
	a, p := newMailing(t)
	a.register("ada")
	a.expectStatus(a.call("/auth/users/reset", `{"username":"ada"}`), 200)
	m := p.next(t)
	if strings.Contains(m.Text, "nothing to do") || !strings.Contains(m.Text, "administrator") || !strings.Contains(m.Text, "/account/reset#") {
		t.Errorf("the mail is %+v", m)
	}
}
