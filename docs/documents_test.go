package docs_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/gin-gonic/gin"

	"github.com/ginauth/ginauth"
	"github.com/ginauth/ginauth/docs"
	"github.com/ginauth/ginauth/mail"
)

// newApp returns an application with all calls mounted.
func newApp(t *testing.T, adjust ...func(*ginauth.Config)) *gin.Engine {
	t.Helper()
	auth := newAuth(t, append([]func(*ginauth.Config){func(c *ginauth.Config) {
		c.Mailer, c.PublicURL = mail.Log(nil), "https://example.org"
	}}, adjust...)...)
	r := gin.New()
	docs.Register(r, auth)
	auth.RegisterAdmin(r.Group("/auth"))
	auth.RegisterAccount(r.Group("/account"))
	return r
}

// openAPI reads the document that the page shows, valid as the library sees it.
func openAPI(t *testing.T, r http.Handler, path string) *openapi3.T {
	t.Helper()
	document, err := openapi3.NewLoader().LoadFromData(get(t, r, path).Body.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	if err := document.Validate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return document
}

// Each status has an example of its own, with a code that docs/http.md has under that
// status, and the headers that come with it.
func TestEveryStatusHasItsOwnExample(t *testing.T) {
	t.Parallel()
	documented := documentedCodes(t)
	for path, item := range openAPI(t, newApp(t), "/docs/openapi.json").Paths.Map() {
		for method, operation := range item.Operations() {
			call := method + " " + path
			if operation.OperationID == "" || strings.Contains(operation.OperationID, ".") || len(operation.Tags) != 1 || operation.Security == nil {
				t.Errorf("%s: id %q, tags %v, security %v", call, operation.OperationID, operation.Tags, operation.Security)
			}
			for status, response := range operation.Responses.Map() {
				if status < "400" {
					continue
				}
				checkExamples(t, call+" "+status, status, response.Value, documented)
			}
		}
	}
}

func checkExamples(t *testing.T, name, status string, response *openapi3.Response, documented map[string]bool) {
	t.Helper()
	content := response.Content["application/problem+json"]
	if len(response.Content) != 1 || content == nil || len(content.Examples) == 0 {
		t.Errorf("%s has no example", name)
		return
	}
	for code, example := range content.Examples {
		body, _ := example.Value.Value.(map[string]any)
		if body["code"] != code || fmt.Sprint(body["status"]) != status || !documented[status+" "+code] || !strings.Contains(fmt.Sprint(body["detail"]), " ") {
			t.Errorf("%s has the example %v", name, body)
		}
	}
	for _, pair := range [][2]string{{"401", "WWW-Authenticate"}, {"429", "Retry-After"}, {"503", "Retry-After"}} {
		if status == pair[0] && response.Headers[pair[1]] == nil {
			t.Errorf("%s lacks the header %s", name, pair[1])
		}
	}
}

// Empty answers, public calls, Bearer and null.
func TestOpenAPISaysWhatSwaggerCannot(t *testing.T) {
	t.Parallel()
	document := openAPI(t, newApp(t), "/docs/openapi.json")
	if scheme := document.Components.SecuritySchemes["ApiKeyBearer"].Value; scheme.Type != "http" || scheme.Scheme != "bearer" {
		t.Errorf("Bearer is described as %v", scheme)
	}
	if deleted := document.Paths.Find("/auth/delete").Post.Responses.Value("204"); len(deleted.Value.Content) != 0 {
		t.Errorf("204 has the content %v", deleted.Value.Content)
	}
	if forgot := document.Paths.Find("/account/forgot").Post; len(*forgot.Security) != 0 {
		t.Errorf("a public call needs %v", forgot.Security)
	}
	byKey := fmt.Sprint(*document.Paths.Find("/account/logs").Get.Security)
	for _, way := range []string{"Account", "ApiKeyHeader", "ApiKeyBearer", "ApiKeyQuery"} {
		if !strings.Contains(byKey, way) {
			t.Errorf("the account calls cannot be called by %s: %s", way, byKey)
		}
	}
	key := document.Components.Schemas["Key"].Value
	date := key.Properties["expiration_date"].Value
	if !date.Nullable || date.Format != "date-time" || !strings.HasSuffix(fmt.Sprint(date.Example), ".000Z") {
		t.Errorf("a date is described as %v", date)
	}
	if status := key.Properties["status"].Value; len(status.Enum) != 5 || !status.Type.Is("string") {
		t.Errorf("the status is described as %v", status)
	}
	if len(key.Required) != len(key.Properties) {
		t.Errorf("of a key are required %v", key.Required)
	}
	if description := date.Description; !strings.HasPrefix(description, "expiration_date is ") {
		t.Errorf("a field is described as %q", description)
	}
}

// Swagger UI shows calls in the order of the document: new comes before delete, and the
// admin secret is what people paste first.
func TestOrder(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"/docs/doc.json", "/docs/openapi.json"} {
		text := get(t, newApp(t), name).Body.String()
		before := func(first, second string) {
			t.Helper()
			if a, b := strings.Index(text, first), strings.LastIndex(text, second); a < 0 || b < 0 || a > b {
				t.Errorf("%s: %s does not come before %s", name, first, second)
			}
		}
		before(`"/auth/new":`, `"/auth/delete":`)
		before(`"/auth/verify":`, `"/account":`)
		before(`"AdminSecret":{`, `"ApiKeyHeader":{`)
		before(`"ApiKeyHeader":{`, `"Account":{`)
	}
}

// Calls that are mounted twice have ids of their own, as client generators need them.
func TestOperationIDsAreUnique(t *testing.T) {
	t.Parallel()
	auth, r := newAuth(t), gin.New()
	docs.Register(r, auth)
	auth.RegisterAdmin(r.Group("/auth"))
	auth.RegisterAdmin(r.Group("/v1/auth"))
	document := openAPI(t, r, "/docs/openapi.json") // Validate refuses ids that repeat
	if id := document.Paths.Find("/v1/auth/new").Post.OperationID; id != "issueKey2" {
		t.Errorf("the second issueKey is %s", id)
	}
}

func TestDocumentsAreMadeOnceAndTagged(t *testing.T) {
	t.Parallel()
	r := newApp(t)
	for _, path := range []string{"/docs", "/docs/doc.json", "/docs/openapi.json"} {
		first := get(t, r, path)
		tag := first.Header().Get("ETag")
		request := httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil)
		request.Header.Set("If-None-Match", tag)
		again := httptest.NewRecorder()
		r.ServeHTTP(again, request)
		if tag == "" || again.Code != http.StatusNotModified || again.Body.Len() > 0 {
			t.Errorf("%s: tag %q, then %d with %d bytes", path, tag, again.Code, again.Body.Len())
		}
	}
}

// HEAD answers as GET does, without the body.
func TestHead(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(newApp(t))
	defer server.Close()
	for _, path := range []string{"/docs", "/docs/", "/docs/index.html", "/docs/doc.json", "/docs/openapi.json", "/docs/swagger-ui.css", "/docs/swagger-initializer.js"} {
		var answers [2]*http.Response
		for n, method := range []string{http.MethodGet, http.MethodHead} {
			request, _ := http.NewRequestWithContext(t.Context(), method, server.URL+path, nil)
			answer, err := server.Client().Do(request)
			if err != nil {
				t.Fatal(err)
			}
			_ = answer.Body.Close()
			answers[n] = answer
		}
		same := answers[0].Header.Get("Content-Type") == answers[1].Header.Get("Content-Type")
		if answers[1].StatusCode != http.StatusOK || !same {
			t.Errorf("HEAD %s answers %s, %v", path, answers[1].Status, answers[1].Header)
		}
	}
}

// A prefix that is taken away before the application sees it is in both documents.
func TestBasePath(t *testing.T) {
	t.Parallel()
	stripped := http.StripPrefix("/shop", newApp(t))
	proxied := newApp(t, func(c *ginauth.Config) { c.PublicURL = "https://example.org/shop" })
	for name, document := range map[string]*httptest.ResponseRecorder{
		"stripped": get(t, stripped, "/shop/docs/doc.json"), "proxied": get(t, proxied, "/docs/doc.json"),
	} {
		var swagger struct{ BasePath string }
		if err := json.Unmarshal(document.Body.Bytes(), &swagger); err != nil || swagger.BasePath != "/shop" {
			t.Errorf("%s: the base path is %q, %v", name, swagger.BasePath, err)
		}
	}
	if servers := openAPI(t, stripped, "/shop/docs/openapi.json").Servers; servers[0].URL != ".." {
		t.Errorf("the document leads to %s", servers[0].URL)
	}
	auth, r := newAuth(t), gin.New()
	docs.Register(r.Group("/a/b"), auth)
	if servers := openAPI(t, r, "/a/b/docs/openapi.json").Servers; servers[0].URL != "../../.." {
		t.Errorf("a page below a group leads to %s", servers[0].URL)
	}
	if body := get(t, newApp(t), "/docs/doc.json").Body.String(); strings.Contains(body, "basePath") {
		t.Error("there is a base path without any")
	}
}

// documentedCodes reads the table of errors: "401 key_missing", and so on.
func documentedCodes(t *testing.T) map[string]bool {
	t.Helper()
	codes := map[string]bool{}
	for _, row := range regexp.MustCompile(`(?m)^\| (\d{3}) \| ([^|]+) \|`).FindAllStringSubmatch(readFile(t, "http.md"), -1) {
		for _, code := range regexp.MustCompile("`([a-z_]+)`").FindAllStringSubmatch(row[2], -1) {
			codes[row[1]+" "+code[1]] = true
		}
	}
	if len(codes) < 40 {
		t.Fatalf("the table has %d codes", len(codes))
	}
	return codes
}

// Both documents describe the same calls.
func TestDocumentsAgree(t *testing.T) {
	t.Parallel()
	r := newApp(t)
	names := func(path string) []string {
		var all []string
		for name := range spec(t, r, path)["paths"] {
			all = append(all, name)
		}
		return all
	}
	swagger, openAPI := map[string]bool{}, map[string]bool{}
	for _, name := range names("/docs/doc.json") {
		swagger[name] = true
	}
	for _, name := range names("/docs/openapi.json") {
		openAPI[name] = true
	}
	if len(swagger) != 32 || !reflect.DeepEqual(swagger, openAPI) {
		t.Errorf("%d paths in one and %d in the other", len(swagger), len(openAPI))
	}
}
