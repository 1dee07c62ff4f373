package ginauth_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/ginauth/ginauth"
	"github.com/ginauth/ginauth/mail"
	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/repository"
)

// Mail to who is deleted, or has another address by now, is not sent any more.
func TestMailToNobody(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(a *app, user person){
		"a deleted user":         func(a *app, user person) { a.expectStatus(a.call("/auth/users/delete", `{"id":"`+user.id+`"}`), 204) },
		"one deleted by another": func(a *app, user person) { a.deleteElsewhere(user.id) },
		"one with another address": func(a *app, user person) {
			a.setUser(user.id, func(u *models.User) { u.Email, u.CanonicalEmail = "new@example.com", "new@example.com" })
		},
	} {
		t.Run(name, func(t *testing.T) {
			a, p := newMailing(t)
			user := a.register("ada")
			p.failWith(errors.New("the server is down"))
			a.expectStatus(a.as("ada", password, "/account/confirm/send", `{}`), 202)
			eventually(t, "the failure is seen", func() bool { return !a.user(user.id).MailFailureDate.IsZero() })
			end(a, user)
			p.failWith(nil)
			a.register("bob")
			a.expectStatus(a.as("bob", password, "/account/confirm/send", `{}`), 202)
			for waiting := true; waiting; {
				m := <-p.mails
				waiting = m.To != "bob@example.com"
				if m.To == "ada@example.com" {
					t.Error("the mail is sent")
				}
			}
			if err := a.auth.Close(); err != nil { // which tries what waits
				t.Errorf("closing returns %v", err)
			}
			for len(p.mails) > 0 {
				if m := <-p.mails; m.To == "ada@example.com" {
					t.Error("the mail is sent at the end")
				}
			}
		})
	}
}

// deleteElsewhere deletes a user as another process does.
func (a *app) deleteElsewhere(id string) {
	a.t.Helper()
	if err := a.repo.DeleteUser(a.t.Context(), repository.Attribution{Actor: "test", At: a.clock.Now()}, id, repository.DeleteUserOptions{}); err != nil {
		a.t.Fatal(err)
	}
}

// A caller with a bad token is not taken for the user whom it names.
func TestWrongTokenNamesNoActor(t *testing.T) {
	t.Parallel()
	a, p := newMailing(t)
	user := a.register("ada")
	a.as("ada", password, "/account/confirm/send", `{}`)
	token := p.token(t, "ada@example.com", "confirm")
	before := len(a.log.String())
	a.confirm(user.id + "." + strings.Repeat("A", 43))
	if record := a.log.String()[before:]; strings.Contains(record, user.id) || !strings.Contains(record, "token_invalid") {
		t.Errorf("the audit says %s", record)
	}
	a.confirm(token)
	if !strings.Contains(a.log.String()[before:], "actor="+user.id) {
		t.Error("the audit does not name who confirmed")
	}
}

// hanging is a mailer that says when it begins and ends, which it does with the
// context.
type hanging chan string

func (h hanging) Send(ctx context.Context, _ mail.Message) error {
	h <- "begun"
	<-ctx.Done()
	h <- "ended"
	return ctx.Err()
}

// Mail that is under way to who is deleted is broken off at once.
func TestDeletionBreaksMailOff(t *testing.T) {
	t.Parallel()
	h := make(hanging, 10)
	a, _ := newMailing(t, func(c *ginauth.Config) { c.Mailer = h })
	a.register("ada")
	a.expectStatus(a.as("ada", password, "/account/confirm/send", `{}`), 202)
	<-h
	a.expectStatus(a.call("/auth/users/delete", `{"username":"ada"}`), 204)
	select {
	case <-h:
	case <-time.After(10 * time.Second):
		t.Error("the mail goes on")
	}
}
