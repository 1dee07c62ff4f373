package throttle

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// outcomes sends many tries at once, each of which takes a while.
func outcomes(t *testing.T, g *Gate, n int, failed bool) (through, refused int64) {
	t.Helper()
	var passed, turned atomic.Int64
	var tries sync.WaitGroup
	for range n {
		tries.Go(func() {
			ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
			defer cancel()
			leave, wait, err := g.Enter(ctx, "192.0.2.1")
			switch {
			case err != nil:
				t.Error(err)
			case wait > 0:
				turned.Add(1)
			default:
				passed.Add(1)
				time.Sleep(time.Millisecond)
				leave(failed)
			}
		})
	}
	tries.Wait()
	return passed.Load(), turned.Load()
}

// Many failures at once are as many as one after the other, and what did not
// fail waits for its turn, however many there are.
func TestGateAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := NewGate(60, time.Second, time.Now)
		if through, refused := outcomes(t, g, 1000, false); through != 1000 || refused != 0 {
			t.Errorf("of 1000 that do not fail %d get through, and %d are refused", through, refused)
		}
		if through, refused := outcomes(t, g, 1000, true); through != 60 || refused != 940 {
			t.Errorf("of 1000 that fail %d get through, and %d are refused", through, refused)
		}
		time.Sleep(time.Second)
		if through, _ := outcomes(t, g, 1000, true); through != 1 {
			t.Errorf("after a refill %d get through", through)
		}
		if leave, wait, err := g.Enter(t.Context(), "192.0.2.2"); wait > 0 || err != nil {
			t.Errorf("another address waits %v: %v", wait, err)
		} else {
			leave(false)
		}
	})
}

// A caller that leaves the queue takes nothing, and the queue is bounded.
func TestGateLine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := NewGate(1, time.Hour, time.Now)
		leave, _, _ := g.Enter(t.Context(), "192.0.2.1")
		ctx, cancel := context.WithCancel(t.Context())
		var line sync.WaitGroup
		for range maxLine {
			line.Go(func() {
				if _, _, err := g.Enter(ctx, "192.0.2.1"); !errors.Is(err, context.Canceled) {
					t.Errorf("in line one gets %v", err)
				}
			})
		}
		synctest.Wait()
		if _, _, err := g.Enter(t.Context(), "192.0.2.1"); !errors.Is(err, ErrFull) {
			t.Errorf("behind a full line one gets %v", err)
		}
		cancel()
		line.Wait()
		leave(false)
		if leave, wait, err := g.Enter(t.Context(), "192.0.2.1"); wait > 0 || err != nil {
			t.Errorf("afterwards one waits %v: %v", wait, err)
		} else {
			leave(true)
		}
		if _, wait, _ := g.Enter(t.Context(), "192.0.2.1"); wait != time.Hour {
			t.Errorf("after a failure one waits %v", wait)
		}
	})
}
