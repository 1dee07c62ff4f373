package main

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"go.uber.org/goleak"

	"github.com/ginauth/ginauth"
	"github.com/ginauth/ginauth/mail"
	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/repository"
	"github.com/ginauth/ginauth/repository/sqlite"
	"github.com/ginauth/ginauth/security"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// capture redirects all that the application could print to, and returns what
// reads it.
func capture(t *testing.T) func() string {
	t.Helper()
	file, err := os.Create(filepath.Join(t.TempDir(), "output"))
	if err != nil {
		t.Fatal(err)
	}
	stdout, stderr, logger := os.Stdout, os.Stderr, slog.Default()
	os.Stdout, os.Stderr, gin.DefaultWriter, gin.DefaultErrorWriter = file, file, file, file
	slog.SetDefault(slog.New(slog.NewTextHandler(file, nil))) // package log follows it
	t.Cleanup(func() {
		os.Stdout, os.Stderr, gin.DefaultWriter, gin.DefaultErrorWriter = stdout, stderr, stdout, stderr
		slog.SetDefault(logger)
		_ = file.Close()
	})
	return func() string {
		text, err := os.ReadFile(file.Name())
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
}

// newAuth makes an Auth that knows one key.
func newAuth(t *testing.T) (auth *ginauth.Auth, key string) {
	t.Helper()
	repo, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "test.db"))
	if err != nil {
		t.Fatal(err)
	}
	key = security.NewKey(security.DefaultPrefix)
	hash := security.HashKey(key)
	record := models.APIKey{ID: "the-key", Hash: hash[:], Name: "panicking"}
	if err := repo.CreateKey(t.Context(), repository.Attribution{Actor: "test", At: time.Now()}, record, repository.CreateKeyOptions{}); err != nil {
		t.Fatal(err)
	}
	auth, err = ginauth.New(repo, ginauth.Config{Secrets: []string{security.NewSecret()}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = auth.Close() })
	return auth, key
}

// addPanics adds endpoints that panic, with and without a guard.
func addPanics(r *gin.Engine, auth *ginauth.Auth) (paths []string) {
	for name, reason := range map[string]any{
		"string": "boom",
		"pipe":   fmt.Errorf("writing the answer: %w", syscall.EPIPE),
		"abort":  http.ErrAbortHandler,
	} {
		r.GET("/open/"+name, func(*gin.Context) { panic(reason) })
		r.GET("/guarded/"+name, auth.Guard(), func(*gin.Context) { panic(reason) })
		paths = append(paths, "/open/"+name, "/guarded/"+name)
	}
	return paths
}

// The example's log of a panic holds no key, in whatever place it was
// sent, not even where no guard took it out of the request.
func TestPanicsPrintNoKey(t *testing.T) {
	for _, mode := range []string{gin.DebugMode, gin.ReleaseMode} {
		t.Run(mode, func(t *testing.T) {
			gin.SetMode(mode)
			output := capture(t)
			auth, key := newAuth(t)
			r := newRouter(auth)
			paths := addPanics(r, auth)
			server := httptest.NewServer(r)
			defer server.Close()
			for _, path := range paths {
				panicWithKey(t, server.URL+path, key)
			}
			expectLogOfPanics(t, output(), key)
		})
	}
}

// panicWithKey makes the request with the key in each place.
func panicWithKey(t *testing.T, url, key string) {
	t.Helper()
	for query, header := range map[string]http.Header{
		"":                {"Api-Key": {key}},
		"?":               {"Authorization": {"Bearer " + key}},
		"?api-key=" + key: {},
	} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url+query, nil)
		if err != nil {
			t.Fatal(err)
		}
		request.Header = header
		answer, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		_ = answer.Body.Close()
		if strings.HasSuffix(url, "/string") && answer.StatusCode != http.StatusInternalServerError {
			t.Errorf("%s answers %d", url, answer.StatusCode)
		}
	}
}

// expectLogOfPanics checks that operators learn of the panics and of nothing
// secret.
func expectLogOfPanics(t *testing.T, output, key string) {
	t.Helper()
	if strings.Contains(output, key[len(key)/2:]) {
		t.Errorf("the key is printed:\n%s", output)
	}
	for word, want := range map[string]int{
		"msg=panic path=/open/string reason=boom":    3,
		"msg=panic path=/guarded/string reason=boom": 3,
		`GET      "/open/pipe"`:                      3,
		`GET      "/guarded/abort"`:                  3,
	} {
		if n := strings.Count(output, word); n != want {
			t.Errorf("%q is printed %d times, not %d:\n%s", word, n, want, output)
		}
	}
}

// What PORT says is either a port or a reason not to start.
func TestListenAddress(t *testing.T) {
	for port, want := range map[string]string{"1": ":1", "65535": ":65535", "": "", "0": "", "65536": "", "http": "", "+80": "", " 80": ""} {
		t.Setenv("PORT", port)
		address, err := listenAddress()
		if address != want || (err == nil) != (want != "") {
			t.Errorf("of %q it makes %q, %v", port, address, err)
		}
	}
}

// Links in mails lead to where the example listens, unless the environment
// says where they lead or who sends them.
func TestMailToLog(t *testing.T) {
	capture(t)
	t.Setenv("PORT", "8181")
	server := mail.Log(slog.Default())
	for _, test := range []struct{ variable, before, after string }{
		{"PORT=8181", "", "http://localhost:8181"},
		{"GINAUTH_PUBLIC_URL=https://example.org", "https://example.org", "https://example.org"},
		{"GINAUTH_MAILER=log", "", ""},
	} {
		t.Run(test.variable, func(t *testing.T) {
			name, value, _ := strings.Cut(test.variable, "=")
			t.Setenv(name, value)
			config := ginauth.Config{PublicURL: test.before}
			if name == "GINAUTH_MAILER" {
				config.Mailer = server
			}
			mailToLog(&config)
			if config.Mailer == nil || config.PublicURL != test.after {
				t.Errorf("it makes %+v", config)
			}
		})
	}
}
