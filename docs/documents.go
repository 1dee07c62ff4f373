package docs

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"net/url"
	"path"
	"strings"
	"sync"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/ginauth/ginauth"
)

// documents are both documents, made at the first request for one of them, and anew
// once further calls of ginauth are mounted.
type documents struct {
	auth   *ginauth.Auth
	engine *gin.Engine // nil unless it is known at registration

	mutex            sync.Mutex
	swagger, openAPI []byte
	mounts           int // how often calls were mounted by then
}

// get makes the documents, unless they are there. A failure is not kept.
func (d *documents) get(c *gin.Context) (swagger, openAPI []byte, err error) {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	mounts := len(d.auth.AdminPaths()) + len(d.auth.AccountPaths())
	if d.swagger != nil && d.mounts == mounts {
		return d.swagger, d.openAPI, nil
	}
	swagger, openAPI, err = d.build(c)
	if err == nil {
		d.swagger, d.openAPI, d.mounts = swagger, openAPI, mounts
	}
	return swagger, openAPI, err
}

func (d *documents) build(c *gin.Context) (swagger, openAPI []byte, err error) {
	engine := d.engine
	if told, ok := c.Get(engineKey{}); ok {
		engine, _ = told.(*gin.Engine)
	}
	app, err := readApplication()
	if err != nil {
		return nil, nil, err
	}
	own, err := readOwn(d.auth)
	if err != nil {
		return nil, nil, err
	}
	if engine != nil && !d.auth.HidesDocs() {
		own.addRoutes(app, engine.Routes())
	}
	own.avoid(app)
	swagger, err = json.Marshal(own.mergeSwagger(app))
	if err != nil {
		return nil, nil, err
	}
	merged, err := own.mergeOpenAPI(app, root(c.FullPath()))
	if err != nil {
		return nil, nil, err
	}
	openAPI, err = json.Marshal(merged)
	return swagger, openAPI, err
}

// root returns the way from a document to where the paths begin, as a relative URL.
func root(fullPath string) string {
	return strings.TrimSuffix(strings.Repeat("../", strings.Count(fullPath, "/")-1), "/")
}

func (d *documents) serveSwagger(c *gin.Context) {
	swagger, _, err := d.get(c)
	if err != nil {
		_ = c.AbortWithError(http.StatusInternalServerError, err)
		return
	}
	if base := d.basePath(c.Request); base != "" {
		text, _ := json.Marshal(base) // a string cannot fail
		swagger = bytes.Join([][]byte{[]byte(`{"basePath":`), text, []byte(`,`), swagger[1:]}, nil)
	}
	serve(c, "application/json; charset=utf-8", swagger)
}

func (d *documents) serveOpenAPI(c *gin.Context) {
	_, openAPI, err := d.get(c)
	if err != nil {
		_ = c.AbortWithError(http.StatusInternalServerError, err)
		return
	}
	serve(c, "application/json; charset=utf-8", openAPI)
}

// basePath returns what was taken from the front of the request's path: by
// http.StripPrefix, which leaves the request line as it was, or by a proxy, of which
// the public URL tells.
func (d *documents) basePath(r *http.Request) string {
	base := ""
	if sent, err := url.ParseRequestURI(r.RequestURI); err == nil {
		base, _ = strings.CutSuffix(sent.Path, r.URL.Path)
		if base == sent.Path {
			base = ""
		}
	}
	if public, err := url.Parse(d.auth.PublicURL()); base == "" && err == nil {
		base = public.Path
	}
	if base = path.Clean("/" + base); base == "/" {
		return ""
	}
	return base
}

// serve sends what has not changed since the client asked last by its tag alone.
func serve(c *gin.Context, contentType string, body []byte) {
	sum := sha256.Sum256(body)
	c.Header("ETag", `"`+hex.EncodeToString(sum[:16])+`"`)
	c.Header("Content-Type", contentType)
	http.ServeContent(c.Writer, c.Request, "", time.Time{}, bytes.NewReader(body))
}

// pageInside is the page for addresses inside of /docs.
func pageInside() []byte {
	return bytes.ReplaceAll(page, []byte(`="docs/`), []byte(`="`))
}
