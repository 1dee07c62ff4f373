package ginauth_test

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/ginauth/ginauth"
	"github.com/ginauth/ginauth/repository/sqlite"
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

	request := httptest.NewRequest(http.MethodGet, "/secure", nil)
	answer := httptest.NewRecorder()
	r.ServeHTTP(answer, request)
	fmt.Println(answer.Code, answer.Header().Get("WWW-Authenticate"))
	// Output: 401 Bearer realm="api"
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

// Refusals in the words of the application.
func ExampleConfig_respond() {
	config := ginauth.Config{
		Secrets: []string{"change me, I am only an example!"},
		Respond: func(c *gin.Context, p ginauth.Problem) {
			c.String(p.Status, "no: %s", strings.ReplaceAll(p.Code, "_", " "))
		},
	}
	fmt.Println(config.Validate())
	// Output: <nil>
}
