package keycache

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ginauth/ginauth/models"
)

// The one who began a load leaves: the others get its answer.
func TestLeaderLeaves(t *testing.T) {
	inBubble(t, func(f *fixture) {
		ctx, leave := context.WithCancel(f.Context())
		leader := f.request(ctx)
		begun := <-f.store.begun
		follower := f.request(f.Context())
		synctest.Wait()
		leave()
		if result := <-leader; !errors.Is(result.err, context.Canceled) {
			f.Errorf("who leaves gets %v", result.err)
		}
		begun.goOn()
		if result := <-follower; result.err != nil {
			f.Errorf("who stays gets %v", result.err)
		}
		if n := f.store.count(); n != 1 {
			f.Errorf("the store was asked %d times", n)
		}
	})
}

// A caller whose context never ends reads by itself. Another that waits for it may leave.
func TestFollowerLeaves(t *testing.T) {
	inBubble(t, func(f *fixture) {
		leader := f.request(context.WithoutCancel(f.Context()))
		begun := <-f.store.begun
		ctx, leave := context.WithCancel(f.Context())
		follower := f.request(ctx)
		synctest.Wait()
		leave()
		if result := <-follower; !errors.Is(result.err, context.Canceled) {
			f.Errorf("who leaves gets %v", result.err)
		}
		begun.goOn()
		if result := <-leader; result.err != nil {
			f.Errorf("who stays gets %v", result.err)
		}
		if n := f.store.count(); n != 1 {
			f.Errorf("the store was asked %d times", n)
		}
	})
}

// A store that does not answer holds a request no longer than loadTimeout, whether its
// context may end or not.
func TestSilentStore(t *testing.T) {
	for _, mayEnd := range []bool{true, false} {
		inBubble(t, func(f *fixture) {
			ctx := f.Context()
			if !mayEnd {
				ctx = context.WithoutCancel(ctx)
			}
			begin := time.Now()
			if result := <-f.request(ctx); !errors.Is(result.err, context.DeadlineExceeded) {
				f.Errorf("the error is %v", result.err)
			}
			if took := time.Since(begin); took != loadTimeout {
				f.Errorf("it took %v", took)
			}
		})
	}
}

// A key that changes while it is read, each time, holds a caller for twice loadTimeout
// at most.
func TestChangingKeyOfASlowStore(t *testing.T) {
	inBubble(t, func(f *fixture) {
		begin := time.Now()
		done := f.request(context.WithoutCancel(f.Context()))
		go func() {
			for r := range f.store.begun {
				time.Sleep(loadTimeout * 4 / 5)
				f.Invalidate("the-key")
				r.goOn()
			}
		}()
		if result := <-done; !errors.Is(result.err, errChanging) {
			f.Errorf("the error is %v", result.err)
		}
		if took := time.Since(begin); took > 2*loadTimeout {
			f.Errorf("it took %v", took)
		}
		close(f.store.begun)
	})
}

// Strangers fill their semaphore and their queue: further ones are turned away, and
// a key that is known is read all the same.
func TestFloodLeavesKnownKeysAlone(t *testing.T) {
	inBubble(t, func(f *fixture) {
		known := f.request(f.Context())
		(<-f.store.begun).goOn()
		<-known
		f.Invalidate("the-key")
		var flood sync.WaitGroup
		for i := range maxLoads - loadsOfKnown + maxWaiting {
			flood.Go(func() { _, _ = f.Load(f.Context(), toHash(fmt.Sprint(i)), admitted) })
		}
		synctest.Wait()
		if n := len(f.store.begun); n != maxLoads-loadsOfKnown {
			f.Errorf("%d loads run at once", n)
		}
		if _, err := f.Load(f.Context(), toHash("one more"), admitted); !errors.Is(err, ErrOverloaded) {
			f.Errorf("one too many gets %v", err)
		}
		stuck := drain(f.store.begun)
		known = f.request(f.Context())
		(<-f.store.begun).goOn()
		if result := <-known; result.err != nil {
			f.Errorf("the known key gets %v", result.err)
		}
		for _, r := range stuck {
			r.goOn()
		}
		go func() {
			for r := range f.store.begun {
				r.goOn()
			}
		}()
		flood.Wait()
		close(f.store.begun)
	})
}

// All keys of an application that was started again come at once: they wait in line,
// and none is turned away.
func TestManyNewKeysAtOnce(t *testing.T) {
	inBubble(t, func(f *fixture) {
		var crowd sync.WaitGroup
		for i := range maxWaiting {
			key := models.APIKey{ID: fmt.Sprint(i), Version: 1, CreationDate: noon}
			hash := toHash(key.ID)
			key.Hash = hash[:]
			f.store.put(key)
			ctx := f.Context()
			if i%2 == 0 {
				ctx = context.WithoutCancel(ctx)
			}
			crowd.Go(func() {
				if _, err := f.Load(ctx, hash, admitted); err != nil {
					f.Errorf("key %d gets %v", i, err)
				}
			})
		}
		synctest.Wait()
		go func() {
			for r := range f.store.begun {
				if n := len(f.store.begun); n > maxLoads {
					f.Errorf("%d loads run at once", n)
				}
				r.goOn()
			}
		}()
		crowd.Wait()
		close(f.store.begun)
	})
}

func drain(begun chan *load) []*load {
	loads := []*load{}
	for len(begun) > 0 {
		loads = append(loads, <-begun)
	}
	return loads
}
