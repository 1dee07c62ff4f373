package ginauth_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"

	"github.com/ginauth/ginauth"
	"github.com/ginauth/ginauth/ginauthtest"
)

// A wrong method on a path of ours is named as such; the group's own root, and routes that
// the application has there, are left alone.
func TestWrongMethods(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	a.engine.DELETE("/v2/logs", func(c *gin.Context) { c.String(http.StatusOK, "the application's") })
	group := a.engine.Group("/v2")
	a.auth.RegisterAdmin(group)
	a.auth.RegisterAccount(a.engine.Group("/account"))
	for call, allow := range map[string]string{
		"GET /v2/new": "POST", "PUT /v2/new": "POST", "PATCH /v2/users": "GET", "DELETE /v2/users/delete": "POST", "POST /v2/logs": "GET",
		"GET /account/password": "POST", "PUT /account/usage": "GET",
	} {
		method, path, _ := strings.Cut(call, " ")
		answer := a.do(request{method: method, path: path})
		expectProblem(t, answer, http.StatusMethodNotAllowed, "method_not_allowed", "")
		if got := answer.Header().Get("Allow"); got != allow {
			t.Errorf("%s allows %q", call, got)
		}
	}
	for call, status := range map[string]int{"DELETE /v2/logs": 200, "POST /account": 404, "GET /v2": 404, "GET /v2/logs": 401} {
		method, path, _ := strings.Cut(call, " ")
		if answer := a.do(request{method: method, path: path}); answer.Code != status {
			t.Errorf("%s is answered %d", call, answer.Code)
		}
	}
	ginauthtest.RequireGuarded(t, a.auth, a.engine, "DELETE /v2/logs", "/secure")
}

// Below a guard, which takes credentials away, the calls could not be made.
func TestCallsBelowAGuard(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	for name, register := range map[string]func(*gin.Engine){
		"RegisterAdmin":   func(r *gin.Engine) { a.auth.RegisterAdmin(r.Group("/auth")) },
		"RegisterAccount": func(r *gin.Engine) { a.auth.RegisterAccount(r.Group("/account")) },
	} {
		for _, guard := range []gin.HandlerFunc{a.auth.Guard(), a.auth.Guard(ginauth.Optional())} {
			r := gin.New()
			r.Use(gin.Recovery(), guard)
			func() {
				defer func() {
					if text, _ := recover().(string); !strings.Contains(text, name+" is below a Guard") {
						t.Errorf("below a guard %s panics with %q", name, text)
					}
				}()
				register(r)
			}()
		}
	}
}
