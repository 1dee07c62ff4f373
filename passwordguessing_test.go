package ginauth_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/bcrypt"

	"github.com/ginauth/ginauth/models"
)

// From one address an account can be guessed at ten times, from others all the
// same; and who guesses from many is stopped by the account's own budget, which
// does not stop the user.
func TestGuessingPasswords(t *testing.T) {
	a := newApp(t)
	user := a.issue(`{` + ada + `}`).text("user_id")
	a.expectVerified("ada", password, true)
	a.setUser(user, func(u *models.User) { u.PasswordHash = cheapHash(t) })
	for i := range 10 {
		if answer := a.verify([]string{"ada", "ADA"}[i%2], "wrong", "192.0.2.7"); answer.Code != http.StatusOK {
			t.Fatalf("guess %d is answered %d", i, answer.Code)
		}
	}
	for _, guess := range []string{"wrong", password} {
		answer := a.verify("ada", guess, "192.0.2.7")
		expectProblem(t, answer, http.StatusTooManyRequests, "too_many_attempts", "")
		if answer.Header().Get("Retry-After") == "" {
			t.Error("it is not said when to come again")
		}
	}
	for i := range 100 {
		a.verify("ada", "wrong", fmt.Sprintf("198.51.100.%d", i))
	}
	expectProblem(t, a.verify("ada", password, "203.0.113.1"), http.StatusTooManyRequests, "too_many_attempts", "")
	a.expectVerified("ada", password, true) // from where it was right before
	a.clock.advance(10 * time.Second)
	if answer := a.verify("ada", "wrong", "192.0.2.7"); answer.Code != http.StatusOK {
		t.Errorf("after a while a guess is answered %d", answer.Code)
	}
}

// Guesses at a username say nothing about an address, or that would tell whose
// it is.
func TestGuessesTellNobodysAddress(t *testing.T) {
	a := newApp(t)
	user := a.issue(`{` + ada + `}`).text("user_id")
	a.setUser(user, func(u *models.User) { u.PasswordHash = cheapHash(t) })
	for range 10 {
		a.verify("ada", "wrong", "192.0.2.7")
	}
	expectProblem(t, a.verify("ada", "wrong", "192.0.2.7"), http.StatusTooManyRequests, "too_many_attempts", "")
	for _, login := range []string{"ada@example.com", "nobody@example.com"} {
		if answer := a.verify(login, "wrong", "192.0.2.7"); answer.Code != http.StatusOK {
			t.Errorf("a guess at %s is answered %d", login, answer.Code)
		}
	}
}

// Logins by HTTP Basic, which are open to anybody, are slowed down alike.
func TestGuessingByBasic(t *testing.T) {
	a := newAccounts(t)
	user := a.register("ada")
	a.setUser(user.id, func(u *models.User) { u.PasswordHash = cheapHash(t) })
	for range 10 {
		expectProblem(t, a.as("ada", "wrong", "/account", ""), http.StatusUnauthorized, "credentials_wrong", "")
	}
	answer := a.as("ada", password, "/account", "")
	expectProblem(t, answer, http.StatusTooManyRequests, "too_many_attempts", "")
	if answer.Header().Get("Retry-After") != "10" {
		t.Errorf("one is to come again after %q seconds", answer.Header().Get("Retry-After"))
	}
}

// Where the password was right, it is known by either login.
func TestKnownByEitherLogin(t *testing.T) {
	a := newApp(t)
	user := a.issue(`{` + ada + `}`).text("user_id")
	a.setUser(user, func(u *models.User) { u.PasswordHash = cheapHash(t) })
	a.expectVerified("ada", password, true)
	a.setUser(user, func(u *models.User) { u.PasswordHash = cheapHash(t) })
	for i := range 101 {
		a.verify("ada@example.com", "wrong", fmt.Sprintf("198.51.100.%d", i))
	}
	expectProblem(t, a.verify("ada@example.com", password, "203.0.113.1"), http.StatusTooManyRequests, "too_many_attempts", "")
	a.expectVerified("ada@example.com", password, true)
}

// An address that is known to a login is not to its next owner.
func TestKnownToOneOwner(t *testing.T) {
	a := newAccounts(t)
	eve := a.register("eve")
	a.setUser(eve.id, func(u *models.User) { u.Email, u.CanonicalEmail = "ada@example.com", "ada@example.com" })
	a.expectVerified("ada@example.com", password, true)
	a.setUser(eve.id, func(u *models.User) { u.Email, u.CanonicalEmail = "eve@example.com", "eve@example.com" })
	a.register("ada")
	for range 10 {
		a.verify("ada@example.com", "wrong", "192.0.2.1")
	}
	expectProblem(t, a.verify("ada@example.com", "wrong", "192.0.2.1"), http.StatusTooManyRequests, "too_many_attempts", "")
}

// cheapHash is one of the password that takes next to no work.
func cheapHash(t *testing.T) string {
	t.Helper()
	hash, err := bcrypt.GenerateFromPassword([]byte(password), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	return string(hash)
}

// A name that nobody has is slowed down alike.
func TestGuessingNobodysPassword(t *testing.T) {
	a := newApp(t)
	for range 10 {
		a.expectVerified("nobody", password, false)
	}
	for _, login := range []string{"Nobody", "ｎobody"} { // else it would show who is there
		expectProblem(t, a.verify(login, password, "192.0.2.1"), http.StatusTooManyRequests, "too_many_attempts", "")
	}
}

// Many guesses at once are no more than one after the other.
func TestGuessesAtOnce(t *testing.T) {
	a := newApp(t)
	user := a.issue(`{` + ada + `}`).text("user_id")
	a.setUser(user, func(u *models.User) { u.PasswordHash = cheapHash(t) })
	codes := make([]int, 30)
	var group sync.WaitGroup
	for i := range codes {
		group.Go(func() { codes[i] = a.verify("ada", "wrong", "192.0.2.7").Code })
	}
	group.Wait()
	guesses := 0
	for _, code := range codes {
		if code != http.StatusTooManyRequests {
			guesses++
		}
	}
	if guesses != 10 {
		t.Errorf("%d of %d guesses are made", guesses, len(codes))
	}
}

// Whose password is passed on is guessed at from there, not from where it is
// passed on.
func TestIssuingForAClient(t *testing.T) {
	a := newApp(t)
	user := a.issue(`{` + ada + `}`).text("user_id")
	a.setUser(user, func(u *models.User) { u.PasswordHash = cheapHash(t) })
	wrong := strings.Replace(ada, password, "Analytical-2_Engine", 1)
	for range 10 {
		expectProblem(t, a.call("/auth/new", `{`+wrong+`,"client_address":"192.0.2.7"}`), 403, "wrong_password", "")
	}
	expectProblem(t, a.call("/auth/new", `{`+ada+`,"client_address":"192.0.2.7"}`), 429, "too_many_attempts", "")
	a.issue(`{` + ada + `,"client_address":"2001:db8::1"}`)
	for _, body := range []string{`{` + ada + `,"client_address":"ada"}`, `{"name":"service","client_address":"192.0.2.7"}`} {
		expectProblem(t, a.call("/auth/new", body), 422, "fields_invalid", "client_address")
	}
}

// Right passwords may be sent many at once, once one was right.
func TestLoginsAtOnce(t *testing.T) {
	a := newApp(t)
	user := a.issue(`{` + ada + `}`).text("user_id")
	a.setUser(user, func(u *models.User) { u.PasswordHash = cheapHash(t) })
	a.expectVerified("ada", password, true)
	var group sync.WaitGroup
	codes := make([]int, 30)
	for i := range codes {
		group.Go(func() { codes[i] = a.verify("ada", password, "192.0.2.1").Code })
	}
	group.Wait()
	passed := 0
	for _, code := range codes {
		switch code {
		case http.StatusOK:
			passed++
		case http.StatusTooManyRequests, http.StatusServiceUnavailable: // where hashing takes long
		default:
			t.Fatalf("the answers are %v", codes)
		}
	}
	if passed <= 10 { // as many as there are guesses free
		t.Errorf("only %d pass: %v", passed, codes)
	}
}
