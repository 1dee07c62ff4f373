package ginauth_test

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/ginauth/ginauth"
	"github.com/ginauth/ginauth/repository"
	"github.com/ginauth/ginauth/repository/sqlite"
	"github.com/ginauth/ginauth/security"
)

// eventually waits for a condition.
func eventually(t *testing.T, what string, condition func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !condition(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("it does not come about that %s", what)
		}
	}
}

// settled waits until the change log was read after the call, so that nothing
// that has happened will outdate what is read from now on.
func (a *app) settled() {
	a.t.Helper()
	seen := a.repo.followed.Load()
	eventually(a.t, "the change log is read", func() bool { return a.repo.followed.Load() > seen+1 })
}

// warm returns a key that the guard knows.
func (a *app) warm() (key, id string) {
	a.t.Helper()
	key, id = a.issueKey()
	a.settled()
	if answer := a.guarded(key); answer.Code != http.StatusOK {
		a.t.Fatalf("the key is answered %d", answer.Code)
	}
	return key, id
}

func (a *app) queriesDuring(f func()) int64 {
	before := a.repo.queries.Load()
	f()
	return a.repo.queries.Load() - before
}

func TestQueriesOfTheGuard(t *testing.T) {
	a := newApp(t)
	key, _ := a.warm()
	unknown := security.NewKey("ga")
	mistyped := key[:len(key)-1] + map[bool]string{true: "0", false: "1"}[key[len(key)-1] != '0']
	for _, test := range []struct {
		name, key string
		status    int
		most      int64
	}{
		{"a key that is known", key, http.StatusOK, 0},
		{"a key with a wrong checksum", mistyped, http.StatusUnauthorized, 0},
		{"a key with another prefix", "gb" + key[2:], http.StatusUnauthorized, 0},
		{"what is no key", "nonsense", http.StatusUnauthorized, 0},
		{"an unknown key", unknown, http.StatusUnauthorized, 1},
	} {
		queries := a.queriesDuring(func() {
			for range 100 {
				if answer := a.guarded(test.key); answer.Code != test.status {
					t.Errorf("%s is answered %d", test.name, answer.Code)
				}
			}
		})
		if queries > test.most {
			t.Errorf("%s asked 100 times is %d queries", test.name, queries)
		}
	}
}

func TestConcurrentRequestsAreOneQuery(t *testing.T) {
	a := newApp(t)
	key, _ := a.issueKey()
	a.settled()
	queries := a.queriesDuring(func() {
		var group sync.WaitGroup
		for range 1000 {
			group.Go(func() {
				if answer := a.guarded(key); answer.Code != http.StatusOK {
					t.Errorf("the key is answered %d", answer.Code)
				}
			})
		}
		group.Wait()
	})
	if queries != 1 {
		t.Errorf("1000 requests are %d queries", queries)
	}
}

// The guard adds one allocation to a request, to hand the key on.
func TestAllocationsOfTheGuard(t *testing.T) {
	s := newStation(t, 1)
	measure := func(path string) float64 {
		r, value := s.request(path), []string{s.keys[0]}
		return testing.AllocsPerRun(1000, func() {
			clear(s.writer.header)
			r.Header["Api-Key"] = value
			s.engine.ServeHTTP(s.writer, r)
		})
	}
	if added := measure("/secure") - measure("/unsecure"); added > 3 {
		t.Errorf("the guard adds %v allocations", added)
	}
}

// A second node on the database hears of changes, and of the absence that ends.
func TestOtherNodesFollow(t *testing.T) {
	path := filepath.Join(t.TempDir(), "shared.db")
	one, other := newNode(t, path), newNode(t, path)
	for call, refusal := range map[string]string{"revoke": "key_revoked", "delete": "key_invalid"} {
		key, id := one.issueKey()
		eventually(t, "the other node accepts the key", func() bool { return other.guarded(key).Code == http.StatusOK })
		if answer := one.call("/auth/"+call, fmt.Sprintf(`{"id":%q}`, id)); answer.Code >= 300 {
			t.Fatalf("%s answers %d", call, answer.Code)
		}
		expectProblem(t, one.guarded(key), http.StatusUnauthorized, refusal, "")
		eventually(t, "the other node refuses the key", func() bool { return other.guarded(key).Code == http.StatusUnauthorized })
		expectProblem(t, other.guarded(key), http.StatusUnauthorized, refusal, "")
	}
}

// newNode is an application on a database that others use too.
func newNode(t *testing.T, path string, adjust ...func(*ginauth.Config)) *app {
	t.Helper()
	file, err := sqlite.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	a := &app{t: t, repo: &faultyRepository{Repository: file}, engine: gin.New()}
	config := ginauth.Config{Secrets: []string{secret}, Logger: slog.New(slog.DiscardHandler)}
	for _, change := range adjust {
		change(&config)
	}
	if a.auth, err = ginauth.New(a.repo, config); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = a.auth.Close() })
	a.auth.RegisterAdmin(a.engine.Group("/auth"))
	a.engine.GET("/secure", a.auth.Guard(), showKey)
	return a
}

// A key that is known outlives an outage for as long as StaleLimit says.
func TestStoreAway(t *testing.T) {
	a := newApp(t, func(c *ginauth.Config) { c.StaleLimit = 30 * time.Second })
	known, _ := a.warm()
	fresh, _ := a.issueKey()
	a.settled()
	a.guarded(known)
	a.repo.failWith(errors.New("down"))
	a.clock.advance(29 * time.Second)
	if answer := a.guarded(known); answer.Code != http.StatusOK {
		t.Errorf("within the limit, a known key is answered %d", answer.Code)
	}
	expectProblem(t, a.guarded(fresh), http.StatusServiceUnavailable, "store_unavailable", "")
	a.clock.advance(2 * time.Second)
	for _, key := range []string{known, fresh, security.NewKey("ga")} {
		answer := a.guarded(key)
		expectProblem(t, answer, http.StatusServiceUnavailable, "store_unavailable", "")
		if answer.Header().Get("Retry-After") == "" {
			t.Error("it is not said when to come again")
		}
	}
	a.saysSeldom("the store failed", func() { a.guarded(known) })
	a.repo.failWith(nil)
	for _, key := range []string{known, fresh} {
		eventually(t, "the key is accepted again", func() bool { return a.guarded(key).Code == http.StatusOK })
	}
}

// saysSeldom does something 200 times and reports more than one line a second.
func (a *app) saysSeldom(text string, do func()) {
	a.t.Helper()
	begin, before := time.Now(), strings.Count(a.log.String(), text)
	for range 200 {
		do()
	}
	most := int(time.Since(begin)/time.Second) + 1
	if lines := strings.Count(a.log.String(), text) - before; lines > most {
		a.t.Errorf("in %d seconds it is said %d times", most, lines)
	}
}

// A revocation that was made while this node could not hear of it is in force
// as soon as it can.
func TestRevokedDuringAPartition(t *testing.T) {
	path := filepath.Join(t.TempDir(), "shared.db")
	one, other := newNode(t, path), newNode(t, path)
	key, id := one.issueKey()
	eventually(t, "the other node accepts the key", func() bool { return other.guarded(key).Code == http.StatusOK })
	other.repo.failWith(errors.New("partition"))
	one.call("/auth/revoke", fmt.Sprintf(`{"id":%q}`, id))
	other.repo.failWith(nil)
	eventually(t, "the other node refuses the key", func() bool { return other.guarded(key).Code == http.StatusUnauthorized })
}

// A change by hand in the database shows after CacheMaxAge.
func TestMaxAge(t *testing.T) {
	a := newApp(t, func(c *ginauth.Config) { c.CacheMaxAge = time.Minute })
	key, id := a.warm()
	if _, err := a.repo.Repository.RevokeKey(t.Context(), repository.Attribution{Actor: "hand", At: a.clock.Now()}, id); err != nil { // past this Auth
		t.Fatal(err)
	}
	a.clock.advance(time.Minute)
	expectProblem(t, a.guarded(key), http.StatusUnauthorized, "key_revoked", "")
}
