package ginauth_test

import (
	"fmt"
	"strings"
	"testing"
)

// A user is mailed to a few times for each purpose, so that who asks for one
// cannot use up the other; and a client asks for a few mails.
func TestMailsAreLimited(t *testing.T) {
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
	a, p := newMailing(t)
	for _, user := range []string{"ada", "bob", "cyd"} {
		a.register(user)
	}
	for i := range 6 {
		user := []string{"ada", "bob", "cyd"}[i%3]
		a.expectStatus(a.as(user, password, "/account/email", `{"email":"Victim@example.com"}`), 200)
		if i < 5 {
			p.token(t, "Victim@example.com", "confirm")
		}
		own := fmt.Sprintf("%s-%d@example.com", user, i)
		a.expectStatus(a.as(user, password, "/account/email", `{"email":"`+own+`"}`), 200)
		p.token(t, own, "confirm")
	}
}

// Mails name the account, but by nothing of which a mail program would make a
// link.
func TestMailsNameTheAccount(t *testing.T) {
	a, p := newMailing(t)
	expect := func(want string) {
		if m := <-p.mails; !strings.Contains(m.Text, want) || strings.Contains(m.Text, "evil") {
			t.Errorf("the mail is %+v", m)
		}
	}
	for name, want := range map[string]string{"ada": `the account "ada"`, "www.evil.example": "an account"} {
		a.register(name)
		a.expectStatus(a.as(name, password, "/account/confirm/send", `{}`), 202)
		expect(want)
		a.public("/account/forgot", `{"email":"`+name+`@example.com"}`)
		expect(want)
	}
}
