// Package docs serves a Swagger page at /docs: the application's own swag
// annotations, if it has any, together with ginauth's admin calls. It is the
// one package that imports swag.
//
// The page and all that it needs come out of the binary; it loads nothing from
// another host, remembers no credential, and may not be framed.
package docs

import (
	_ "embed"
	"net/http"

	"github.com/gin-gonic/gin"
	swaggerFiles "github.com/swaggo/files/v2"
	ginSwagger "github.com/swaggo/gin-swagger"
	"golang.org/x/net/webdav"

	"github.com/ginauth/ginauth"
)

//go:generate go tool -modfile=../tools/go.mod swag init --quiet --dir ../ --generalInfo handlers.go --exclude ../example,../e2e,../tools --instanceName ginauth --outputTypes json --output .

//go:embed page.html
var page []byte

// contentSecurityPolicy lets the page load from its own origin only. Swagger
// UI sets styles on elements, and draws icons from data: URLs.
const contentSecurityPolicy = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; " +
	"img-src 'self' data:; font-src 'self'; connect-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// Register serves the page at /docs below r, each request to it after the
// given middleware: put there what protects it in production, since
// Config.HideDocs leaves the admin calls out of the page and protects nothing.
//
// The page shows the spec that the application registered with swag under
// swag's default name, if it did, and ginauth's calls wherever
// Auth.RegisterAdmin and Auth.RegisterAccount mounted them, whichever is called
// first. Paths
// are those of the server: behind a proxy that takes a part of them away, the
// page shows, but its calls go to the paths without that part. In
// the application's annotations, @Security ApiKeyHeader and @Security
// ApiKeyQuery name the ways to send a key.
//
// If r is the *gin.Engine, the page lists its other routes, too, with their methods
// and parameters. Gin does not tell which of them are guarded, so the page offers
// to call them with a key or without one. Config.HideDocs leaves them out, too.
func Register(r gin.IRouter, auth *ginauth.Auth, middleware ...gin.HandlerFunc) {
	group := r.Group("/docs", middleware...)
	group.Use(setHeaders)
	group.GET("", func(c *gin.Context) { c.Data(http.StatusOK, "text/html; charset=utf-8", page) })
	engine, _ := r.(*gin.Engine)
	group.GET("/doc.json", func(c *gin.Context) { serveSpec(c, auth, engine) })
	ui := swaggerUI()
	for _, file := range []string{
		"swagger-initializer.js", "swagger-ui-bundle.js", "swagger-ui-standalone-preset.js",
		"swagger-ui.css", "index.css", "favicon-16x16.png", "favicon-32x32.png",
	} {
		group.GET("/"+file, func(c *gin.Context) { ui(c, file) })
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
// one path only, since clients and routes may write it in many ways.
func swaggerUI() func(c *gin.Context, file string) {
	serve := ginSwagger.CustomWrapHandler(&ginSwagger.Config{
		URL:                      "docs/doc.json",
		DocExpansion:             "list",
		DefaultModelsExpandDepth: -1,
		DeepLinking:              true,
	}, &webdav.Handler{FileSystem: assets{swaggerFiles.FS}, LockSystem: webdav.NewMemLS()})
	return func(c *gin.Context, file string) {
		c.Request.URL.Path = "/docs/" + file
		c.Request.RequestURI = c.Request.URL.Path
		serve(c)
	}
}

func serveSpec(c *gin.Context, auth *ginauth.Auth, engine *gin.Engine) {
	spec, err := buildSpec(auth)
	if err != nil {
		_ = c.AbortWithError(http.StatusInternalServerError, err)
		return
	}
	if engine != nil && !auth.HidesDocs() {
		addRoutes(spec, engine.Routes())
	}
	c.Header("Cache-Control", "no-store")
	c.JSON(http.StatusOK, spec)
}
