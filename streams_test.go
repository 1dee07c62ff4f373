package ginauth_test

import (
	"net/http"
	"path/filepath"
	"testing"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/ginauth/ginauth"
)

// stream lets a request in that ends when its key is revoked, and returns what
// is closed then.
func (a *app) stream(key string) <-chan struct{} {
	a.t.Helper()
	began, ended := make(chan struct{}), make(chan struct{})
	a.engine.GET("/stream", a.auth.Guard(), func(c *gin.Context) {
		first := ginauth.Revoked(c)
		if again := ginauth.Revoked(c); again != first {
			a.t.Error("the channel is another each time")
		}
		close(began)
		<-ginauth.Revoked(c)
		close(ended)
	})
	go a.do(request{path: "/stream", header: header("api-key", key)})
	<-began
	return ended
}

func expectEnd(t *testing.T, ended <-chan struct{}, within time.Duration) {
	t.Helper()
	select {
	case <-ended:
	case <-time.After(within):
		t.Errorf("after %v the stream goes on", within)
	}
}

func TestRevokedThroughAnotherNode(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "shared.db")
	one, other := newNode(t, path), newNode(t, path)
	key, id := one.issueKey()
	eventually(t, "the other node accepts the key", func() bool { return other.guarded(key).Code == http.StatusOK })
	ended := other.stream(key)
	one.call("/auth/revoke", `{"id":"`+id+`"}`)
	expectEnd(t, ended, 5*time.Second) // a second on a machine that does nothing else
}

func TestStreamsEndWithTheKey(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(a *app, user object){
		"expired":  func(a *app, _ object) { a.clock.advance(16 * 24 * time.Hour) },
		"deleted":  func(a *app, user object) { a.call("/auth/delete", `{"id":"`+user.text("id")+`"}`) },
		"disabled": func(a *app, _ object) { a.call("/auth/users/disable", `{"username":"ada"}`) },
		"access ended": func(a *app, _ object) {
			a.call("/auth/users/update", `{"username":"ada","access_until":"2029-01-01"}`)
		},
		"access ends": func(a *app, _ object) { // at a date that the key's own outlasts
			a.call("/auth/users/update", `{"username":"ada","access_until":"2030-05-08"}`)
			a.clock.advance(4 * 24 * time.Hour)
		},
		"closed": func(a *app, _ object) { _ = a.auth.Close() },
		"stale":  func(a *app, _ object) { a.clock.advance(201 * 365 * 24 * time.Hour) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newApp(t)
			user := a.issue(`{` + ada + `}`)
			ended := a.stream(user.text("api_key"))
			end(a, user)
			expectEnd(t, ended, 10*time.Second)
		})
	}
}

// Where no guard let the request through, the channel is closed.
func TestRevokedWithoutAGuard(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	a.engine.GET("/open", func(c *gin.Context) { <-ginauth.Revoked(c) })
	if code := a.do(request{path: "/open"}).Code; code != http.StatusOK {
		t.Errorf("it is answered %d", code)
	}
}
