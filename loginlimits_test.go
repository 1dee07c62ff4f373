package ginauth_test

import (
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/ginauth/ginauth"
	"github.com/ginauth/ginauth/models"
)

// A user who logs in from three addresses as often as they can is told to wait,
// and does not keep others from logging in.
func TestOneUserLeavesRoomForOthers(t *testing.T) {
	a := newAccounts(t, quiet, func(c *ginauth.Config) { c.HashMemory, c.Now = ginauth.MinHashMemory, time.Now })
	a.register("ada")
	a.register("bob")
	a.expectVerified("bob", password, true)
	stop := make(chan struct{})
	var group sync.WaitGroup
	var mu sync.Mutex
	codes := map[int]int{}
	for i := range 60 {
		group.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				answer := a.verify("ada", password, fmt.Sprintf("192.0.2.%d", 10+i%3))
				mu.Lock()
				codes[answer.Code]++
				mu.Unlock()
				if answer.Code == http.StatusTooManyRequests {
					if answer.Header().Get("Retry-After") == "" {
						t.Error("it is not said when to come again")
					}
					time.Sleep(5 * time.Millisecond)
				}
			}
		})
	}
	for i := range 6 {
		address := []string{"192.0.2.1", "198.51.100.7"}[i%2] // one that is known, and one that is not at first
		begin := time.Now()
		if answer := a.verify("bob", password, address); answer.Code != http.StatusOK {
			t.Errorf("another user is answered %d: %s", answer.Code, answer.Body)
		}
		if took := time.Since(begin); took > 4*time.Second {
			t.Errorf("another user waits %v", took)
		}
	}
	eventually(t, "the user is told to wait", func() bool {
		mu.Lock()
		defer mu.Unlock()
		return codes[http.StatusTooManyRequests] > 0
	})
	close(stop)
	group.Wait()
	if codes[http.StatusServiceUnavailable] > 0 || codes[http.StatusOK] == 0 {
		t.Errorf("the user is answered %v", codes)
	}
}

// Guesses of others use up nothing of what a user has: they count once the
// password was right.
func TestGuessesUseUpNoLogins(t *testing.T) {
	a := newApp(t, quiet)
	user := a.issue(`{` + ada + `}`).text("user_id")
	a.expectVerified("ada", password, true)
	a.setUser(user, func(u *models.User) { u.PasswordHash = cheapHash(t) })
	for range 99 {
		if answer := a.verify("ada", "wrong", "192.0.2.1"); answer.Code != http.StatusOK {
			t.Fatalf("a guess is answered %d", answer.Code)
		}
	}
	for range 5 {
		if answer := a.verify("ada", password, "192.0.2.1"); answer.Code != http.StatusOK {
			t.Fatalf("a right password is answered %d", answer.Code)
		}
	}
}
