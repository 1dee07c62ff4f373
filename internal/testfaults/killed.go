package testfaults

import (
	"context"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ginauth/ginauth/internal/testservers"
	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/repository"
)

// The server is killed while calls are under way, and started again. The
// repository goes on by itself, and what was acknowledged is there.
func killedServer(b *bench) {
	if testing.Short() {
		b.Skip("starts a server of its own")
	}
	server, err := testservers.Start(b.Context(), b.Kind)
	b.succeeds("starting a server", err)
	b.Cleanup(func() {
		if err := server.Stop(); err != nil {
			b.Error(err)
		}
	})
	uri, err := url.Parse(server.URI)
	b.succeeds("url.Parse", err)
	repo := b.openURI(b.withOptions(uri))
	w := &workers{repo: repo, acknowledged: map[string]models.APIKey{}}
	end := w.start(b.Context(), 6)
	defer end()
	for range 2 {
		b.waitUntil("calls were acknowledged", w.advanced(60))
		server.Kill()
		b.waitUntil("a call has failed", w.failed())
		b.succeeds("Restart", server.Restart(b.Context()))
	}
	b.waitUntil("calls are acknowledged again", w.advanced(60))
	end()
	w.check(b)
}

// workers take keys through life until they are told to end.
type workers struct {
	repo            repository.Repository
	calls, failures atomic.Int64
	mutex           sync.Mutex
	// acknowledged are the keys as the repository last returned them.
	acknowledged map[string]models.APIKey
}

// start lets n goroutines work. The function it returns waits for their end.
func (w *workers) start(ctx context.Context, n int) (end func()) {
	ctx, cancel := context.WithCancel(ctx)
	var group sync.WaitGroup
	for range n {
		group.Go(func() {
			for ctx.Err() == nil {
				w.work()
			}
		})
	}
	return func() { cancel(); group.Wait() }
}

// advanced returns a condition: that so many more calls were acknowledged.
func (w *workers) advanced(by int64) func() bool {
	until := w.calls.Load() + by
	return func() bool { return w.calls.Load() >= until }
}

// failed returns a condition: that another call has failed.
func (w *workers) failed() func() bool {
	before := w.failures.Load()
	return func() bool { return w.failures.Load() > before }
}

// work takes a key through its life, as far as calls succeed.
func (w *workers) work() {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	key := newKey()
	if !w.done(key, w.repo.CreateKey(ctx, act(), key)) {
		return
	}
	renewed, _, err := w.repo.RenewKey(ctx, act(), key.ID, noon().Add(time.Hour), false)
	if !w.done(renewed, err) {
		return
	}
	revoked, err := w.repo.RevokeKey(ctx, act(), key.ID)
	w.done(revoked, err)
}

func (w *workers) done(key models.APIKey, err error) bool {
	if err != nil {
		w.failures.Add(1)
		time.Sleep(10 * time.Millisecond) // rather than ask a server that is not there at every moment
		return false
	}
	key.Version = max(1, key.Version)
	w.mutex.Lock()
	defer w.mutex.Unlock()
	w.acknowledged[key.ID] = key
	w.calls.Add(1)
	return true
}

// check compares what was acknowledged with what is there. A key may have had
// one change more, whose acknowledgement was lost.
func (w *workers) check(b *bench) {
	b.Helper()
	entries := map[string]int64{}
	for _, id := range b.logged(w.repo, repository.Cursor{}) {
		entries[id]++
	}
	for id, want := range w.acknowledged {
		got, err := w.repo.KeyByHash(b.Context(), want.Hash)
		b.succeeds("KeyByHash of an acknowledged key", err)
		if got.Version < want.Version || got.Version > want.Version+1 || entries[id] != got.Version {
			b.Errorf("a key of version %d has version %d and %d entries", want.Version, got.Version, entries[id])
		}
		if got.RevocationDate.IsZero() != (got.Version < 3) || got.ExpirationDate.IsZero() != (got.Version < 2) {
			b.Errorf("a key of version %d is %+v", got.Version, got)
		}
	}
}
