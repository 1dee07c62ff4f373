package ginauth_test

import (
	"fmt"
	"log/slog"
	"net/http"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/ginauth/ginauth"
	"github.com/ginauth/ginauth/mail"
	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/repository"
	"github.com/ginauth/ginauth/security"
)

func quiet(c *ginauth.Config) { c.Logger = slog.New(slog.DiscardHandler) }

// atOnce calls the guarded endpoint with each key, so many at a time, and counts
// the answers by status.
func (a *app) atOnce(keys []string, width int) map[int]int {
	a.t.Helper()
	var mu sync.Mutex
	var group sync.WaitGroup
	codes, next := map[int]int{}, atomic.Int64{}
	for range width {
		group.Go(func() {
			for i := next.Add(1) - 1; int(i) < len(keys); i = next.Add(1) - 1 {
				code := a.guarded(keys[i]).Code
				mu.Lock()
				codes[code]++
				mu.Unlock()
			}
		})
	}
	group.Wait()
	return codes
}

func madeUpKeys(n int) []string {
	keys := make([]string, n)
	for i := range keys {
		keys[i] = security.NewKey("ga")
	}
	return keys
}

// Of 2,000 made-up keys at once from one address 60 are asked for, also when what
// is remembered of them has ended.
func TestUnknownKeysAtOnce(t *testing.T) {
	a := newApp(t, quiet)
	keys := madeUpKeys(2000)
	a.settled()
	var codes map[int]int
	queries := a.queriesDuring(func() { codes = a.atOnce(keys, 500) })
	if queries != 60 || codes[http.StatusUnauthorized] != 60 || codes[http.StatusTooManyRequests] != 1940 {
		t.Errorf("%d queries, and the answers are %v", queries, codes)
	}
	a.changeElsewhere()
	if queries := a.queriesDuring(func() { codes = a.atOnce(keys, 500) }); queries != 0 || codes[http.StatusTooManyRequests] != 2000 {
		t.Errorf("after a change there are %d queries, and the answers are %v", queries, codes)
	}
}

// changeElsewhere has a key created that this process has not made, and waits
// until that is known here.
func (a *app) changeElsewhere() {
	a.t.Helper()
	hash := security.HashKey(security.NewKey("ga"))
	key := models.APIKey{ID: fmt.Sprintf("elsewhere-%x", hash[:8]), Hash: hash[:], Name: "service", CreationDate: a.clock.Now()}
	if err := a.repo.Repository.CreateKey(a.t.Context(), repository.Attribution{Actor: "elsewhere", At: a.clock.Now()}, key, repository.CreateKeyOptions{}); err != nil {
		a.t.Fatal(err)
	}
	a.settled()
}

// Good keys that the process has not read yet are all accepted, however many come
// at once from one address, and beside those that are not there.
func TestManyColdKeysFromOneAddress(t *testing.T) {
	a := newApp(t, quiet, func(c *ginauth.Config) { c.CacheSize = 1 })
	a.repo.answerAll()
	for _, width := range []int{16, 256} {
		a.settled()
		keys := madeUpKeys(5000)
		if codes := a.atOnce(keys, width); codes[http.StatusOK] != len(keys) {
			t.Errorf("%d at a time are answered %v", width, codes)
		}
	}
}

// A change of a user ends nothing that is remembered of keys that are not there.
func TestUsersEndNoAbsence(t *testing.T) {
	a := newAccounts(t, quiet)
	user := a.register("ada")
	a.settled()
	keys := madeUpKeys(50)
	a.atOnce(keys, 1)
	a.setUser(user.id, func(u *models.User) { u.MailFailureDate = a.clock.Now() })                                  // on another node
	a.expectStatus(a.as("ada", password, "/account/password", `{"password":"Difference-2_Engine"}`), http.StatusOK) // on this one
	a.call("/auth/users/disable", `{"username":"ada"}`)
	a.settled()
	if queries := a.queriesDuring(func() { a.atOnce(keys, 1) }); queries != 0 {
		t.Errorf("after changes of a user %d made-up keys are asked for again", queries)
	}
}

// Whether an address has an account, nobody learns by how often another node asks
// for made-up keys after a link to a new password was requested.
func TestResetRequestsEndNoAbsenceElsewhere(t *testing.T) {
	path := filepath.Join(t.TempDir(), "shared.db")
	p := &postman{mails: make(chan mail.Message, 100)}
	one := newNode(t, path, func(c *ginauth.Config) { c.Mailer, c.PublicURL = p, "https://app.example.org/base" })
	other := newNode(t, path)
	one.auth.RegisterAccount(one.engine.Group("/account"))
	one.register("ada")
	other.settled()
	keys := madeUpKeys(50)
	other.atOnce(keys, 1)
	for _, address := range []string{"nobody@example.com", "ada@example.com"} {
		if code := one.public("/account/forgot", `{"email":"`+address+`"}`); code != http.StatusAccepted {
			t.Fatalf("a request is answered %d", code)
		}
		if address == "ada@example.com" {
			p.token(t, address, "reset") // the token is stored
		}
		other.settled()
		if queries := other.queriesDuring(func() { other.atOnce(keys, 1) }); queries != 0 {
			t.Errorf("after a request for %s the other node asks for %d made-up keys again", address, queries)
		}
	}
}

// A key that another node creates is accepted though it was asked for before.
func TestAskedForBeforeItWasThere(t *testing.T) {
	a := newApp(t, quiet)
	text := security.NewKey("ga")
	expectProblem(t, a.guarded(text), http.StatusUnauthorized, "key_invalid", "")
	hash := security.HashKey(text)
	key := models.APIKey{ID: "elsewhere", Hash: hash[:], Name: "service", CreationDate: a.clock.Now()}
	if err := a.repo.Repository.CreateKey(t.Context(), repository.Attribution{Actor: "elsewhere", At: a.clock.Now()}, key, repository.CreateKeyOptions{}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the key is accepted", func() bool { return a.guarded(text).Code == http.StatusOK })
}
