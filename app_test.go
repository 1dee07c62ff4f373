package ginauth_test

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"go.uber.org/goleak"

	"github.com/ginauth/ginauth"
	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/repository"
	"github.com/ginauth/ginauth/repository/sqlite"
)

const (
	secret   = "a-secret-that-is-long-enough-for-tests"
	password = "Analytical-1_Engine"
)

func TestMain(m *testing.M) {
	gin.SetMode(gin.TestMode)
	goleak.VerifyTestMain(m)
}

// app is an application that uses ginauth, on a database of its own.
type app struct {
	t      *testing.T
	auth   *ginauth.Auth
	repo   *faultyRepository
	engine *gin.Engine
	clock  *clock
	log    *lockedBuffer
}

// newApp mounts the admin calls at /auth and a guarded endpoint at /secure,
// which answers with the key that the guard hands on.
func newApp(t *testing.T, adjust ...func(*ginauth.Config)) *app {
	t.Helper()
	file, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "test.db"))
	if err != nil {
		t.Fatal(err)
	}
	a := &app{
		t: t, repo: &faultyRepository{Repository: file}, engine: gin.New(), log: &lockedBuffer{},
		clock: &clock{now: time.Date(2030, 5, 6, 7, 8, 9, 123_456_789, time.FixedZone("", 3600))},
	}
	config := ginauth.Config{
		Secrets: []string{secret}, Now: a.clock.Now,
		StaleLimit: 200 * 365 * 24 * time.Hour, // the clock jumps, and the log is read by a real one
		Logger:     slog.New(slog.NewTextHandler(a.log, nil)),
	}
	for _, change := range adjust {
		change(&config)
	}
	if a.auth, err = ginauth.New(a.repo, config); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = a.auth.Close() })
	a.auth.RegisterAdmin(a.engine.Group("/auth"))
	a.engine.GET("/secure", a.auth.Guard(), showKey)
	return a
}

func showKey(c *gin.Context) {
	key, _ := ginauth.KeyFrom(c)
	c.JSON(http.StatusOK, key)
}

// clock is a clock that tests move.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// lockedBuffer keeps what is logged.
type lockedBuffer struct {
	mu     sync.Mutex
	buffer bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buffer.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buffer.String()
}

// request is one HTTP request; what is left out is left out of it.
type request struct {
	method, path string
	header       http.Header
	body         string
	address      string
}

func header(pairs ...string) http.Header {
	h := http.Header{}
	for i := 0; i < len(pairs); i += 2 {
		h.Add(pairs[i], pairs[i+1])
	}
	return h
}

func (a *app) do(r request) *httptest.ResponseRecorder {
	a.t.Helper()
	if r.method == "" {
		r.method = http.MethodGet
	}
	req := httptest.NewRequestWithContext(a.t.Context(), r.method, r.path, strings.NewReader(r.body))
	maps.Copy(req.Header, r.header)
	if host := req.Header.Get("Host"); host != "" { // which is no header of a request that was read
		req.Host = host
		req.Header.Del("Host")
	}
	if r.address != "" {
		req.RemoteAddr = r.address
	}
	answer := httptest.NewRecorder()
	a.engine.ServeHTTP(answer, req)
	return answer
}

// call makes an admin call with the right secret.
func (a *app) call(path, body string) *httptest.ResponseRecorder {
	a.t.Helper()
	return a.do(request{
		method: http.MethodPost, path: path, body: body,
		header: header("secret-key", secret, "Content-Type", "application/json"),
	})
}

// get makes an admin call that changes nothing.
func (a *app) get(path string) *httptest.ResponseRecorder {
	a.t.Helper()
	return a.do(request{path: path, header: header("secret-key", secret)})
}

// guarded calls the guarded endpoint with a key in the header.
func (a *app) guarded(key string) *httptest.ResponseRecorder {
	a.t.Helper()
	return a.do(request{path: "/secure", header: header("api-key", key)})
}

// issue makes a key from the members of a body and returns its answer.
func (a *app) issue(body string) object {
	a.t.Helper()
	answer := a.call("/auth/new", body)
	if answer.Code != http.StatusCreated {
		a.t.Fatalf("POST /auth/new answers %d: %s", answer.Code, answer.Body)
	}
	return decode(a.t, answer.Body)
}

// issueKey makes a service key and returns it with its id.
func (a *app) issueKey() (key, id string) {
	a.t.Helper()
	issued := a.issue(`{"name":"service"}`)
	return issued.text("api_key"), issued.text("id")
}

type object map[string]any

func (o object) text(name string) string {
	text, _ := o[name].(string)
	return text
}

func decode(t *testing.T, body io.Reader) object {
	t.Helper()
	var o object
	if err := json.NewDecoder(body).Decode(&o); err != nil {
		t.Fatalf("the answer is not a JSON object: %v", err)
	}
	return o
}

// expectProblem checks an answer that refuses, whose field may be empty.
func expectProblem(t *testing.T, answer *httptest.ResponseRecorder, status int, code, field string) object {
	t.Helper()
	body := answer.Body.String()
	if answer.Code != status {
		t.Fatalf("status is %d, want %d: %s", answer.Code, status, body)
	}
	if got := answer.Header().Get("Content-Type"); got != "application/problem+json" {
		t.Errorf("content type is %q", got)
	}
	if got := answer.Header().Get("Cache-Control"); got != "no-store" {
		t.Errorf("a refusal may be cached: %q", got)
	}
	if status == http.StatusUnauthorized && answer.Header().Get("WWW-Authenticate") == "" {
		t.Error("a 401 has no WWW-Authenticate")
	}
	problem := decode(t, strings.NewReader(body))
	if problem["code"] != code {
		t.Errorf("code is %v, want %s: %s", problem["code"], code, body)
	}
	if problem["status"] != float64(status) || problem["title"] != http.StatusText(status) || problem["detail"] == "" {
		t.Errorf("not the problem details of a %d: %s", status, body)
	}
	if field != "" && !strings.Contains(body, `"field":"`+field+`"`) {
		t.Errorf("the answer does not name the field %q: %s", field, body)
	}
	return problem
}

// faultyRepository fails as long as it is told to.
type faultyRepository struct {
	repository.Repository
	mu     sync.Mutex
	fault  error
	answer *models.APIKey
	// before runs before each reading or issuing to a user, with the call's name.
	before func(call string) error
	// queries counts the keys that were asked for, followed the readings of
	// the change log.
	queries, followed atomic.Int64
}

func (r *faultyRepository) failWith(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.fault = err
}

func (r *faultyRepository) failure() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.fault
}
