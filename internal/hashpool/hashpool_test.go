package hashpool

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/crypto/bcrypt"

	"github.com/ginauth/ginauth/problem"
)

// With all memory taken that unknown clients get, the next of them is told to come
// again after a while, and a known one is not.
func TestHashingIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := New(40)
		const each = 19456
		leave, err := h.Take(t.Context(), each, Unknown)
		if err != nil {
			t.Fatal(err)
		}
		begin := time.Now()
		if _, err := h.Take(t.Context(), each, Unknown); !problem.Is(err, "busy") {
			t.Errorf("a second unknown client gets %v", err)
		}
		if waited := time.Since(begin); waited != Timeout {
			t.Errorf("it waits for %v", waited)
		}
		leaveKnown, err := h.Take(t.Context(), each, Known)
		if err != nil {
			t.Errorf("who is known gets %v", err)
		}
		if _, err := h.Take(t.Context(), each, Known); !problem.Is(err, "busy") {
			t.Errorf("beyond the memory one gets %v", err)
		}
		leave()
		leaveKnown()
		for range 3 { // whatever a hash needs, it gets its turn
			leave, err := h.Take(t.Context(), 1<<20, Unknown)
			if err != nil {
				t.Fatal(err)
			}
			leave()
		}
	})
}

// A client that leaves while it waits takes no memory along.
func TestHashingIsLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := New(40)
		leaves := []func(){}
		for range 2 {
			leave, err := h.Take(t.Context(), 19456, Known)
			if err != nil {
				t.Fatal(err)
			}
			leaves = append(leaves, leave)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := h.Take(ctx, 19456, Unknown); err == nil {
			t.Error("there is more memory than there is")
		}
		for _, leave := range leaves {
			leave()
		}
		if leave, err := h.Take(t.Context(), 19456, Unknown); err != nil {
			t.Errorf("what was waited for is lost: %v", err)
		} else {
			leave()
		}
	})
}

// A guess at an old hash, which takes no memory but time, counts as one of ours.
func TestOldHashesWait(t *testing.T) {
	pool := New(40)
	release, err := pool.Take(t.Context(), 19456, Unknown)
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	hash, _ := bcrypt.GenerateFromPassword([]byte("x"), bcrypt.MinCost)
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if _, err := pool.Verify(ctx, string(hash), "x", Unknown); !problem.Is(err, "busy") {
		t.Errorf("a guess at an old hash gets %v", err)
	}
}
