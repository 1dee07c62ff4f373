package docs_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/swaggo/swag"

	"github.com/ginauth/ginauth"
	"github.com/ginauth/ginauth/docs"
	"github.com/ginauth/ginauth/mail"
	"github.com/ginauth/ginauth/repository/sqlite"
)

func TestMain(m *testing.M) {
	gin.SetMode(gin.TestMode)
	swag.Register(swag.Name, &registered)
	os.Exit(m.Run())
}

func newAuth(t *testing.T, adjust ...func(*ginauth.Config)) *ginauth.Auth {
	t.Helper()
	repo, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "test.db"))
	if err != nil {
		t.Fatal(err)
	}
	config := ginauth.Config{Secrets: []string{"a-secret-that-is-long-enough-for-tests"}}
	for _, change := range adjust {
		change(&config)
	}
	auth, err := ginauth.New(repo, config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = auth.Close() })
	return auth
}

func get(t *testing.T, r http.Handler, path string) *httptest.ResponseRecorder {
	t.Helper()
	answer := httptest.NewRecorder()
	r.ServeHTTP(answer, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil))
	return answer
}

// spec reads the document that the page shows.
func spec(t *testing.T, r http.Handler, path string) map[string]map[string]any {
	t.Helper()
	answer := get(t, r, path)
	var document map[string]json.RawMessage
	if err := json.Unmarshal(answer.Body.Bytes(), &document); err != nil {
		t.Fatalf("%s answers %d and no JSON: %v", path, answer.Code, err)
	}
	members := map[string]map[string]any{}
	for name, text := range document {
		var member map[string]any
		_ = json.Unmarshal(text, &member) // what is no object is not asked for
		members[name] = member
	}
	return members
}

func TestPage(t *testing.T) {
	r := gin.New()
	docs.Register(r, newAuth(t))
	if info := spec(t, r, "/docs/doc.json")["info"]; !strings.Contains(fmt.Sprint(info["description"]), "Press Authorize") {
		t.Errorf("the page says %v", info)
	}
	for path, contentType := range map[string]string{
		"/docs":                                    "text/html; charset=utf-8",
		"/docs/":                                   "text/html; charset=utf-8",
		"/docs/index.html":                         "text/html; charset=utf-8",
		"/docs/doc.json":                           "application/json; charset=utf-8",
		"/docs/openapi.json":                       "application/json; charset=utf-8",
		"/docs/swagger-ui.css":                     "text/css; charset=utf-8",
		"/docs/index.css":                          "text/css; charset=utf-8",
		"/docs/swagger-ui-bundle.js":               "application/javascript",
		"/docs/swagger-ui-standalone-preset.js":    "application/javascript",
		"/docs/swagger-initializer.js":             "application/javascript",
		"/docs/favicon-32x32.png":                  "image/png",
		"/docs?url=https://evil.example/spec.json": "text/html; charset=utf-8",
	} {
		answer := get(t, r, path)
		if answer.Code != http.StatusOK || answer.Header().Get("Content-Type") != contentType || answer.Body.Len() == 0 {
			t.Errorf("%s answers %d, %s, %d bytes", path, answer.Code, answer.Header().Get("Content-Type"), answer.Body.Len())
		}
		policy := answer.Header().Get("Content-Security-Policy")
		if !strings.Contains(policy, "frame-ancestors 'none'") || !strings.Contains(policy, "default-src 'none'") {
			t.Errorf("%s has the policy %q", path, policy)
		}
		if strings.Contains(answer.Body.String(), "evil.example") {
			t.Errorf("%s repeats the query", path)
		}
	}
	for _, path := range []string{"/docs/files.go", "/docs/../go.mod", "/docs/oauth2-redirect.html"} {
		if code := get(t, r, path).Code; code == http.StatusOK {
			t.Errorf("%s is served", path)
		}
	}
}

func TestSwaggerUIIsCurrentAndForgets(t *testing.T) {
	r := gin.New()
	docs.Register(r, newAuth(t))
	if !strings.Contains(get(t, r, "/docs/swagger-ui-bundle.js").Body.String(), `"5.`) {
		t.Error("the bundle is not Swagger UI 5")
	}
	initializer := get(t, r, "/docs/swagger-initializer.js").Body.String()
	for _, want := range []string{"new URL('openapi.json'", "persistAuthorization: false", "validatorUrl: null"} {
		if !strings.Contains(initializer, want) {
			t.Errorf("the initializer lacks %s", want)
		}
	}
}

// Where the files lie must not depend on how the first client wrote its
// request line.
func TestFirstRequestDecidesNothing(t *testing.T) {
	r := gin.New()
	docs.Register(r, newAuth(t))
	odd := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/docs/swagger-ui.css", nil)
	odd.RequestURI = "http://other.example/elsewhere/docs/swagger-ui.css?index.html"
	r.ServeHTTP(httptest.NewRecorder(), odd)
	if code := get(t, r, "/docs/swagger-ui.css").Code; code != http.StatusOK {
		t.Errorf("the next request is answered %d", code)
	}
	tenants := gin.New()
	docs.Register(tenants.Group("/:tenant"), newAuth(t))
	for _, tenant := range []string{"a", "b"} {
		if code := get(t, tenants, "/"+tenant+"/docs/swagger-ui.css").Code; code != http.StatusOK {
			t.Errorf("tenant %s is answered %d", tenant, code)
		}
	}
}

// The admin calls are shown where they are, whichever was registered first,
// and below a group as well as at the root.
func TestAdminCallsAreShownWhereTheyAre(t *testing.T) {
	auth := newAuth(t)
	r := gin.New()
	auth.RegisterAdmin(r.Group("/auth"))
	docs.Register(r.Group("/internal"), auth)
	auth.RegisterAdmin(r.Group("/v1").Group("/admin/keys/"))
	paths := spec(t, r, "/internal/docs/doc.json")["paths"]
	for _, base := range []string{"/auth", "/v1/admin/keys"} {
		for _, call := range []string{
			"/new", "/renew", "/revoke", "/delete", "/logs", "/usage", "/new/bulk", "/revoke/bulk", "/logs/export", "/totals", "/lookup",
			"/verify", "/users", "/users/export", "/users/update", "/users/disable", "/users/enable", "/users/delete",
		} {
			if paths[base+call] == nil {
				t.Errorf("%s is not shown", base+call)
			}
		}
	}
	if len(paths) != 36 {
		t.Errorf("%d paths are shown", len(paths))
	}
}

// The account calls are shown where they are, with a scheme of their own, and
// those that need mail where there is some.
func TestAccountCallsAreShownWhereTheyAre(t *testing.T) {
	for name, mailer := range map[string]mail.Mailer{"without mail": nil, "with mail": mail.Log(slog.Default())} {
		auth := newAuth(t, func(c *ginauth.Config) {
			if c.Mailer = mailer; mailer != nil {
				c.PublicURL = "https://example.org"
			}
		})
		r := gin.New()
		docs.Register(r, auth)
		auth.RegisterAccount(r.Group("/me"))
		document := spec(t, r, "/docs/doc.json")
		paths, want := document["paths"], 8
		if mailer != nil {
			want = 13
		}
		if len(paths) != want || paths["/me"] == nil || paths["/me/new"] == nil {
			t.Errorf("%s: %d paths are shown", name, len(paths))
		}
		if (paths["/me/forgot"] != nil) != (mailer != nil) || document["securityDefinitions"]["Account"] == nil {
			t.Errorf("%s: the page shows other calls than there are", name)
		}
	}
}

func TestSecuritySchemes(t *testing.T) {
	auth := newAuth(t, func(c *ginauth.Config) {
		c.KeySources = []ginauth.KeySource{{In: ginauth.InHeader, Name: "x-key"}, {In: ginauth.InBearer}}
	})
	r := gin.New()
	docs.Register(r, auth)
	schemes := spec(t, r, "/docs/doc.json")["securityDefinitions"]
	if header, _ := schemes["ApiKeyHeader"].(map[string]any); header["name"] != "x-key" || header["in"] != "header" {
		t.Errorf("the header is shown as %v", header)
	}
	if schemes["ApiKeyQuery"] != nil {
		t.Error("a source that is turned off is shown")
	}
	if schemes["AdminSecret"] == nil {
		t.Error("the admin secret is not shown")
	}
}

func TestHiddenDocsAreStillServed(t *testing.T) {
	auth := newAuth(t, func(c *ginauth.Config) { c.HideDocs = true })
	r := gin.New()
	docs.Register(r, auth)
	auth.RegisterAdmin(r.Group("/auth"))
	auth.RegisterAccount(r.Group("/account"))
	document := spec(t, r, "/docs/doc.json")
	schemes := document["securityDefinitions"]
	if len(document["paths"]) != 0 || schemes["AdminSecret"] != nil || schemes["Account"] != nil || len(document["definitions"]) != 0 {
		t.Errorf("hidden calls are shown: %v", document)
	}
	components := spec(t, r, "/docs/openapi.json")["components"]
	if schemas, _ := components["schemas"].(map[string]any); len(schemas) != 0 {
		t.Errorf("the schemas of hidden calls are shown: %v", schemas)
	}
	if code := get(t, r, "/auth/logs").Code; code != http.StatusUnauthorized {
		t.Errorf("a hidden call answers %d", code)
	}
}

func TestMiddlewareProtectsEveryFile(t *testing.T) {
	r := gin.New()
	docs.Register(r, newAuth(t), gin.BasicAuth(gin.Accounts{"ada": "secret"}))
	for _, path := range []string{"/docs", "/docs/doc.json", "/docs/swagger-ui.css", "/docs/swagger-initializer.js"} {
		if code := get(t, r, path).Code; code != http.StatusUnauthorized {
			t.Errorf("%s answers %d", path, code)
		}
	}
}

// The committed spec is the one of the annotations.
func TestGeneratedSpecIsCurrent(t *testing.T) {
	out := t.TempDir()
	command := exec.CommandContext(t.Context(), "go", "tool", "-modfile=tools/go.mod", "swag", "init", "--quiet", "--dir", "./",
		"--generalInfo", "handlers.go", "--exclude", "./example,./e2e,./tools", "--instanceName", "ginauth", "--requiredByDefault", "--outputTypes", "json", "--output", out)
	command.Dir = ".."
	if text, err := command.CombinedOutput(); err != nil {
		t.Fatalf("swag: %v\n%s", err, text)
	}
	fresh, err := os.ReadFile(filepath.Join(out, "ginauth_swagger.json"))
	if err != nil {
		t.Fatal(err)
	}
	committed, err := os.ReadFile("ginauth_swagger.json")
	if err != nil {
		t.Fatal(err)
	}
	if string(fresh) != string(committed) {
		t.Error("ginauth_swagger.json is not what the annotations say; run make generate")
	}
}
