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

	"github.com/ginauth/ginauth/problem"
	"github.com/ginauth/ginauth/repository/sqlite"
)

// With all memory that strangers get taken, the next of them is told to come
// again after a while, and who is known is not.
func TestHashingIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHashing(MinHashMemory)
		const each = 19456
		leave, err := h.take(t.Context(), each, stranger)
		if err != nil {
			t.Fatal(err)
		}
		begin := time.Now()
		if _, err := h.take(t.Context(), each, stranger); !problem.Is(err, "busy") {
			t.Errorf("a second stranger gets %v", err)
		}
		if waited := time.Since(begin); waited != memoryTimeout {
			t.Errorf("it waits for %v", waited)
		}
		leaveKnown, err := h.take(t.Context(), each, known)
		if err != nil {
			t.Errorf("who is known gets %v", err)
		}
		if _, err := h.take(t.Context(), each, known); !problem.Is(err, "busy") {
			t.Errorf("beyond the memory one gets %v", err)
		}
		leave()
		leaveKnown()
		for range 3 { // whatever a hash needs, it gets its turn
			leave, err := h.take(t.Context(), 1<<20, stranger)
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
			leave, err := h.take(t.Context(), 19456, known)
			if err != nil {
				t.Fatal(err)
			}
			leaves = append(leaves, leave)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := h.take(ctx, 19456, stranger); err == nil {
			t.Error("there is more memory than there is")
		}
		for _, leave := range leaves {
			leave()
		}
		if leave, err := h.take(t.Context(), 19456, stranger); err != nil {
			t.Errorf("what was waited for is lost: %v", err)
		} else {
			leave()
		}
	})
}

// While strangers take the memory that they get, who signs up waits, as they
// do, and so does who guesses, also at hashes that take no memory but time. Who
// is known does not.
func TestStrangersLeaveRoomToLogIn(t *testing.T) {
	repo, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "test.db"))
	if err != nil {
		t.Fatal(err)
	}
	auth, err := New(repo, Config{Secrets: []string{"secret"}, HashMemory: MinHashMemory})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = auth.Close() }()
	engine := gin.New()
	auth.RegisterAdmin(engine)
	post := func(path, body string, patience time.Duration) (status int, answer string) {
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		request := httptest.NewRequestWithContext(ctx, http.MethodPost, path, strings.NewReader(body))
		request.Header.Set("Content-Type", "application/json")
		request.Header.Set("secret-key", "secret")
		recorder := httptest.NewRecorder()
		engine.ServeHTTP(recorder, request)
		return recorder.Code, recorder.Body.String()
	}
	const ada, login = `"username":"ada"`, `"password":"Analytical-1_Engine"`
	if status, answer := post("/new", `{`+ada+`,"email":"ada@example.com",`+login+`}`, time.Minute); status != http.StatusCreated {
		t.Fatalf("a user is answered %d: %s", status, answer)
	}
	post("/verify", `{`+ada+`,`+login+`}`, time.Minute)
	leave, err := auth.hashing.take(t.Context(), 19456, stranger)
	if err != nil {
		t.Fatal(err)
	}
	defer leave()
	for path, body := range map[string]string{
		"/new":    `{"username":"bob","email":"bob@example.com",` + login + `}`,
		"/verify": `{"client_address":"192.0.2.7",` + ada + `,` + login + `}`,
	} {
		if status, answer := post(path, body, time.Second); status != http.StatusServiceUnavailable || !strings.Contains(answer, `"busy"`) {
			t.Errorf("%s of a stranger is answered %d: %s", path, status, answer)
		}
	}
	if status, answer := post("/verify", `{`+ada+`,`+login+`}`, time.Minute); status != http.StatusOK || !strings.Contains(answer, `"verified":true`) {
		t.Errorf("who is known is answered %d: %s", status, answer)
	}
	hash, _ := bcrypt.GenerateFromPassword([]byte("x"), bcrypt.MinCost)
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if _, err := auth.verifyPassword(ctx, string(hash), "x", stranger); !problem.Is(err, "busy") {
		t.Errorf("a guess at an old hash gets %v", err)
	}
}
