package respond_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/ginauth/ginauth/internal/respond"
	"github.com/ginauth/ginauth/problem"
)

// refuse answers a request with an error.
func refuse(t *testing.T, r respond.Responder, err error) *httptest.ResponseRecorder {
	t.Helper()
	answer := httptest.NewRecorder()
	c, engine := gin.CreateTestContext(answer)
	c.Request = httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
	engine.GET("/", func(c *gin.Context) { r.Refuse(c, "Bearer", err) }, func(*gin.Context) { t.Error("a handler runs after the refusal") })
	engine.HandleContext(c)
	return answer
}

// Each kind has one status, and what is no kind is an outage: nothing passes by
// mistake.
func TestStatus(t *testing.T) {
	for err, want := range map[*problem.Error]int{
		problem.Malformed("x", "X"):             400,
		problem.Unauthenticated("x", "X"):       401,
		problem.Forbidden("x", "X"):             403,
		problem.NotFound("x", "X"):              404,
		problem.Conflict("x", "X"):              409,
		problem.TooLarge("x", "X"):              413,
		problem.Unsupported("x", "X"):           415,
		problem.Invalid("x", "X"):               422,
		problem.TooManyAttempts("X", time.Hour): 429,
		problem.Unavailable("x", "X"):           503,
		{}:                                      503,
	} {
		if got := respond.Status(err.Kind); got != want {
			t.Errorf("kind %d is answered %d, want %d", err.Kind, got, want)
		}
	}
}

// An outage is reported with its cause, which the client does not read; the
// answer says when to try again.
func TestRefuseOutage(t *testing.T) {
	down := errors.New("connection refused by 10.0.0.7")
	var reported error
	r := respond.Responder{Write: respond.JSON, Report: func(_ *gin.Context, err error) { reported = err }}
	answer := refuse(t, r, down)
	if answer.Code != http.StatusServiceUnavailable || answer.Header().Get("Retry-After") != "1" || !errors.Is(reported, down) {
		t.Errorf("it is answered %d, %v, and reported as %v", answer.Code, answer.Header(), reported)
	}
	want := `{"title":"Service Unavailable","status":503,"code":"store_unavailable","detail":"The key database is temporarily unavailable. Try again."}`
	if answer.Body.String() != want {
		t.Errorf("the body is %s", answer.Body)
	}
}

func TestRefuseChallenges(t *testing.T) {
	r := respond.Responder{Write: respond.JSON}
	answer := refuse(t, r, problem.Unauthenticated("key_missing", "The request carries no API key."))
	if answer.Header().Get("WWW-Authenticate") != "Bearer" || answer.Header().Get("Content-Type") != "application/problem+json" {
		t.Errorf("the headers are %v", answer.Header())
	}
	answer = refuse(t, r, problem.TooManyAttempts("Too many wrong secrets.", 1100*time.Millisecond))
	if answer.Header().Get("WWW-Authenticate") != "" || answer.Header().Get("Retry-After") != "2" {
		t.Errorf("the headers are %v", answer.Header())
	}
}

// Further members stand beside the others and replace none of them.
func TestExtraMembers(t *testing.T) {
	text, err := json.Marshal(respond.Body{Status: 422, Code: "fields_invalid", Extra: map[string]any{"proposed_password": "<x>", "code": "other"}})
	var members map[string]any
	if err != nil || json.Unmarshal(text, &members) != nil {
		t.Fatalf("%s, %v", text, err)
	}
	if members["proposed_password"] != "<x>" || members["code"] != "fields_invalid" || members["status"] != 422.0 {
		t.Errorf("it is %s", text)
	}
}
