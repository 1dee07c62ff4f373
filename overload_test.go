package ginauth_test

import (
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"testing"

	"github.com/gin-gonic/gin"

	"github.com/ginauth/ginauth"
	"github.com/ginauth/ginauth/security"
)

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
