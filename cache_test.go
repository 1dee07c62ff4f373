package ginauth_test

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"path/filepath"
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

// What the guard adds to a request is bounded by what handing the key on needs.
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
func newNode(t *testing.T, path string) *app {
	t.Helper()
	file, err := sqlite.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	a := &app{t: t, repo: &faultyRepository{Repository: file}, engine: gin.New()}
	a.auth, err = ginauth.New(a.repo, ginauth.Config{Secrets: []string{secret}, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
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
	a.repo.failWith(nil)
	for _, key := range []string{known, fresh} {
		eventually(t, "the key is accepted again", func() bool { return a.guarded(key).Code == http.StatusOK })
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

// What somebody wrote into the database by hand shows after CacheMaxAge.
func TestMaxAge(t *testing.T) {
	a := newApp(t, func(c *ginauth.Config) { c.CacheMaxAge = time.Minute })
	key, id := a.warm()
	if _, err := a.repo.Repository.RevokeKey(t.Context(), repository.Act{Actor: "hand", Date: a.clock.Now()}, id); err != nil { // past this Auth
		t.Fatal(err)
	}
	a.clock.advance(time.Minute)
	expectProblem(t, a.guarded(key), http.StatusUnauthorized, "key_revoked", "")
}

// A flood of made-up keys is turned away at its address, and good keys, also
// from there, are not.
func TestGuessingIsThrottled(t *testing.T) {
	a := newApp(t, func(c *ginauth.Config) { c.Logger = slog.New(slog.DiscardHandler) })
	a.engine.ForwardedByClientIP = true
	known, _ := a.warm()
	throttled := 0
	queries := a.queriesDuring(func() {
		for i := range 10_000 { // forged addresses change nothing
			answer := a.do(request{path: "/secure", header: header("api-key", security.NewKey("ga"), "X-Forwarded-For", fmt.Sprintf("10.0.%d.%d", i/256, i%256))})
			if answer.Code == http.StatusTooManyRequests {
				throttled++
			}
		}
	})
	if throttled < 9_900 || queries > 100 {
		t.Errorf("of 10,000 made-up keys %d are throttled, and %d asked for", throttled, queries)
	}
	if answer := a.guarded(known); answer.Code != http.StatusOK {
		t.Errorf("the key that is known is answered %d", answer.Code)
	}
	issued, _ := a.issueKey()
	if answer := a.guarded(issued); answer.Code != http.StatusOK {
		t.Errorf("a key that was issued here is answered %d", answer.Code)
	}
	unknown := security.NewKey("ga")
	expectProblem(t, a.guarded(unknown), http.StatusTooManyRequests, "too_many_attempts", "")
	expectProblem(t, a.do(request{path: "/secure", header: header("api-key", unknown), address: "198.51.100.7:1"}), http.StatusUnauthorized, "key_invalid", "")
}

// A client that goes on with a deleted key guesses nothing, whatever else is
// changed meanwhile, and keeps nobody behind its address out.
func TestPersistingIsNotGuessing(t *testing.T) {
	a := newApp(t, func(c *ginauth.Config) { c.Logger = slog.New(slog.DiscardHandler) })
	deleted := security.NewKey("ga")
	for range 200 {
		a.issueKey()
		expectProblem(t, a.guarded(deleted), http.StatusUnauthorized, "key_invalid", "")
	}
}

// A flood from thousands of addresses leaves known keys, the administrator and
// the change log alone.
func TestFloodFromEverywhere(t *testing.T) {
	a := newApp(t, func(c *ginauth.Config) {
		c.Logger = slog.New(slog.DiscardHandler)
		c.ClientIP = func(c *gin.Context) string { return c.GetHeader("X-Address") }
	})
	known, _ := a.warm()
	doomed, id := a.warm()
	stop := make(chan struct{})
	var flood sync.WaitGroup
	for worker := range 50 {
		flood.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				default:
					address := fmt.Sprintf("10.%d.%d.%d", worker, i/256%256, i%256)
					a.do(request{path: "/secure", header: header("api-key", security.NewKey("ga"), "X-Address", address)})
				}
			}
		})
	}
	followed := a.repo.followed.Load()
	for range 200 {
		if answer := a.guarded(known); answer.Code != http.StatusOK {
			t.Errorf("a known key is answered %d", answer.Code)
		}
	}
	if answer := a.call("/auth/revoke", fmt.Sprintf(`{"id":%q}`, id)); answer.Code != http.StatusOK {
		t.Errorf("/revoke answers %d: %s", answer.Code, answer.Body)
	}
	expectProblem(t, a.guarded(doomed), http.StatusUnauthorized, "key_revoked", "")
	eventually(t, "the change log is followed", func() bool { return a.repo.followed.Load() > followed+1 })
	close(stop)
	flood.Wait()
}

// Guard, administration and Close at once: a revoked key is never let through,
// and after Close everything is refused.
func TestStress(t *testing.T) {
	a := newApp(t, func(c *ginauth.Config) { c.Logger = slog.New(slog.DiscardHandler) })
	known, _ := a.warm()
	halfway := make(chan struct{}, 1)
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for i := range 12 {
				if !a.issueAndRevoke() {
					return
				}
				if i == 4 {
					halfway <- struct{}{}
				}
			}
		})
		group.Go(func() {
			for a.guarded(known).Code == http.StatusOK {
			}
		})
	}
	<-halfway
	go func() {
		for range halfway {
		}
	}()
	if err := a.auth.Close(); err != nil {
		t.Error(err)
	}
	group.Wait()
	close(halfway)
	expectProblem(t, a.guarded(known), http.StatusServiceUnavailable, "store_unavailable", "")
}

// issueAndRevoke reports whether the store could be asked.
func (a *app) issueAndRevoke() bool {
	answer := a.call("/auth/new", `{"name":"service"}`)
	if answer.Code == http.StatusServiceUnavailable {
		return false
	}
	issued := decode(a.t, answer.Body)
	if code := a.guarded(issued.text("api_key")).Code; code != http.StatusOK && code != http.StatusServiceUnavailable {
		a.t.Errorf("a new key is answered %d", code)
	}
	if a.call("/auth/revoke", fmt.Sprintf(`{"id":%q}`, issued.text("id"))).Code != http.StatusOK {
		return false
	}
	if code := a.guarded(issued.text("api_key")).Code; code != http.StatusUnauthorized && code != http.StatusServiceUnavailable {
		a.t.Errorf("a revoked key is answered %d", code)
	}
	return true
}
