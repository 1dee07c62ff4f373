package ginauth

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

// With all memory that strangers get taken, the next of them is told to come
// again after a while, and who is known is not.
func TestHashingIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHashing(MinHashMemory)
		const each = 19456
		leave, err := h.take(t.Context(), each, false)
		if err != nil {
			t.Fatal(err)
		}
		begin := time.Now()
		if _, err := h.take(t.Context(), each, false); !isProblem(err, "busy") {
			t.Errorf("a second stranger gets %v", err)
		}
		if waited := time.Since(begin); waited != memoryTimeout {
			t.Errorf("it waits for %v", waited)
		}
		leaveKnown, err := h.take(t.Context(), each, true)
		if err != nil {
			t.Errorf("who is known gets %v", err)
		}
		if _, err := h.take(t.Context(), each, true); !isProblem(err, "busy") {
			t.Errorf("beyond the memory one gets %v", err)
		}
		leave()
		leaveKnown()
		for range 3 { // whatever a hash needs, it gets its turn
			leave, err := h.take(t.Context(), 1<<20, false)
			if err != nil {
				t.Fatal(err)
			}
			leave()
		}
	})
}

// Who leaves while waiting takes nothing along.
func TestHashingIsLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHashing(MinHashMemory)
		leaves := []func(){}
		for range 2 {
			leave, err := h.take(t.Context(), 19456, true)
			if err != nil {
				t.Fatal(err)
			}
			leaves = append(leaves, leave)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := h.take(ctx, 19456, false); err == nil {
			t.Error("there is more memory than there is")
		}
		for _, leave := range leaves {
			leave()
		}
		if leave, err := h.take(t.Context(), 19456, false); err != nil {
			t.Errorf("what was waited for is lost: %v", err)
		} else {
			leave()
		}
	})
}
