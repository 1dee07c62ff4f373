package ginauth_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"runtime/metrics"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ginauth/ginauth"
	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/repository"
	"github.com/ginauth/ginauth/security"
)

// verify asks whether a password is right, for an address.
func (a *app) verify(login, password, address string) *httptest.ResponseRecorder {
	a.t.Helper()
	body, err := json.Marshal(map[string]string{"username": login, "password": password, "client_address": address})
	if err != nil {
		a.t.Fatal(err)
	}
	return a.call("/auth/verify", string(body))
}

func (a *app) expectVerified(login, password string, want bool) {
	a.t.Helper()
	answer := a.verify(login, password, "192.0.2.1")
	if answer.Code != http.StatusOK {
		a.t.Fatalf("verifying answers %d: %s", answer.Code, answer.Body)
	}
	body := answer.Body.String()
	if strings.Contains(body, `"verified":true`) != want {
		a.t.Errorf("%s is answered %s", login, body)
	}
	if !want && body != `{"verified":false,"user":null}` {
		a.t.Errorf("a refusal says more than that: %s", body)
	}
}

func TestVerify(t *testing.T) {
	a := newApp(t)
	user := a.issue(`{` + ada + `}`).text("user_id")
	for _, login := range []string{"Ada", "ＡＤＡ", "ADA@EXAMPLE.COM"} {
		a.expectVerified(login, password, true)
		a.expectVerified(login, password+"x", false)
	}
	for _, login := range []string{"bob", "bob@example.com", "@", "a da", "\x00", "аda", strings.Repeat("x", 2000), user} {
		a.expectVerified(login, password, false)
	}
	answer := decode(t, a.call("/auth/verify", `{"email":"ada@example.com","password":"`+password+`"}`).Body)
	if found, _ := answer["user"].(map[string]any); found["id"] != user || found["username"] != "Ada" || found["email"] != "Ada@Example.com" {
		t.Errorf("the user is %v", answer)
	}
	expectProblem(t, a.call("/auth/verify", `{"email":"ada","password":"x"}`), 422, "fields_invalid", "email")
	a.call("/auth/users/disable", `{"username":"ada"}`)
	a.expectVerified("ada", password, false)
}

// Whether the user or the password is wrong takes the same work: one hash of
// the usual memory each. A guess too many takes none.
func TestVerifyingTakesTheSameWork(t *testing.T) {
	a := newApp(t)
	a.issue(`{` + ada + `}`)
	for _, login := range []string{"ada", "ada@example.com", "nobody", "nobody@example.com", "a da", "аda"} {
		if hashes := countHashes(func() { a.verify(login, "wrong", "192.0.2.33") }); hashes != 1 {
			t.Errorf("a guess at %s takes %d hashes", login, hashes)
		}
	}
	for range 9 {
		a.verify("ada", "wrong", "192.0.2.33")
	}
	if hashes := countHashes(func() { a.verify("ada", "wrong", "192.0.2.33") }); hashes != 0 {
		t.Errorf("a guess too many takes %d hashes", hashes)
	}
}

// countHashes tells by the memory how many passwords are hashed.
func countHashes(call func()) int {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	call()
	runtime.ReadMemStats(&after)
	return int((after.TotalAlloc - before.TotalAlloc) >> 10 / 19_000)
}

// A hash from another system is replaced by ours when the password is right.
func TestOldHashesAreRenewed(t *testing.T) {
	a := newApp(t)
	old := cheapHash(t)
	user := a.issue(`{` + ada + `}`)
	a.setUser(user.text("user_id"), func(u *models.User) { u.PasswordHash = old })
	a.expectVerified("ada", "wrong", false)
	if got := a.user(user.text("user_id")).PasswordHash; got != old {
		t.Error("a wrong password changes the hash")
	}
	a.expectVerified("ada", password, true)
	if got := a.user(user.text("user_id")).PasswordHash; security.NeedsRehash(got) {
		t.Errorf("the hash is still %s", got)
	}
	a.expectVerified("ada", password, true)
	if answer := a.guarded(user.text("api_key")); answer.Code != http.StatusOK {
		t.Errorf("the key is answered %d", answer.Code)
	}
}

func (a *app) user(id string) models.User {
	a.t.Helper()
	user, err := a.repo.UserByID(a.t.Context(), id)
	if err != nil {
		a.t.Fatal(err)
	}
	return user
}

// setUser changes a user behind the application's back.
func (a *app) setUser(id string, set func(*models.User)) {
	a.t.Helper()
	user := a.user(id)
	set(&user)
	if _, err := a.repo.UpdateUser(a.t.Context(), repository.Attribution{Actor: "test", At: a.clock.Now()}, user, repository.UserUpdate{}); err != nil {
		a.t.Fatal(err)
	}
}

// Of first logins at once with a hash of another system each goes on with the
// one that is there afterwards.
func TestOldHashesAreRenewedOnce(t *testing.T) {
	a := newAccounts(t)
	user := a.register("ada")
	a.setUser(user.id, func(u *models.User) { u.PasswordHash = cheapHash(t) })
	var group sync.WaitGroup
	codes := make([]int, 4)
	for i := range codes {
		group.Go(func() { codes[i] = a.as("ada", password, "/account/new", `{}`).Code })
	}
	group.Wait()
	for _, code := range codes {
		if code != http.StatusCreated {
			t.Fatalf("the answers are %v", codes)
		}
	}
}

// Of registrations that race for one name in different case one makes the
// user, and the others prove to be the same or not.
func TestRegistrationsRace(t *testing.T) {
	a := newApp(t)
	names := []string{"ada", "Ada", "ADA", "aDa"}
	codes := make([]int, len(names))
	var group sync.WaitGroup
	for i, name := range names {
		group.Go(func() {
			codes[i] = a.call("/auth/new", fmt.Sprintf(`{"username":%q,"email":"%s@example.com","password":%q}`, name, name, password)).Code
		})
	}
	group.Wait()
	for _, code := range codes {
		if code != http.StatusCreated {
			t.Errorf("the answers are %v", codes)
		}
	}
	if users, _ := decode(t, a.get("/auth/users").Body)["users"].([]any); len(users) != 1 {
		t.Errorf("there are %d users", len(users))
	}
}

// The application's rule replaces the usual one, but not what is common or
// tells of the person; and what is proposed satisfies it.
func TestPasswordPolicy(t *testing.T) {
	a := newApp(t, func(c *ginauth.Config) {
		c.PasswordPolicy = func(password string) []security.RuleError {
			if strings.Count(password, "_") < 3 {
				return []security.RuleError{{Code: "password_dull", Detail: "Three underscores are needed."}}
			}
			return nil
		}
	})
	for password, code := range map[string]string{
		"Analytical-1_Engine": "password_dull", "password___": "password_common", "___ada@example.com": "password_contains_identity",
	} {
		body := fmt.Sprintf(`{"username":"ada","email":"ada@example.com","password":%q}`, password)
		problem := expectProblem(t, a.call("/auth/new", body), 422, "fields_invalid", "password")
		if !strings.Contains(fmt.Sprint(problem["errors"]), code) {
			t.Errorf("%s is refused for %v", password, problem["errors"])
		}
		proposed := problem.text("proposed_password")
		if strings.Count(proposed, "_") < 3 || strings.Contains(a.log.String(), proposed) {
			t.Errorf("%q is proposed", proposed)
		}
	}
	a.issue(`{"username":"ada","email":"ada@example.com","password":"three_bats_under_a_moon"}`)
}

// A flood of logins takes three times the configured memory at most: what is in
// use, and what is not collected yet of what was.
func TestFloodOfLoginsTakesBoundedMemory(t *testing.T) {
	a := newApp(t, func(c *ginauth.Config) { c.HashMemory = ginauth.MinHashMemory })
	a.issue(`{` + ada + `}`)
	a.expectVerified("ada", password, true) // from 192.0.2.1, which is known from now on
	runtime.GC()
	before, most := heapInUse(), uint64(0)
	done := make(chan struct{})
	var group sync.WaitGroup
	for i := range 32 {
		login, address := []string{"nobody", "ada"}[i%2], []string{fmt.Sprintf("198.51.100.%d", i), "192.0.2.1"}[i%2]
		group.Go(func() { a.verify(login, "wrong", address) })
	}
	go func() {
		group.Wait()
		close(done)
	}()
	for running := true; running; {
		most = max(most, heapInUse())
		select {
		case <-done:
			running = false
		case <-time.After(time.Millisecond):
		}
	}
	if taken := int64(most-before) >> 20; taken < 19 || taken > 3*ginauth.MinHashMemory {
		t.Errorf("%d MiB are taken", taken)
	}
}

func heapInUse() uint64 {
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}
