package ginauth_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/ginauth/ginauth"
	"github.com/ginauth/ginauth/keys"
	"github.com/ginauth/ginauth/problem"
	"github.com/ginauth/ginauth/repository/sqlite"
	"github.com/ginauth/ginauth/users"
)

// A guarded endpoint on a SQLite file, without environment variables.
func Example() {
	gin.SetMode(gin.ReleaseMode)
	folder, err := os.MkdirTemp("", "ginauth")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(folder)
	repo, err := sqlite.Open(context.Background(), filepath.Join(folder, "sqlite.db"))
	if err != nil {
		log.Fatal(err)
	}
	auth, err := ginauth.New(repo, ginauth.Config{Secrets: []string{"change me, I am only an example!"}})
	if err != nil {
		log.Fatal(err)
	}
	defer auth.Close()

	r := gin.New()
	auth.RegisterAdmin(r.Group("/auth"))
	r.GET("/secure", auth.Guard(), func(c *gin.Context) {
		key, _ := ginauth.KeyFrom(c)
		c.String(http.StatusOK, "hello, %s", key.Name)
	})

	issued := call(r, http.MethodPost, "/auth/new", `{"name": "notebook"}`,
		"secret-key", "change me, I am only an example!", "Content-Type", "application/json")
	var key struct {
		APIKey string `json:"api_key"`
	}
	if err := json.Unmarshal(issued.Body.Bytes(), &key); err != nil {
		log.Fatal(err)
	}
	fmt.Println(call(r, http.MethodGet, "/secure", "", "api-key", key.APIKey).Body)
	fmt.Println(call(r, http.MethodGet, "/secure", "").Code)
	// Output:
	// hello, notebook
	// 401
}

// An application signs a user up and issues a key without a call over HTTP. A key
// that is revoked from Go is refused at once.
func ExampleAuth_Users() {
	gin.SetMode(gin.ReleaseMode)
	folder, err := os.MkdirTemp("", "ginauth")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(folder)
	repo, err := sqlite.Open(context.Background(), filepath.Join(folder, "sqlite.db"))
	if err != nil {
		log.Fatal(err)
	}
	logger := slog.New(slog.DiscardHandler)
	auth, err := ginauth.New(repo, ginauth.Config{Secrets: []string{"change me, I am only an example!"}, Logger: logger})
	if err != nil {
		log.Fatal(err)
	}
	defer auth.Close()
	r := gin.New()
	r.GET("/secure", auth.Guard(), func(c *gin.Context) { c.Status(http.StatusOK) })

	ctx := ginauth.WithActor(context.Background(), "signup") // as whom the audit log names it
	issued, err := auth.Users().Register(ctx, users.RegisterParams{Username: "ada", Email: "ada@example.com", Password: "Analytical-1_Engine"})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(call(r, http.MethodGet, "/secure", "", "api-key", issued.Key).Code)
	if _, err := auth.Keys().Revoke(ctx, keys.ByID(issued.ID)); err != nil {
		log.Fatal(err)
	}
	fmt.Println(call(r, http.MethodGet, "/secure", "", "api-key", issued.Key).Code)

	_, err = auth.Users().Authenticate(ctx, users.Credentials{Username: "ada", Password: "wrong"})
	fmt.Println(problem.Is(err, "credentials_wrong"))
	// Output:
	// 200
	// 401
	// true
}

// A stream ends when its key is revoked.
func ExampleRevoked() {
	gin.SetMode(gin.ReleaseMode)
	folder, err := os.MkdirTemp("", "ginauth")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(folder)
	repo, err := sqlite.Open(context.Background(), filepath.Join(folder, "sqlite.db"))
	if err != nil {
		log.Fatal(err)
	}
	auth, err := ginauth.New(repo, ginauth.Config{Secrets: []string{"change me, I am only an example!"}})
	if err != nil {
		log.Fatal(err)
	}
	defer auth.Close()

	r := gin.New()
	auth.RegisterAdmin(r.Group("/auth"))
	events := make(chan string, 1)
	r.GET("/events", auth.Guard(), func(c *gin.Context) {
		for {
			select {
			case event := <-events:
				fmt.Println("sent:", event)
				key, _ := ginauth.KeyFrom(c)
				call(r, http.MethodPost, "/auth/revoke", `{"id": "`+key.ID+`"}`,
					"secret-key", "change me, I am only an example!", "Content-Type", "application/json")
			case <-ginauth.Revoked(c):
				fmt.Println("the key is in force no more")
				return
			case <-c.Request.Context().Done():
				return
			}
		}
	})

	issued := call(r, http.MethodPost, "/auth/new", `{"name": "notebook"}`,
		"secret-key", "change me, I am only an example!", "Content-Type", "application/json")
	var key struct {
		APIKey string `json:"api_key"`
	}
	if err := json.Unmarshal(issued.Body.Bytes(), &key); err != nil {
		log.Fatal(err)
	}
	events <- "an event"
	call(r, http.MethodGet, "/events", "", "api-key", key.APIKey)
	// Output:
	// sent: an event
	// the key is in force no more
}

// call makes a request, as a client of the server would.
func call(r http.Handler, method, path, body string, headers ...string) *httptest.ResponseRecorder {
	request := httptest.NewRequest(method, path, strings.NewReader(body))
	for i := 0; i < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	answer := httptest.NewRecorder()
	r.ServeHTTP(answer, request)
	return answer
}

func ExampleConfig_Validate() {
	config := ginauth.Config{
		Secrets:             []string{""},
		AutomaticExpiration: -time.Hour,
	}
	fmt.Println(config.Validate())
	// Output:
	// ginauth: invalid configuration: Secrets: first secret: it is empty
	// AutomaticExpiration: must not be negative
}
