package cookbook

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/golang-jwt/jwt/v5"
	"github.com/prometheus/client_golang/prometheus"
	gormsqlite "gorm.io/driver/sqlite"
	"gorm.io/gorm"

	"github.com/ginauth/ginauth"
	"github.com/ginauth/ginauth/ginauthtest"
	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/problem"
	"github.com/ginauth/ginauth/security"
)

func TestMain(m *testing.M) {
	gin.SetMode(gin.TestMode)
	os.Exit(m.Run())
}

func do(t *testing.T, r http.Handler, method, path string, headers ...string) *httptest.ResponseRecorder {
	t.Helper()
	request, answer := httptest.NewRequestWithContext(t.Context(), method, path, nil), httptest.NewRecorder()
	for i := 0; i < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	r.ServeHTTP(answer, request)
	return answer
}

func expectStatus(t *testing.T, r http.Handler, status int, path string, headers ...string) {
	t.Helper()
	if answer := do(t, r, http.MethodGet, path, headers...); answer.Code != status {
		t.Errorf("%s with %v is answered %d, want %d: %s", path, headers, answer.Code, status, answer.Body)
	}
}

// A unit test
func TestHandler(t *testing.T) {
	auth, clock := ginauthtest.New(t) // in memory
	r := gin.New()
	r.GET("/orders", auth.Guard(), listOrders)
	ginauthtest.RequireGuarded(t, auth, r)
	issued := ginauthtest.Issue(t, auth)
	expectStatus(t, r, http.StatusNoContent, "/orders", "api-key", issued.Key)
	clock.Advance(16 * 24 * time.Hour) // beyond the expiration
	expectStatus(t, r, http.StatusUnauthorized, "/orders", "api-key", issued.Key)
}

func TestKeyOrJWT(t *testing.T) {
	auth, _ := ginauthtest.New(t)
	r, secret := gin.New(), []byte("a secret of the application")
	keyOrJWT(r, auth, secret)
	token, err := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims{"sub": "ada"}).SignedString(secret)
	if err != nil {
		t.Fatal(err)
	}
	key := ginauthtest.Issue(t, auth).Key
	expectStatus(t, r, http.StatusNoContent, "/orders", "Authorization", "Bearer "+token)
	expectStatus(t, r, http.StatusNoContent, "/orders", "Authorization", "Bearer "+key)
	expectStatus(t, r, http.StatusUnauthorized, "/orders", "Authorization", "Bearer "+token+"x")
	expectStatus(t, r, http.StatusUnauthorized, "/orders")
}

func TestCrossOrigin(t *testing.T) {
	auth, _ := ginauthtest.New(t)
	r := gin.New()
	crossOrigin(r, auth)
	preflight := do(t, r, http.MethodOptions, "/api/orders", "Origin", "https://app.example.org",
		"Access-Control-Request-Method", "GET", "Access-Control-Request-Headers", "api-key")
	if allowed := preflight.Header().Get("Access-Control-Allow-Headers"); preflight.Code != http.StatusNoContent || !strings.Contains(allowed, "Api-Key") {
		t.Errorf("the preflight request is answered %d, %v", preflight.Code, preflight.Header())
	}
	expectStatus(t, r, http.StatusUnauthorized, "/api/orders", "Origin", "https://app.example.org")
}

func TestLimitedByKey(t *testing.T) {
	auth, _ := ginauthtest.New(t)
	r := gin.New()
	limitedByKey(r, auth)
	busy, other := ginauthtest.Issue(t, auth).Key, ginauthtest.Issue(t, auth).Key
	limited := false
	for range 100 {
		limited = limited || do(t, r, http.MethodGet, "/orders", "api-key", busy).Code == http.StatusTooManyRequests
	}
	if !limited {
		t.Error("a key is not limited")
	}
	expectStatus(t, r, http.StatusNoContent, "/orders", "api-key", other)
}

func TestTraced(t *testing.T) {
	auth, _ := ginauthtest.New(t)
	r, log := gin.New(), &bytes.Buffer{}
	traced(r, auth, slog.New(slog.NewTextHandler(log, nil)))
	issued := ginauthtest.Issue(t, auth)
	expectStatus(t, r, http.StatusNoContent, "/orders", "api-key", issued.Key)
	if !strings.Contains(log.String(), "key="+issued.ID) {
		t.Errorf("the log is %s", log)
	}
}

func TestMetrics(t *testing.T) {
	auth, _ := ginauthtest.New(t)
	registry := prometheus.NewRegistry()
	metrics(auth, registry)
	if _, err := auth.Check(t.Context(), ginauth.Attempt{Key: ginauthtest.Issue(t, auth).Key}); err != nil {
		t.Fatal(err)
	}
	families, err := registry.Gather()
	if err != nil || len(families) != 3 || families[0].GetMetric()[0].GetGauge().GetValue() != 1 {
		t.Errorf("the metrics are %v, %v", families, err)
	}
}

func TestConfigurations(t *testing.T) {
	auth, _ := ginauthtest.New(t, ownErrors, prefixes)
	r := gin.New()
	r.GET("/orders", auth.Guard(), listOrders)
	if body := do(t, r, http.MethodGet, "/orders").Body.String(); !strings.HasPrefix(body, `{"error":{"code":"key_missing"`) {
		t.Errorf("the refusal is %s", body)
	}
	if key := ginauthtest.Issue(t, auth).Key; !strings.HasPrefix(key, "acme_") {
		t.Errorf("a key begins %.5s", key)
	}
}

func newDB(t *testing.T) *gorm.DB {
	t.Helper()
	db, err := gorm.Open(gormsqlite.Open(filepath.Join(t.TempDir(), "app.db")), &gorm.Config{})
	if err == nil {
		err = db.AutoMigrate(&Account{})
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if pool, err := db.DB(); err == nil {
			_ = pool.Close()
		}
	})
	return db
}

// The application's table and ginauth's tables lie in one file.
func TestOwnUsersInAnExistingDatabase(t *testing.T) {
	db := newDB(t)
	auth, err := existing(t.Context(), db, ginauthtest.Secret)
	if err != nil {
		t.Fatal(err)
	}
	defer auth.Close()
	key, err := ownUsers(t.Context(), auth, db, Account{Email: "ada@example.com"})
	if err != nil {
		t.Fatal(err)
	}
	checked, err := auth.Check(t.Context(), ginauth.Attempt{Key: key})
	var account Account
	if err != nil || db.Take(&account, "key_id = ?", checked.ID).Error != nil || account.Email != "ada@example.com" {
		t.Errorf("the key is %+v of %+v (%v)", checked, account, err)
	}
}

func TestSeed(t *testing.T) {
	auth, _ := ginauthtest.New(t)
	log := &bytes.Buffer{}
	for range 2 {
		if err := seed(t.Context(), auth, slog.New(slog.NewTextHandler(log, nil))); err != nil {
			t.Fatal(err)
		}
	}
	if n := strings.Count(log.String(), "key=ga_"); n != 1 {
		t.Errorf("%d keys are issued", n)
	}
}

func TestReadiness(t *testing.T) {
	auth, _ := ginauthtest.New(t)
	r := gin.New()
	readiness(r, auth)
	expectStatus(t, r, http.StatusNoContent, "/ready")
	_ = auth.Close()
	expectStatus(t, r, http.StatusServiceUnavailable, "/ready")
}

func TestProxied(t *testing.T) {
	t.Chdir(t.TempDir())
	t.Setenv("GINAUTH_SECRET", ginauthtest.Secret)
	auth, err := proxied(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer auth.Close()
	r := gin.New()
	r.GET("/orders", auth.Guard(), listOrders)
	status := 0
	for range 61 { // of one client; the connection is not the proxy's, so the header says nothing
		status = do(t, r, http.MethodGet, "/orders", "api-key", security.NewKey("ga"), "X-Forwarded-For", "192.0.2.1").Code
	}
	if status != http.StatusTooManyRequests {
		t.Errorf("unknown keys are answered %d", status)
	}
}

func TestFromGo(t *testing.T) {
	auth, _ := ginauthtest.New(t)
	key, err := signUp(t.Context(), auth, "ada", "ada@example.com", "Analytical-1_Engine")
	if err != nil {
		t.Fatal(err)
	}
	if err := checkCall(t.Context(), auth, key, "/orders.Orders/List", "192.0.2.1"); err != nil {
		t.Errorf("a new key is refused: %v", err)
	}
	for _, leaked := range []string{key, key, security.NewKey("ga")} {
		if err := revoke(t.Context(), auth, leaked); err != nil {
			t.Errorf("revoking fails: %v", err)
		}
	}
	if err := checkCall(t.Context(), auth, key, "", ""); !problem.Is(err, "key_revoked") {
		t.Errorf("a revoked key gives %v", err)
	}
	_ = models.StatusActive
}

// The program prints what its comments say.
func TestSignUpProgram(t *testing.T) {
	program := filepath.Join(t.TempDir(), "signup")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", program, "./signup").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	command := exec.CommandContext(context.WithoutCancel(t.Context()), program)
	command.Dir = t.TempDir()
	command.Env = append(os.Environ(), "GIN_MODE=release")
	out, err := command.Output()
	if err != nil || string(out) != "200\n401\n" {
		t.Errorf("it prints %s, %v", out, err)
	}
}
