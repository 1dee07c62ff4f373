package ginauth_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/security"
)

// before does something once, when the call is made next, which must be.
func (a *app) before(call string, do func()) {
	done := false
	a.t.Cleanup(func() {
		if !done {
			a.t.Errorf("%s is not called", call)
		}
	})
	a.repo.meddle(func(next string) error {
		if next == call && !done {
			done = true
			do()
		}
		return nil
	})
}

// lateCall is a call of a user, and what it asks of the store after the proof.
type lateCall struct{ before, body string }

// lateCalls are those that need the password.
func lateCalls() map[string]lateCall {
	return map[string]lateCall{
		"/account/new":      {"CreateKey", `{}`},
		"/account/renew":    {"UserByID", `{"id":"0190c2a0-0000-7000-8000-000000000000"}`},
		"/account/password": {"UserByID", `{"password":"Nautical-3_Almanac"}`},
		"/account/email":    {"UserByID", `{"email":"new@example.com"}`},
	}
}

// A caller whose password is changed during the call gets
// and changes nothing.
func TestPasswordChangesDuringACall(t *testing.T) {
	t.Parallel()
	for path, c := range lateCalls() {
		t.Run(path, func(t *testing.T) {
			a := newAccounts(t)
			user := a.register("ada")
			another := security.HashPassword("Difference-2_Engine")
			a.before(c.before, func() { a.setUser(user.id, func(u *models.User) { u.PasswordHash = another }) })
			expectProblem(t, a.as("ada", password, path, c.body), http.StatusConflict, "changed_meanwhile", "")
			if got := a.user(user.id); got.PasswordHash != another || got.CanonicalEmail != "ada@example.com" {
				t.Errorf("the user is %v", got)
			}
		})
	}
}

// A user who is deleted during the call gets no key, and is told why.
func TestUserIsDeletedDuringACall(t *testing.T) {
	t.Parallel()
	for path, c := range lateCalls() {
		t.Run(path, func(t *testing.T) {
			a := newAccounts(t)
			a.register("ada")
			a.before(c.before, func() { a.call("/auth/users/delete", `{"username":"ada"}`) })
			expectProblem(t, a.as("ada", password, path, c.body), http.StatusNotFound, "user_not_found", "")
		})
	}
}

// A mail that one address may get is not sent to another, whose mails are
// counted apart.
func TestAddressChangesDuringACall(t *testing.T) {
	t.Parallel()
	a, p := newMailing(t)
	user := a.register("ada")
	a.before("UserByID", func() {
		a.setUser(user.id, func(u *models.User) { u.Email, u.CanonicalEmail = "victim@example.com", "victim@example.com" })
	})
	expectProblem(t, a.as("ada", password, "/account/confirm/send", `{}`), http.StatusConflict, "changed_meanwhile", "")
	if tokens, err := a.repo.TokensByUser(t.Context(), user.id); len(p.mails) > 0 || len(tokens) > 0 || err != nil {
		t.Error("a mail is sent")
	}
}

// A call that finds the same user just made by another is answered as that user.
func TestUserIsCreatedDuringACall(t *testing.T) {
	t.Parallel()
	for _, lookUp := range []string{"UserByUsername", "UserByEmail", "CreateUser"} {
		t.Run(lookUp, func(t *testing.T) {
			a := newApp(t)
			a.before(lookUp, func() { a.issue(`{` + ada + `}`) })
			a.issue(`{` + ada + `}`)
		})
	}
}

// A caller whose body arrives late is authenticated when it is there.
func TestBodyArrivesLate(t *testing.T) {
	t.Parallel()
	a := newAccounts(t)
	user := a.register("ada")
	body := &heldBack{asked: make(chan struct{}), rest: strings.NewReader(`{"api_key":"` + user.key + `","never_expires":true}`)}
	body.released.Lock()
	answer := httptest.NewRecorder()
	var group sync.WaitGroup
	group.Go(func() {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/account/renew", body)
		r.Header.Set("Content-Type", "application/json")
		r.SetBasicAuth("ada", password)
		a.engine.ServeHTTP(answer, r)
	})
	<-body.asked
	a.setUser(user.id, func(u *models.User) { u.PasswordHash = security.HashPassword("Difference-2_Engine") })
	body.released.Unlock()
	group.Wait()
	expectProblem(t, answer, http.StatusUnauthorized, "credentials_wrong", "")
}

// heldBack is a body that is sent when it is released.
type heldBack struct {
	asked    chan struct{} // closed when it is waited for
	once     sync.Once
	released sync.Mutex
	rest     io.Reader
}

func (h *heldBack) Read(p []byte) (int, error) {
	h.once.Do(func() { close(h.asked) })
	h.released.Lock()
	defer h.released.Unlock()
	return h.rest.Read(p)
}

// A change of something else is no reason to refuse; being disabled is.
func TestUserIsReplacedDuringACall(t *testing.T) {
	t.Parallel()
	a := newAccounts(t)
	user := a.register("ada")
	a.before("CreateKey", func() { a.setUser(user.id, func(u *models.User) { u.ConfirmationDate = a.clock.Now() }) })
	a.expectStatus(a.as("ada", password, "/account/new", `{}`), http.StatusCreated)
	disable := func(u *models.User) { u.DisabledDate = a.clock.Now() }
	a.before("CreateKey", func() { a.setUser(user.id, disable) })
	expectProblem(t, a.as("ada", password, "/account/new", `{}`), http.StatusForbidden, "user_disabled", "")
	a.setUser(user.id, func(u *models.User) { u.DisabledDate = time.Time{} })
	a.before("UserByID", func() { a.setUser(user.id, disable) })
	expectProblem(t, a.as("ada", password, "/account/email", `{"email":"new@example.com"}`), http.StatusConflict, "changed_meanwhile", "")
}

// A forced reset ends what was mailed before, also where nothing can be mailed
// afterwards.
func TestForcedResetWithoutMail(t *testing.T) {
	t.Parallel()
	a, p := newMailing(t)
	a.register("ada")
	a.public("/account/forgot", `{"email":"ada@example.com"}`)
	token := p.token(t, "ada@example.com", "reset")
	var reset atomic.Bool // what asks earlier may be another mail on its way
	a.repo.meddle(func(call string) error {
		if call == "UserByID" && reset.Load() {
			return errors.New("the store is down")
		}
		if call == "UpdateUser" {
			reset.Store(true)
		}
		return nil
	})
	expectProblem(t, a.call("/auth/users/reset", `{"username":"ada"}`), http.StatusServiceUnavailable, "store_unavailable", "")
	a.repo.meddle(nil)
	if code := a.reset(token, "Difference-2_Engine"); code != http.StatusForbidden {
		t.Errorf("the token from before is answered %d", code)
	}
}

// A link mailed before a new password or address is worthless, though no mail
// can be sent in its place.
func TestChangesVoidTokens(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(a *app, p *postman){
		"a new password": func(a *app, _ *postman) {
			a.expectStatus(a.as("ada", password, "/account/password", `{"password":"Nautical-3_Almanac"}`), http.StatusOK)
		},
		"a new address": func(a *app, p *postman) {
			a.expectStatus(a.as("ada", password, "/account/email", `{"email":"new@example.com"}`), http.StatusOK)
			a.expectStatus(a.confirmAs("ada", password, p.token(a.t, "new@example.com", "confirm")), http.StatusNoContent)
		},
	} {
		t.Run(name, func(t *testing.T) {
			a, p := newMailing(t)
			a.register("ada")
			var token string
			for range 5 { // all that may be mailed
				a.public("/account/forgot", `{"email":"ada@example.com"}`)
				token = p.token(t, "ada@example.com", "reset")
			}
			change(a, p)
			if code := a.reset(token, "Difference-2_Engine"); code != http.StatusForbidden {
				t.Errorf("the token from before is answered %d", code)
			}
		})
	}
}
