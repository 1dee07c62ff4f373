package ginauthtest_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"go.uber.org/goleak"

	"github.com/ginauth/ginauth"
	"github.com/ginauth/ginauth/docs"
	"github.com/ginauth/ginauth/ginauthtest"
	"github.com/ginauth/ginauth/models"
)

func TestMain(m *testing.M) {
	gin.SetMode(gin.TestMode)
	goleak.VerifyTestMain(m)
}

func get(engine *gin.Engine, path, key string) *httptest.ResponseRecorder {
	request, answer := httptest.NewRequest(http.MethodGet, path, nil), httptest.NewRecorder()
	request.Header.Set("api-key", key)
	engine.ServeHTTP(answer, request)
	return answer
}

// The clock decides about expiration, and keys stay in memory when it jumps.
func TestClock(t *testing.T) {
	auth, clock := ginauthtest.New(t)
	engine := gin.New()
	engine.GET("/orders", auth.Guard(), func(c *gin.Context) { c.Status(http.StatusNoContent) })
	issued := ginauthtest.Issue(t, auth)
	if code := get(engine, "/orders", issued.Key).Code; code != http.StatusNoContent {
		t.Errorf("a new key is answered %d", code)
	}
	clock.Advance(15*24*time.Hour - time.Minute)
	if code := get(engine, "/orders", issued.Key).Code; code != http.StatusNoContent {
		t.Errorf("a minute before its end a key is answered %d", code)
	}
	clock.Advance(time.Minute)
	if answer := get(engine, "/orders", issued.Key); !strings.Contains(answer.Body.String(), "key_expired") {
		t.Errorf("at its end a key is answered %s", answer.Body)
	}
}

// A handler is tested without its guard.
func TestWithKey(t *testing.T) {
	engine := gin.New()
	engine.GET("/orders", func(c *gin.Context) {
		key, ok := ginauth.KeyFrom(c)
		same, _ := ginauth.KeyFromContext(c)
		inner, _ := ginauth.KeyFromContext(c.Request.Context())
		select {
		case <-ginauth.Revoked(c):
			t.Error("the key is revoked")
		default:
		}
		c.String(http.StatusOK, "%v %s %s %s", ok, key.UserID, same.UserID, inner.UserID)
	})
	request, answer := httptest.NewRequest(http.MethodGet, "/orders", nil), httptest.NewRecorder()
	engine.ServeHTTP(answer, request.WithContext(ginauthtest.WithKey(t.Context(), models.APIKey{UserID: "u"})))
	if answer.Body.String() != "true u u u" {
		t.Errorf("the handler finds %s", answer.Body)
	}
}

// recorded notes errors in place of failing.
type recorded struct {
	testing.TB
	errors []string
}

func (r *recorded) Errorf(format string, values ...any) {
	r.errors = append(r.errors, fmt.Sprintf(format, values...))
}

func TestRequireGuarded(t *testing.T) {
	auth, _ := ginauthtest.New(t)
	other, _ := ginauthtest.New(t)
	engine := gin.New()
	auth.RegisterAdmin(engine.Group("/auth"))
	auth.RegisterAccount(engine.Group("/account"))
	docs.Register(engine, auth)
	answer := func(c *gin.Context) { c.Status(http.StatusUnauthorized) }
	guarded := engine.Group("/guarded", auth.Guard())
	guarded.GET("/orders/:id", answer)
	guarded.POST("/files/*name", answer)
	engine.GET("/health", answer)
	engine.GET("/open/:id", answer)
	engine.POST("/panics", func(*gin.Context) { panic("without a key") })
	engine.GET("/optional", auth.Guard(ginauth.Optional()), answer)
	engine.GET("/other", other.Guard(), answer)
	engine.GET("/late", func(c *gin.Context) { c.String(http.StatusOK, "orders") }, auth.Guard()) // in the wrong order
	engine.GET("/static/1", auth.Guard(), answer)
	engine.GET("/static/:id", answer)

	r := &recorded{TB: t}
	ginauthtest.RequireGuarded(r, auth, engine, "/health", "GET /optional", "/typo")
	for _, route := range []string{"GET /open/:id", "POST /panics", "GET /other", "GET /late", "GET /static/:id", `"/typo"`} {
		if !slices.ContainsFunc(r.errors, func(text string) bool { return strings.Contains(text, route) }) {
			t.Errorf("%s is not reported", route)
		}
	}
	if len(r.errors) != 6 {
		t.Errorf("it reports %q", r.errors)
	}
}
