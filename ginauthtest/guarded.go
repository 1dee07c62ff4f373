package ginauthtest

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"

	"github.com/ginauth/ginauth"
)

// RequireGuarded reports each route of an engine that answers a request without a
// key, but for the public ones. These are named by their path, such as "/health",
// or by method and path, such as "GET /files/*name"; a name without a route is an
// error. The routes of ginauth itself, the docs page included, need no naming.
//
// Each route gets one request in which parameters have the value "ginauthtest-1". Only a
// refusal by this Auth counts as guarded, so an Optional guard does not. The
// handlers of unguarded routes run, and do what they do with such a request. No
// other request may use this Auth at the same time.
func RequireGuarded(t testing.TB, auth *ginauth.Auth, engine *gin.Engine, public ...string) {
	t.Helper()
	unused := slices.Clone(public)
	for _, route := range engine.Routes() {
		isNamed := func(name string) bool { return name == route.Path || name == route.Method+" "+route.Path }
		unused = slices.DeleteFunc(unused, isNamed)
		if slices.ContainsFunc(public, isNamed) || isOwn(route) || isGuarded(t, auth, engine, route) {
			continue
		}
		t.Errorf("%s %s answers without a key: guard it with auth.Guard(), or name it as public", route.Method, route.Path)
	}
	for _, name := range unused {
		t.Errorf("there is no route %q to be public", name)
	}
}

// isOwn reports whether a route is one of ginauth's, by its handler's package.
func isOwn(route gin.RouteInfo) bool {
	const module = "github.com/ginauth/ginauth/"
	return strings.HasPrefix(route.Handler, module+"internal/api/") || strings.HasPrefix(route.Handler, module+"docs.")
}

// isGuarded reports whether this Auth refuses a request without a key.
func isGuarded(t testing.TB, auth *ginauth.Auth, engine *gin.Engine, route gin.RouteInfo) bool {
	refused := func() int64 { return auth.Stats().Requests["key_missing"] }
	before := refused()
	answer := httptest.NewRecorder()
	request := httptest.NewRequestWithContext(t.Context(), route.Method, filled(route.Path), nil)
	func() {
		defer func() { _ = recover() }() // the handler of an unguarded route may expect more
		engine.ServeHTTP(answer, request)
	}()
	return refused() == before+1 && answer.Code == http.StatusUnauthorized
}

// parameterValue is one that no static route has.
const parameterValue = "ginauthtest-1"

// filled returns a path of a route's template.
func filled(template string) string {
	segments := strings.Split(template, "/")
	for i, segment := range segments {
		if at := strings.IndexAny(segment, ":*"); at >= 0 {
			segments[i] = segment[:at] + parameterValue
		}
	}
	return strings.Join(segments, "/")
}
