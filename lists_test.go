package ginauth_test

import (
	"context"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/gin-gonic/gin"

	"github.com/ginauth/ginauth"
	"github.com/ginauth/ginauth/repository"
)

// slowLists is a repository whose lists take until they are let go on, or until
// the deadline. It counts those of one time.
type slowLists struct {
	repository.Repository
	let          chan struct{}
	now, most    atomic.Int64
	connections  int
	hasBeenAsked chan struct{}
}

func (r *slowLists) Readers() int { return r.connections }

func (r *slowLists) ListKeys(ctx context.Context, filter repository.KeyFilter, page repository.Page) (repository.KeyPage, error) {
	if filter.KeyID == "" {
		n := r.now.Add(1)
		defer r.now.Add(-1)
		for most := r.most.Load(); n > most && !r.most.CompareAndSwap(most, n); most = r.most.Load() {
		}
		r.hasBeenAsked <- struct{}{}
		select {
		case <-r.let:
		case <-ctx.Done():
			return repository.KeyPage{}, ctx.Err()
		}
	}
	return r.Repository.ListKeys(ctx, filter, page)
}

// Lists have a bounded share of the store: of one user one runs at a time, of all
// two, or one where there are few connections. Further ones wait and are told
// that it is busy; other users, the guard and revoking a key are not held up.
func TestListsAreBounded(t *testing.T) {
	for _, test := range []struct {
		connections int
		most        int64
	}{{8, 2}, {2, 1}} {
		a := newAccounts(t, quiet)
		slow := &slowLists{Repository: a.repo, let: make(chan struct{}), connections: test.connections, hasBeenAsked: make(chan struct{}, 100)}
		a.onRepository(slow)
		eve, bob := a.register("eve"), a.register("bob")
		var group sync.WaitGroup
		codes := make(chan int, 100)
		list := func(key string) {
			group.Go(func() { codes <- a.with(key, "/account/logs", "").Code })
		}
		for range 30 {
			list(eve.key)
		}
		<-slow.hasBeenAsked
		if test.most > 1 {
			list(bob.key) // whom the other user's lists leave a place
			<-slow.hasBeenAsked
		}
		if answer := a.guarded(bob.key); answer.Code != http.StatusOK {
			t.Errorf("the guard answers %d", answer.Code)
		}
		a.expectStatus(a.with(bob.key, "/account/revoke", `{"id":"`+bob.keyID+`"}`), http.StatusOK)
		eventually(t, "those that are too many are refused", func() bool { return len(codes) == 9 })
		close(slow.let)
		group.Wait()
		close(codes)
		counts := map[int]int{}
		for code := range codes {
			counts[code]++
		}
		if slow.most.Load() != test.most || counts[http.StatusOK] != int(test.most)+20 || counts[http.StatusServiceUnavailable] != 9 {
			t.Errorf("of %d connections lists take %d, and are answered %v", test.connections, slow.most.Load(), counts)
		}
	}
}

// onRepository makes the application anew on another repository.
func (a *app) onRepository(repo repository.Repository) {
	a.t.Helper()
	auth, err := ginauth.New(repo, ginauth.Config{Secrets: []string{secret}, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		a.t.Fatal(err)
	}
	former := a.auth
	a.t.Cleanup(func() { _ = former.Close() })
	a.t.Cleanup(func() { _ = auth.Close() })
	a.auth, a.engine = auth, gin.New()
	auth.RegisterAdmin(a.engine.Group("/auth"))
	auth.RegisterAccount(a.engine.Group("/account"))
	a.engine.GET("/secure", auth.Guard(), showKey)
}
