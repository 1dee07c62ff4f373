// Package docs serves a Swagger page at /docs: the application's own swag
// annotations, if it has any, together with ginauth's calls. It is the one package
// that imports swag.
//
// The page and all that it needs come out of the binary; it loads nothing from
// another host, remembers no credential, and may not be framed.
package docs

import (
	_ "embed"
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"
	swaggerFiles "github.com/swaggo/files/v2"
	ginSwagger "github.com/swaggo/gin-swagger"
	"golang.org/x/net/webdav"

	"github.com/ginauth/ginauth"
)

//go:generate go tool -modfile=../tools/go.mod swag init --quiet --dir ../ --generalInfo handlers.go --exclude ../example,../e2e,../tools --instanceName ginauth --requiredByDefault --outputTypes json --output .

// page is shown at /docs; its assets lie below docs/, seen from there.
//
//go:embed page.html
var page []byte

// initializer takes the place of Swagger UI's own.
//
//go:embed swagger-initializer.js
var initializer []byte

// contentSecurityPolicy lets the page load from its own origin only. Swagger
// UI sets styles on elements, and draws icons from data: URLs.
const contentSecurityPolicy = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; " +
	"img-src 'self' data:; font-src 'self'; connect-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// Register serves the page at /docs below r, each request to it after the
// given middleware: put there what protects it in production, since
// Config.HideDocs leaves calls out of the page and protects nothing. Beside the
// page are its two documents, for programs that generate clients:
//
//	/docs/doc.json      Swagger 2.0
//	/docs/openapi.json  OpenAPI 3.0, which the page shows
//
// They hold what the application registered with swag under swag's default name, in
// either format, and ginauth's calls wherever Auth.RegisterAdmin and
// Auth.RegisterAccount mounted them, whichever is called first. They are made at the
// first request and kept. Where names collide, the application's stay.
//
// In the application's annotations, @Security ApiKeyHeader and @Security ApiKeyQuery
// name the ways to send a key.
//
// If r is the *gin.Engine, or [Engine] is among the middleware, the application's
// other routes are listed, too, with their methods and parameters. Gin does not tell
// which of them are guarded, so the page offers to call them with a key or without
// one. Config.HideDocs leaves out ginauth's calls and these routes.
//
// A prefix that http.StripPrefix or a proxy takes away needs no configuration on the
// page; in doc.json it is the path of Config.PublicURL, where the application sees no
// other.
func Register(r gin.IRouter, auth *ginauth.Auth, middleware ...gin.HandlerFunc) {
	group := r.Group("/docs", middleware...)
	auth.Logger().Info("the docs page is mounted", "path", group.BasePath())
	group.Use(setHeaders)
	engine, _ := r.(*gin.Engine)
	files := newFiles(&documents{auth: auth, engine: engine})
	for _, path := range []string{"", "/", "/:file"} { // few routes, since Gin lists each at the start
		group.GET(path, files.serve)
		group.HEAD(path, files.serve)
	}
}

// Engine tells the page, where it is mounted on a group, whose routes to list:
//
//	docs.Register(r.Group("/internal"), auth, docs.Engine(r))
func Engine(r *gin.Engine) gin.HandlerFunc {
	return func(c *gin.Context) { c.Set(engineKey{}, r) }
}

type engineKey struct{}

// files are the handlers of all that lies at /docs, by name.
type files map[string]gin.HandlerFunc

func newFiles(documents *documents) files {
	inside := pageInside()
	showInside := func(c *gin.Context) { serve(c, "text/html; charset=utf-8", inside) }
	all := files{
		"index.html":             showInside,
		"swagger-initializer.js": func(c *gin.Context) { serve(c, "application/javascript", initializer) },
		"doc.json":               documents.serveSwagger,
		"openapi.json":           documents.serveOpenAPI,
	}
	ui := swaggerUI()
	for _, name := range []string{
		"swagger-ui-bundle.js", "swagger-ui-standalone-preset.js",
		"swagger-ui.css", "index.css", "favicon-16x16.png", "favicon-32x32.png",
	} {
		all[name] = func(c *gin.Context) { ui(c, name) }
	}
	return all
}

func (f files) serve(c *gin.Context) {
	switch handler, ok := f[c.Param("file")]; {
	case ok:
		handler(c)
	case c.Param("file") != "":
		c.Status(http.StatusNotFound)
	case strings.HasSuffix(c.FullPath(), "/"):
		f["index.html"](c)
	default:
		serve(c, "text/html; charset=utf-8", page)
	}
}

func setHeaders(c *gin.Context) {
	c.Header("Content-Security-Policy", contentSecurityPolicy)
	c.Header("X-Content-Type-Options", "nosniff")
	c.Header("Referrer-Policy", "no-referrer")
	c.Header("Cache-Control", "no-cache")
}

// swaggerUI serves the files of Swagger UI. gin-swagger takes the path that
// they lie under from the first request that it sees, for good: it is shown
// one path only, since clients and routes may write it in many ways. It answers GET
// only; of HEAD, net/http leaves the body out.
func swaggerUI() func(c *gin.Context, file string) {
	serve := ginSwagger.CustomWrapHandler(&ginSwagger.Config{}, &webdav.Handler{
		FileSystem: assets{swaggerFiles.FS}, LockSystem: webdav.NewMemLS(),
	})
	return func(c *gin.Context, file string) {
		c.Request = c.Request.Clone(c.Request.Context())
		c.Request.Method = http.MethodGet
		c.Request.URL.Path = "/docs/" + file
		c.Request.RequestURI = c.Request.URL.Path
		serve(c)
	}
}
