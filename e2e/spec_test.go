package e2e

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/go-openapi/loads"
	"github.com/go-openapi/strfmt"
	"github.com/go-openapi/validate"

	"github.com/ginauth/ginauth"
	"github.com/ginauth/ginauth/docs"
	"github.com/ginauth/ginauth/repository/sqlite"
)

// adminCalls are the paths of the admin calls below their prefix, as far as
// they need no mail, and what each account call needs, as they are below
// /account.
var (
	adminCalls = []string{
		"/delete", "/logs", "/logs/export", "/lookup", "/new", "/new/bulk", "/renew", "/revoke", "/revoke/bulk", "/totals", "/usage", "/verify",
		"/users", "/users/delete", "/users/disable", "/users/enable", "/users/export", "/users/update",
	}
	accountCalls = map[string]string{
		"": byKey, "/logs": byKey, "/usage": byKey, "/new": "Account", "/renew": "Account", "/revoke": byKey,
		"/password": "Account", "/email": "Account",
		"/confirm/send": byKey, "/confirm": "", "/forgot": "", "/reset": "", "/link": "",
	}
)

// byKey is what calls need that take the password or a key.
const byKey = "Account ApiKeyHeader ApiKeyQuery"

// locksOfTheExample says which credential each path of the example needs.
func locksOfTheExample() map[string]string {
	locks := map[string]string{"/secure": "ApiKeyHeader ApiKeyQuery", "/unsecure": "", "/ready": "", "/auth/users/reset": "AdminSecret"}
	for _, path := range below("/auth") {
		locks[path] = "AdminSecret"
	}
	for call, scheme := range accountCalls {
		locks["/account"+call] = scheme
	}
	return locks
}

// below returns the paths of the admin calls below a prefix.
func below(prefix string) []string {
	var paths []string
	for _, call := range adminCalls {
		paths = append(paths, prefix+call)
	}
	return paths
}

// document is a served spec that is valid Swagger 2.0.
type document struct{ *loads.Document }

// validSpec reads a spec and checks it as tools that generate clients would.
func validSpec(t *testing.T, text string) document {
	t.Helper()
	spec, err := loads.Analyzed(json.RawMessage(text), "2.0")
	if err != nil {
		t.Fatalf("the spec cannot be read: %v\n%s", err, text)
	}
	if err := validate.Spec(spec, strfmt.Default); err != nil {
		t.Fatalf("the spec is not valid: %v\n%s", err, text)
	}
	if version := spec.Version(); version != "2.0" {
		t.Fatalf("the spec is of version %q", version)
	}
	return document{spec}
}

func (d document) expectPaths(t *testing.T, want ...string) {
	t.Helper()
	var paths []string
	if d.Spec().Paths != nil {
		for path := range d.Spec().Paths.Paths {
			paths = append(paths, path)
		}
	}
	slices.Sort(paths)
	slices.Sort(want)
	if !slices.Equal(paths, want) {
		t.Errorf("the paths are %v, not %v", paths, want)
	}
}

func (d document) expectSchemes(t *testing.T, want ...string) {
	t.Helper()
	var schemes []string
	for name := range d.Spec().SecurityDefinitions {
		schemes = append(schemes, name)
	}
	slices.Sort(schemes)
	if !slices.Equal(schemes, want) {
		t.Errorf("the security schemes are %v, not %v", schemes, want)
	}
}

// expectLocks checks which calls need a credential: a lock stands at each call
// that names a scheme.
func (d document) expectLocks(t *testing.T, want map[string]string) {
	t.Helper()
	for path, item := range d.Spec().Paths.Paths {
		operation := item.Get
		if operation == nil {
			operation = item.Post
		}
		var names []string
		for _, requirement := range operation.Security {
			for name := range requirement {
				names = append(names, name)
			}
		}
		if got := strings.Join(names, " "); got != want[path] {
			t.Errorf("%s needs %q, not %q", path, got, want[path])
		}
	}
}

func TestSpecOfTheExample(t *testing.T) {
	t.Parallel()
	p := startExample(t, "GINAUTH_SECRET="+secret)
	spec := validSpec(t, p.get("/docs/doc.json").body)
	locks := locksOfTheExample()
	spec.expectPaths(t, slices.Collect(maps.Keys(locks))...)
	spec.expectSchemes(t, "Account", "AdminSecret", "ApiKeyHeader", "ApiKeyQuery")
	spec.expectLocks(t, locks)
}

// Hidden, nothing in the spec speaks of the admin calls; they answer all the
// same.
func TestHiddenSpec(t *testing.T) {
	t.Parallel()
	p := startExample(t, "GINAUTH_SECRET="+secret, "GINAUTH_HIDE_DOCS=true")
	text := p.get("/docs/doc.json").body
	spec := validSpec(t, text)
	spec.expectPaths(t, "/ready", "/secure", "/unsecure")
	spec.expectSchemes(t, "ApiKeyHeader", "ApiKeyQuery")
	for _, word := range []string{"/auth", "/account", "AdminSecret", "secret-key", "admin"} {
		if strings.Contains(strings.ToLower(text), strings.ToLower(word)) {
			t.Errorf("the spec speaks of %s:\n%s", word, text)
		}
	}
	expectStatus(t, p.admin(secret, "new", `{"name":"service"}`), http.StatusCreated)
}

// newAuth makes an Auth for an application inside the test.
func newAuth(t *testing.T, hide bool) *ginauth.Auth {
	t.Helper()
	repo, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "test.db"))
	if err != nil {
		t.Fatal(err)
	}
	auth, err := ginauth.New(repo, ginauth.Config{Secrets: []string{secret}, HideDocs: hide})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = auth.Close() })
	return auth
}

func newSpec(t *testing.T, r http.Handler, path string) document {
	t.Helper()
	recorder := httptest.NewRecorder()
	r.ServeHTTP(recorder, httptest.NewRequest(http.MethodGet, path, nil))
	return validSpec(t, recorder.Body.String())
}

// An application without swag annotations has a spec too, wherever and
// whenever the admin calls are mounted.
func TestSpecWithoutAnnotations(t *testing.T) {
	t.Parallel()
	auth, r := newAuth(t, false), gin.New()
	docs.Register(r, auth)
	newSpec(t, r, "/docs/doc.json").expectPaths(t)
	auth.RegisterAdmin(r.Group("/auth"))
	spec := newSpec(t, r, "/docs/doc.json")
	spec.expectPaths(t, below("/auth")...)
	spec.expectSchemes(t, "AdminSecret", "ApiKeyHeader", "ApiKeyQuery")
}

func TestSpecOfAdminCallsRegisteredBeforeAndAfter(t *testing.T) {
	t.Parallel()
	auth, r := newAuth(t, false), gin.New()
	auth.RegisterAdmin(r.Group("/v1").Group("/admin/keys"))
	docs.Register(r.Group("/v1"), auth)
	newSpec(t, r, "/v1/docs/doc.json").expectPaths(t, below("/v1/admin/keys")...)
	auth.RegisterAdmin(r.Group("/auth"))
	newSpec(t, r, "/v1/docs/doc.json").expectPaths(t, append(below("/v1/admin/keys"), below("/auth")...)...)
}

// At the root, and below a prefix with a parameter.
func TestSpecOfUnusualPrefixes(t *testing.T) {
	t.Parallel()
	for prefix, shown := range map[string]string{"/": "", "": "", "/auth/": "/auth"} {
		auth, r := newAuth(t, false), gin.New()
		docs.Register(r, auth)
		auth.RegisterAdmin(r.Group(prefix))
		newSpec(t, r, "/docs/doc.json").expectPaths(t, below(shown)...)
	}
}

func TestHiddenSpecWithoutAnnotations(t *testing.T) {
	t.Parallel()
	auth, r := newAuth(t, true), gin.New()
	docs.Register(r, auth)
	auth.RegisterAdmin(r.Group("/auth"))
	spec := newSpec(t, r, "/docs/doc.json")
	spec.expectPaths(t)
	spec.expectSchemes(t, "ApiKeyHeader", "ApiKeyQuery")
}
