package ginauth_test

import (
	"context"
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
	"github.com/ginauth/ginauth/mail"
	"github.com/ginauth/ginauth/problem"
	"github.com/ginauth/ginauth/repository/memory"
	"github.com/ginauth/ginauth/repository/sqlite"
	"github.com/ginauth/ginauth/security"
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
	ctx := context.Background()
	repo, err := sqlite.Open(ctx, filepath.Join(folder, "sqlite.db"))
	if err != nil {
		log.Fatal(err)
	}
	auth, err := ginauth.New(repo, ginauth.Config{Secrets: []string{"change me, I am only an example!"}, Logger: slog.New(slog.DiscardHandler)})
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

	issued, err := auth.Keys().Issue(ctx, keys.IssueParams{Name: "notebook"}) // or POST /auth/new
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(get(r, "/secure", issued.Key).Body)
	fmt.Println(get(r, "/secure", "").Code)
	// Output:
	// hello, notebook
	// 401
}

// newExample returns an Auth without a database, and a key.
func newExample(changes ...func(*ginauth.Config)) (auth *ginauth.Auth, key string) {
	gin.SetMode(gin.ReleaseMode)
	config := ginauth.Config{Secrets: []string{"change me, I am only an example!"}, Logger: slog.New(slog.DiscardHandler)}
	for _, change := range changes {
		change(&config)
	}
	auth, err := ginauth.New(memory.New(time.Now), config)
	if err != nil {
		log.Fatal(err)
	}
	issued, err := auth.Keys().Issue(context.Background(), keys.IssueParams{Name: "notebook"})
	if err != nil {
		log.Fatal(err)
	}
	return auth, issued.Key
}

// get makes a request with a key, as a client of the server would.
func get(r http.Handler, path, key string) *httptest.ResponseRecorder {
	request, answer := httptest.NewRequest(http.MethodGet, path, nil), httptest.NewRecorder()
	request.Header.Set("api-key", key)
	r.ServeHTTP(answer, request)
	return answer
}

// One guard in front of a group.
func ExampleAuth_Guard() {
	auth, key := newExample()
	defer auth.Close()
	r := gin.New()
	api := r.Group("/api", auth.Guard())
	api.GET("/orders", func(c *gin.Context) { c.String(http.StatusOK, "orders") })
	api.GET("/customers", func(c *gin.Context) { c.String(http.StatusOK, "customers") })
	fmt.Println(get(r, "/api/orders", key).Body, get(r, "/api/customers", "").Code)
	// Output: orders 401
}

// A handler knows the key, and who owns it.
func ExampleKeyFrom() {
	auth, key := newExample()
	defer auth.Close()
	r := gin.New()
	r.GET("/me", auth.Guard(ginauth.Optional()), func(c *gin.Context) {
		key, ok := ginauth.KeyFrom(c)
		c.String(http.StatusOK, "%v %q", ok, key.Name)
	})
	fmt.Println(get(r, "/me", key).Body, get(r, "/me", "").Body)
	// Output: true "notebook" false ""
}

// One group takes keys from a header of its own.
func ExampleKeySources() {
	auth, key := newExample()
	defer auth.Close()
	r := gin.New()
	hooks := r.Group("/hooks", auth.Guard(ginauth.KeySources(ginauth.KeySource{In: ginauth.InHeader, Name: "X-Hook-Key"})))
	hooks.GET("", func(c *gin.Context) { c.Status(http.StatusNoContent) })
	request, answer := httptest.NewRequest(http.MethodGet, "/hooks", nil), httptest.NewRecorder()
	request.Header.Set("X-Hook-Key", key)
	r.ServeHTTP(answer, request)
	fmt.Println(answer.Code, get(r, "/hooks", key).Code)
	// Output: 204 401
}

// Refusals in the words of the application.
func ExampleConfig_respond() {
	auth, _ := newExample(func(c *ginauth.Config) {
		c.Respond = func(c *gin.Context, p ginauth.Problem) { c.String(p.Status, "no: %s", p.Code) }
	})
	defer auth.Close()
	r := gin.New()
	r.GET("/orders", auth.Guard(), func(c *gin.Context) { c.Status(http.StatusNoContent) })
	fmt.Println(get(r, "/orders", "").Body)
	// Output: no: key_missing
}

// printer is a mailer that prints in place of sending.
type printer struct{}

func (printer) Send(_ context.Context, message mail.Message) error {
	fmt.Println("to", message.To+":", message.Subject)
	return nil
}

// A mailer of the application sends the links; this one prints.
func ExampleConfig_mailer() {
	auth, _ := newExample(func(c *ginauth.Config) { c.Mailer, c.PublicURL = printer{}, "https://example.org" })
	auth.RegisterAccount(gin.New().Group("/account"))
	ctx := context.Background()
	if _, err := auth.Users().Register(ctx, users.RegisterParams{Username: "ada", Email: "ada@example.com", Password: "Analytical-1_Engine"}); err != nil {
		log.Fatal(err)
	}
	if err := auth.Users().SendConfirmation(ctx, users.ByUsername("ada")); err != nil {
		log.Fatal(err)
	}
	if err := auth.Close(); err != nil { // sends the mail that waits
		log.Fatal(err)
	}
	// Output: to ada@example.com: Please confirm your address
}

// Longer passwords in place of the default rules.
func ExampleConfig_passwordPolicy() {
	auth, _ := newExample(func(c *ginauth.Config) {
		c.PasswordPolicy = func(password string) []security.RuleError {
			if len(password) < 16 {
				return []security.RuleError{{Code: "too_short", Detail: "The password must have 16 characters."}}
			}
			return nil
		}
	})
	defer auth.Close()
	_, err := auth.Users().Register(context.Background(), users.RegisterParams{Username: "ada", Email: "ada@example.com", Password: "Short-1_"})
	fmt.Println(problem.From(err).Fields[0].Detail)
	// Output: The password must have 16 characters.
}

// An application signs a user up and issues a key without a call over HTTP. A key
// that is revoked from Go is refused at once.
func ExampleAuth_Users() {
	auth, _ := newExample()
	defer auth.Close()
	r := gin.New()
	r.GET("/secure", auth.Guard(), func(c *gin.Context) { c.Status(http.StatusOK) })

	ctx := ginauth.WithActor(context.Background(), "signup") // as whom the audit log names it
	issued, err := auth.Users().Register(ctx, users.RegisterParams{Username: "ada", Email: "ada@example.com", Password: "Analytical-1_Engine"})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(get(r, "/secure", issued.Key).Code)
	if _, err := auth.Keys().Revoke(ctx, keys.ByID(issued.ID)); err != nil {
		log.Fatal(err)
	}
	fmt.Println(get(r, "/secure", issued.Key).Code)

	_, err = auth.Users().Authenticate(ctx, users.Credentials{Username: "ada", Password: "wrong"})
	fmt.Println(problem.Is(err, "credentials_wrong"))
	// Output:
	// 200
	// 401
	// true
}

// A stream ends when its key is revoked.
func ExampleRevoked() {
	auth, key := newExample()
	defer auth.Close()
	r := gin.New()
	events := make(chan string, 1)
	r.GET("/events", auth.Guard(), func(c *gin.Context) {
		for {
			select {
			case event := <-events:
				fmt.Println("sent:", event)
				_, _ = auth.Keys().Revoke(c, keys.ByKey(key))
			case <-ginauth.Revoked(c):
				fmt.Println("the key is revoked")
				return
			case <-c.Request.Context().Done():
				return
			}
		}
	})
	events <- "an event"
	get(r, "/events", key)
	// Output:
	// sent: an event
	// the key is revoked
}

func ExampleConfig_Validate() {
	config := ginauth.Config{
		Secrets:             []string{""},
		AutomaticExpiration: -time.Hour,
	}
	fmt.Println(strings.ReplaceAll(config.Validate().Error(), "\n", "; "))
	// Output:
	// ginauth: invalid configuration: Secrets: first secret: it is empty; AutomaticExpiration: must not be negative
}
