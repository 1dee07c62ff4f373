package docs_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"

	"github.com/ginauth/ginauth"
	"github.com/ginauth/ginauth/docs"
)

// Routes that no annotation describes can be tried on the page, if it is mounted on
// the engine; those of ginauth are not listed twice.
func TestRoutesWithoutAnnotation(t *testing.T) {
	r, auth := gin.New(), newAuth(t)
	docs.Register(r, auth)
	auth.RegisterAdmin(r.Group("/auth"))
	handle := func(*gin.Context) {}
	r.GET("/orders/:id/lines/*line", auth.Guard(), handle)
	r.Handle(http.MethodConnect, "/tunnel", handle)
	paths := spec(t, r, "/docs/doc.json")["paths"]
	route, _ := paths["/orders/{id}/lines/{line}"].(map[string]any)
	operation, _ := route["get"].(map[string]any)
	if parameters, _ := operation["parameters"].([]any); len(parameters) != 2 || !strings.Contains(fmt.Sprint(operation["security"]), "ApiKeyHeader") {
		t.Errorf("the route is shown as %v", paths["/orders/{id}/lines/{line}"])
	}
	for name := range paths {
		if strings.HasPrefix(name, "/docs") || strings.HasPrefix(name, "/tunnel") {
			t.Errorf("%s is shown", name)
		}
	}
	if created, _ := paths["/auth/new"].(map[string]any)["post"].(map[string]any); created["summary"] == "POST /auth/new" {
		t.Error("the annotation of an admin call is replaced")
	}
	hiding := gin.New()
	docs.Register(hiding, newAuth(t, func(c *ginauth.Config) { c.HideDocs = true }))
	hiding.GET("/internal", handle)
	if _, ok := spec(t, hiding, "/docs/doc.json")["paths"]["/internal"]; ok {
		t.Error("HideDocs shows routes")
	}
	grouped := gin.New()
	docs.Register(grouped.Group("/below"), auth)
	grouped.GET("/orders", handle)
	if _, ok := spec(t, grouped, "/below/docs/doc.json")["paths"]["/orders"]; ok {
		t.Error("the page of a group knows the engine")
	}
	told := gin.New()
	docs.Register(told.Group("/below"), auth, docs.Engine(told))
	told.GET("/orders", handle)
	if _, ok := spec(t, told, "/below/docs/doc.json")["paths"]["/orders"]; !ok {
		t.Error("the page of a group does not list the routes of the engine that it was told")
	}
}
