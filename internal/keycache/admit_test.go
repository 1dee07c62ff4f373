package keycache

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/repository"
)

// admission counts what is asked of it.
type admission struct {
	refuse                atomic.Bool
	asked, absent, others atomic.Int64
}

var errRefused = errors.New("refused")

func (a *admission) admit(context.Context) (func(bool), error) {
	a.asked.Add(1)
	if a.refuse.Load() {
		return nil, errRefused
	}
	return func(absent bool) {
		if absent {
			a.absent.Add(1)
		} else {
			a.others.Add(1)
		}
	}, nil
}

func (a *admission) expect(t *testing.T, asked, absent, others int64) {
	t.Helper()
	if a.asked.Load() != asked || a.absent.Load() != absent || a.others.Load() != others {
		t.Errorf("asked %d times, %d keys were absent, and %d others; want %d, %d, %d",
			a.asked.Load(), a.absent.Load(), a.others.Load(), asked, absent, others)
	}
}

// Each query for a key that is not known is admitted, once for all who wait for
// it, and nothing else is.
func TestQueriesOfUnknownKeysAreAdmitted(t *testing.T) {
	inBubble(t, func(f *fixture) {
		a := &admission{}
		var requests sync.WaitGroup
		for range 100 {
			requests.Go(func() { _, _ = f.Load(f.Context(), f.hash, a.admit) })
		}
		synctest.Wait()
		(<-f.store.begun).goOn()
		requests.Wait()
		a.expect(f.T, 1, 0, 1)
		f.Invalidate("the-key")
		requests.Go(func() { _, _ = f.Load(f.Context(), f.hash, a.admit) })
		(<-f.store.begun).goOn()
		requests.Wait()
		a.expect(f.T, 1, 0, 1) // the key is known
	})
}

// An negative entry that has ended is admitted like any other unknown key, and one that
// has not is no query.
func TestAbsencesAreAdmitted(t *testing.T) {
	f, a, hash := newFixture(t), &admission{}, toHash("unknown")
	for range 3 {
		if _, err := f.Load(t.Context(), hash, a.admit); !errors.Is(err, repository.ErrNotFound) {
			t.Fatal(err)
		}
	}
	a.expect(t, 3, 1, 2)
	f.InvalidateKeys("another")
	_, _ = f.Load(t.Context(), hash, a.admit)
	a.expect(t, 4, 2, 2)
}

// The query of a caller that leaves is counted all the same.
func TestWhoLeavesIsCounted(t *testing.T) {
	inBubble(t, func(f *fixture) {
		a := &admission{}
		ctx, leave := context.WithCancel(f.Context())
		done := make(chan error)
		go func() {
			_, err := f.Load(ctx, toHash("unknown"), a.admit)
			done <- err
		}()
		begun := <-f.store.begun
		leave()
		if err := <-done; !errors.Is(err, context.Canceled) {
			f.Errorf("who leaves gets %v", err)
		}
		begun.goOn()
		synctest.Wait()
		a.expect(f.T, 1, 1, 0)
	})
}

// A caller that waits with a refused one is not refused.
func TestRefusalIsNobodyElses(t *testing.T) {
	inBubble(t, func(f *fixture) {
		let := make(chan struct{})
		refused := func(context.Context) (func(bool), error) {
			<-let
			return nil, errRefused
		}
		first, second := make(chan error), make(chan error)
		go func() {
			_, err := f.Load(f.Context(), f.hash, refused)
			first <- err
		}()
		synctest.Wait()
		go func() {
			_, err := f.Load(f.Context(), f.hash, admitted)
			second <- err
		}()
		synctest.Wait()
		close(let)
		if err := <-first; !errors.Is(err, errRefused) {
			f.Errorf("who is refused gets %v", err)
		}
		(<-f.store.begun).goOn()
		if err := <-second; err != nil {
			f.Errorf("the other gets %v", err)
		}
	})
}

// A key created by this process ends the negative entry of that key alone.
func TestOwnKeysEndTheirAbsence(t *testing.T) {
	f := newFixture(t)
	for _, hash := range []Hash{f.hash, toHash("other")} {
		delete(f.store.keys, hash)
		_, _ = f.Load(t.Context(), hash, admitted)
	}
	f.created(f.key, nil)
	f.InvalidateKeys(f.key.ID) // as the change log says a moment later
	f.store.put(f.key)
	f.expect(Expired)
	if _, answer := f.Lookup(toHash("other"), noon); answer != NegativeHit {
		t.Errorf("the negative entry of another key is answered %d", answer)
	}
	f.created(models.APIKey{ID: "x", Hash: make([]byte, 32)}, &repository.ConflictError{Field: "id"})
	if _, answer := f.Lookup(toHash("other"), noon); answer != NegativeHit {
		t.Errorf("after a key that was not created it is answered %d", answer)
	}
	f.created(models.APIKey{ID: "x", Hash: make([]byte, 32)}, fmt.Errorf("lost: %w", repository.ErrOutcomeUnknown))
	if _, answer := f.Lookup(toHash("other"), noon); answer != NegativeExpired {
		t.Errorf("after a key that may have been created it is answered %d", answer)
	}
}

// A clock that is put back lets no key be served for longer, nor without hearing
// of changes.
func TestClockIsPutBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		step := time.Duration(0)
		now := func() time.Time { return time.Now().Add(step).Round(0) } // no monotonic part
		s := &store{keys: map[Hash]models.APIKey{}}
		hash := toHash("secret")
		s.put(models.APIKey{ID: "the-key", Hash: hash[:]})
		c := New(s, Options{MaxKeys: 100, MaxAge: 4 * time.Minute, StaleLimit: 30 * time.Second, Now: now})
		defer c.Close()
		if _, err := c.Load(t.Context(), hash, admitted); err != nil {
			t.Fatal(err)
		}
		time.Sleep(20 * time.Second)
		c.Lookup(hash, now())
		step = -time.Hour
		if _, answer := c.Lookup(hash, now()); answer != Hit {
			t.Errorf("after the step the answer is %d", answer)
		}
		time.Sleep(11 * time.Second)
		if _, answer := c.Lookup(hash, now()); answer != Stale {
			t.Errorf("after the limit the answer is %d", answer)
		}
		before := now()
		step -= time.Hour
		c.Confirm(before)
		if _, answer := c.Lookup(hash, now()); answer != Hit {
			t.Errorf("after changes were followed the answer is %d", answer)
		}
		for range 10 {
			time.Sleep(25 * time.Second)
			c.Confirm(now())
		}
		if _, answer := c.Lookup(hash, now()); answer != Expired {
			t.Errorf("after its age the answer is %d", answer)
		}
		time.Sleep(31 * time.Second)
		if _, answer := c.Lookup(hash, now()); answer != Stale {
			t.Errorf("after the limit the answer is %d", answer)
		}
	})
}
