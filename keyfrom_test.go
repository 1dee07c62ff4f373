package ginauth_test

import (
	"context"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/ginauth/ginauth"
	"github.com/ginauth/ginauth/models"
)

func TestKeyFrom(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	issued := a.issue(`{"username":"Ada","email":"ada@example.com","password":"` + password + `"}`)
	body := a.guarded(issued.text("api_key")).Body.String()
	if !strings.Contains(body, `"username":"Ada"`) || strings.Contains(body, "hash") || strings.Contains(strings.ToLower(body), "argon2") {
		t.Errorf("the handler sees %s", body)
	}
	a.engine.GET("/open", func(c *gin.Context) {
		if key, ok := ginauth.KeyFrom(c); ok || key.ID != "" {
			t.Error("KeyFrom finds a key where there was no guard")
		}
	})
	a.do(request{path: "/open", header: header("api-key", issued.text("api_key"))})
}

// Work that goes on after the answer has the key as well.
func TestKeyFromACopy(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	key, id := a.issueKey()
	copies := make(chan *gin.Context, 1)
	a.engine.GET("/later", a.auth.Guard(), func(c *gin.Context) { copies <- c.Copy() })
	a.do(request{path: "/later", header: header("api-key", key)})
	if got, ok := ginauth.KeyFrom(<-copies); !ok || got.ID != id {
		t.Errorf("the copy has the key %v", got)
	}
}

// The key is found in whatever context a handler passes on.
func TestKeyFromContext(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	key, id := a.issueKey()
	type name struct{}
	a.engine.GET("/contexts", a.auth.Guard(), func(c *gin.Context) {
		for of, ctx := range map[string]context.Context{
			"request": c.Request.Context(), "gin": c, "copy": c.Copy(),
			"from request": context.WithValue(c.Request.Context(), name{}, 1), "from gin": context.WithoutCancel(c),
		} {
			if got, ok := ginauth.KeyFromContext(ctx); !ok || got.ID != id {
				t.Errorf("the context %s has the key %v", of, got)
			}
		}
		c.Status(http.StatusNoContent)
	})
	if code := a.do(request{path: "/contexts", header: header("api-key", key)}).Code; code != http.StatusNoContent {
		t.Errorf("it is answered %d", code)
	}
	if _, ok := ginauth.KeyFromContext(t.Context()); ok {
		t.Error("a context without a request has a key")
	}
}

// With KeepKey a logger finds the key after a middleware has put the request back
// that came in; without it there is no key in the gin context.
func TestKeepKey(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	key, id := a.issueKey()
	var logged []any
	a.engine.Use(gin.LoggerWithConfig(gin.LoggerConfig{Output: io.Discard, Formatter: func(p gin.LogFormatterParams) string {
		logged = append(logged, p.Keys[ginauth.KeptKey])
		return ""
	}}), func(c *gin.Context) {
		request := c.Request
		c.Request = request.WithContext(context.WithoutCancel(request.Context()))
		c.Next()
		c.Request = request
		kept, _ := ginauth.KeyFrom(c)
		logged = append(logged, kept.ID)
	})
	a.engine.GET("/kept", a.auth.Guard(ginauth.KeepKey()), showKey)
	a.engine.GET("/plain", a.auth.Guard(), showKey)
	a.do(request{path: "/kept", header: header("api-key", key)})
	if kept, _ := logged[1].(models.APIKey); logged[0] != id || kept.ID != id {
		t.Errorf("the logger finds %v", logged)
	}
	a.do(request{path: "/plain", header: header("api-key", key)})
	if logged[2] != "" || logged[3] != nil {
		t.Errorf("without KeepKey the logger finds %v", logged[2:])
	}
}

// A request that is made from the gin context of a guarded one has its own key, or
// none, whatever the outer guard keeps.
func TestKeyOfARequestFromAGinContext(t *testing.T) {
	a := newApp(t)
	outer, outerID := a.issueKey()
	inner, innerID := a.issueKey()
	a.engine.ContextWithFallback = true
	show := func(c *gin.Context) {
		key, _ := ginauth.KeyFrom(c)
		same, _ := ginauth.KeyFromContext(c.Request.Context())
		c.String(http.StatusOK, "%s,%s", key.ID, same.ID)
	}
	a.engine.GET("/open", a.auth.Guard(ginauth.Optional()), show)
	a.engine.GET("/outer", a.auth.Guard(ginauth.KeepKey()), func(c *gin.Context) {
		for key, want := range map[string]string{"": ",", inner: innerID + "," + innerID} {
			r := httptest.NewRequest(http.MethodGet, "/open", nil).WithContext(c)
			if key != "" {
				r.Header.Set("api-key", key)
			}
			answer := httptest.NewRecorder()
			a.engine.ServeHTTP(answer, r)
			if got := answer.Body.String(); key != "" && got != want || key == "" && strings.HasPrefix(got, outerID) {
				t.Errorf("a request with the key %.6s finds %s", key, got)
			}
		}
		c.Status(http.StatusNoContent)
	})
	a.expectStatus(a.do(request{path: "/outer", header: header("api-key", outer)}), http.StatusNoContent)
}

// A stream ends at once where the request of the guard is gone, KeepKey or not: its
// revocation could not be followed.
func TestRevokedWithoutTheGuardedRequest(t *testing.T) {
	a := newApp(t)
	key, _ := a.issueKey()
	replace := func(c *gin.Context) { c.Request = c.Request.WithContext(context.Background()) }
	a.engine.GET("/stream", a.auth.Guard(ginauth.KeepKey()), replace, func(c *gin.Context) {
		c.Request = httptest.NewRequest(http.MethodGet, "/other", nil)
		select {
		case <-ginauth.Revoked(c):
		case <-time.After(10 * time.Second):
			t.Error("the stream goes on")
		}
	})
	a.do(request{path: "/stream", header: header("api-key", key)})
}

// A handler's test need not make a request.
func TestKeyFromNoRequest(t *testing.T) {
	t.Parallel()
	c, _ := gin.CreateTestContext(httptest.NewRecorder())
	if _, ok := ginauth.KeyFrom(c); ok {
		t.Error("KeyFrom finds a key where there is no request")
	}
}

// net/http removes the files of an upload that passed the guard.
func TestUploadsLeaveNoFiles(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	a := newApp(t)
	key, _ := a.issueKey()
	var uploaded int
	a.engine.MaxMultipartMemory = 1
	a.engine.POST("/upload", a.auth.Guard(), func(c *gin.Context) {
		if _, err := c.MultipartForm(); err != nil {
			t.Error(err)
		}
		uploaded = len(temporaryFiles(t))
	})
	server := httptest.NewServer(a.engine)
	defer server.Close()
	response, err := server.Client().Do(upload(t, server.URL+"/upload", key))
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	if uploaded != 1 {
		t.Fatalf("the handler sees %d files", uploaded)
	}
	eventually(t, "the file is removed", func() bool { return len(temporaryFiles(t)) == 0 })
}

func upload(t *testing.T, url, key string) *http.Request {
	t.Helper()
	var body strings.Builder
	form := multipart.NewWriter(&body)
	file, _ := form.CreateFormFile("file", "large.txt")
	_, _ = file.Write(make([]byte, 11<<20)) // beyond the 10 MB that net/http allows for besides
	_ = form.Close()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(body.String()))
	if err != nil {
		t.Fatal(err)
	}
	r.Header = header("api-key", key, "Content-Type", form.FormDataContentType())
	return r
}

func temporaryFiles(t *testing.T) []os.DirEntry {
	t.Helper()
	files, err := os.ReadDir(os.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return files
}
