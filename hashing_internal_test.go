package ginauth

import (
	"context"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gin-gonic/gin"
	"golang.org/x/crypto/bcrypt"

	"github.com/ginauth/ginauth/repository/sqlite"
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

// Who signs up is a stranger: no flood of new users takes the memory of those
// who are known. Nor does one of guesses at hashes that take none, but time.
func TestSignUpsAndOldHashesAreOfStrangers(t *testing.T) {
	repo, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "test.db"))
	if err != nil {
		t.Fatal(err)
	}
	auth, err := New(repo, Config{Secrets: []string{"secret"}, HashMemory: MinHashMemory})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = auth.Close() }()
	leave, err := auth.hashing.take(t.Context(), 19456, false)
	if err != nil {
		t.Fatal(err)
	}
	defer leave()
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	engine, answer := gin.New(), httptest.NewRecorder()
	auth.RegisterAdmin(engine)
	request := httptest.NewRequestWithContext(ctx, http.MethodPost, "/new", strings.NewReader(
		`{"username":"ada","email":"ada@example.com","password":"Analytical-1_Engine"}`))
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("secret-key", "secret")
	engine.ServeHTTP(answer, request)
	if answer.Code != http.StatusServiceUnavailable || !strings.Contains(answer.Body.String(), `"busy"`) {
		t.Errorf("a new user is answered %d: %s", answer.Code, answer.Body)
	}
	hash, _ := bcrypt.GenerateFromPassword([]byte("x"), bcrypt.MinCost)
	if _, err := auth.verifyPassword(ctx, string(hash), "x", false); !isProblem(err, "busy") {
		t.Errorf("a guess at an old hash gets %v", err)
	}
	if right, err := auth.verifyPassword(t.Context(), string(hash), "x", true); !right || err != nil {
		t.Errorf("who is known gets %v, %v", right, err)
	}
}
