package keycache

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/repository"
)

// outcome is what a request gets.
type outcome struct {
	key *Key
	err error
}

// request loads the key in a goroutine of its own.
func (f *fixture) request(ctx context.Context) <-chan outcome {
	done := make(chan outcome, 1)
	go func() {
		key, err := f.Load(ctx, f.hash, admitted)
		done <- outcome{key, err}
	}()
	return done
}

// inBubble runs a test whose goroutines it can wait for.
func inBubble(t *testing.T, test func(f *fixture)) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t)
		f.store.begun = make(chan *load, 2000)
		test(f)
	})
}

// The answer was on its way when the key was revoked: whoever waits for it
// must not be let through.
func TestRevokedWhileRead(t *testing.T) {
	inBubble(t, func(f *fixture) {
		done := f.request(f.Context())
		first := <-f.store.begun
		f.revoke()
		f.Invalidate("the-key")
		first.goOn()
		(<-f.store.begun).goOn()
		result := <-done
		f.expectRevoked(result.key, result.err)
		f.expect(Hit)
	})
}

// A request that begins after a revocation does not wait for an answer from
// before it, and that answer, coming last, replaces nothing.
func TestOlderAnswerComesLast(t *testing.T) {
	inBubble(t, func(f *fixture) {
		early := f.request(f.Context())
		old := <-f.store.begun
		f.revoke()
		f.Invalidate("the-key")
		late := f.request(f.Context())
		(<-f.store.begun).goOn()
		result := <-late
		f.expectRevoked(result.key, result.err)
		old.goOn()
		result = <-early
		f.expectRevoked(result.key, result.err)
		if key, _ := f.Lookup(f.hash, noon); key == nil || key.Status(noon) != models.StatusRevoked {
			f.Error("the older answer replaced the newer one")
		}
	})
}

// The key was created while it was being looked for in vain.
func TestCreatedWhileMissed(t *testing.T) {
	inBubble(t, func(f *fixture) {
		early, old := f.missBeforeCreation()
		late := f.request(f.Context())
		fresh := <-f.store.begun
		old.goOn()
		if result := <-early; !errors.Is(result.err, repository.ErrNotFound) {
			f.Errorf("who asked before it was there gets %v", result.err)
		}
		fresh.goOn()
		if result := <-late; result.err != nil {
			f.Errorf("who asks afterwards gets %v", result.err)
		}
		f.expect(Hit)
	})
}

// missBeforeCreation looks for the key in vain, and has it created while the
// answer is on its way.
func (f *fixture) missBeforeCreation() (<-chan outcome, *load) {
	f.store.keys = map[Hash]models.APIKey{}
	early := f.request(f.Context())
	miss := <-f.store.begun
	f.store.put(f.key)
	f.InvalidateKeys("the-key")
	return early, miss
}

// The same with the miss coming last: it neither hides the key nor forgets it.
func TestMissComesLast(t *testing.T) {
	inBubble(t, func(f *fixture) {
		early, old := f.missBeforeCreation()
		late := f.request(f.Context())
		(<-f.store.begun).goOn()
		<-late
		old.goOn()
		<-early
		f.expect(Hit)
	})
}

func TestOneReadingForManyRequests(t *testing.T) {
	for _, exists := range []bool{true, false} {
		inBubble(t, func(f *fixture) {
			if !exists {
				f.store.keys = map[Hash]models.APIKey{}
			}
			var requests sync.WaitGroup
			for range 1000 {
				requests.Go(func() { _, _ = f.load() })
			}
			synctest.Wait()
			(<-f.store.begun).goOn()
			requests.Wait()
			if n := f.store.count(); n != 1 {
				f.Errorf("1000 requests are %d queries", n)
			}
		})
	}
}

// A caller that missed before an answer came, and asks after it, finds it.
func TestLateComerReadsNothing(t *testing.T) {
	f := newFixture(t)
	f.expect(Miss)
	f.mustLoad()
	f.mustLoad()
	if n := f.store.count(); n != 1 {
		t.Errorf("the store was asked %d times", n)
	}
}

// The result of a load is judged when it is there, not when it began: the
// bounds hold for it, too.
func TestBoundsAfterAReading(t *testing.T) {
	inBubble(t, func(f *fixture) {
		done := f.request(f.Context())
		begun := <-f.store.begun
		f.mu.Lock()
		f.now = noon.Add(31 * time.Second) // and no change was followed since
		f.mu.Unlock()
		begun.goOn()
		if result := <-done; !errors.Is(result.err, ErrStale) {
			t.Errorf("after the limit a request gets %v, %v", result.key, result.err)
		}
		f.advance(0)
		f.Invalidate("the-key")
		done = f.request(f.Context())
		begun = <-f.store.begun
		f.advance(4 * time.Minute)
		begun.goOn()
		(<-f.store.begun).goOn()
		if result := <-done; result.err != nil || f.store.count() != 3 {
			t.Errorf("after %d loads a request gets %v", f.store.count(), result.err)
		}
	})
}

// A caller that gets no turn is told that there are too many.
func TestNoTurnIsOverload(t *testing.T) {
	l := newSemaphore(1)
	if err := l.acquire(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := l.acquire(ctx); !errors.Is(err, ErrOverloaded) || !errors.Is(err, context.Canceled) {
		t.Errorf("the error is %v", err)
	}
}

// Close ends what runs, waits for it, and lets nothing begin.
func TestClose(t *testing.T) {
	inBubble(t, func(f *fixture) {
		waiting := f.request(f.Context())
		<-f.store.begun
		f.Close()
		if result := <-waiting; result.err == nil {
			f.Error("a load was not ended")
		}
		if _, err := f.load(); !errors.Is(err, errClosed) {
			f.Errorf("a closed cache says %v", err)
		}
	})
}

// A key that is changed all the time is refused, not served as it was.
func TestRestlessKey(t *testing.T) {
	inBubble(t, func(f *fixture) {
		done := f.request(f.Context())
		for range maxAttempts {
			r := <-f.store.begun
			f.Invalidate("the-key")
			r.goOn()
		}
		if result := <-done; !errors.Is(result.err, errChanging) {
			f.Errorf("the error is %v", result.err)
		}
	})
}
