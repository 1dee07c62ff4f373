package ginauth_test

import (
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"

	"github.com/ginauth/ginauth"
)

func TestKeyFrom(t *testing.T) {
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
	a := newApp(t)
	key, id := a.issueKey()
	copies := make(chan *gin.Context, 1)
	a.engine.GET("/later", a.auth.Guard(), func(c *gin.Context) { copies <- c.Copy() })
	a.do(request{path: "/later", header: header("api-key", key)})
	if got, ok := ginauth.KeyFrom(<-copies); !ok || got.ID != id {
		t.Errorf("the copy has the key %v", got)
	}
}

// A handler's test need not make a request.
func TestKeyFromNoRequest(t *testing.T) {
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
