package ginauth_test

import (
	"context"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"

	"github.com/ginauth/ginauth"
)

// serve answers a request in this process.
func serve(h http.Handler, r *http.Request) *httptest.ResponseRecorder {
	answer := httptest.NewRecorder()
	h.ServeHTTP(answer, r)
	return answer
}

// A request that is made from the context of a guarded one is judged by its own
// key, and refused if it has none.
func TestRequestsInsideOfRequests(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	outer, _ := a.issueKey()
	inner, id := a.issueKey()
	revoked, _ := a.issueKey()
	a.call("/auth/revoke", `{"api_key":"`+revoked+`"}`)
	a.engine.GET("/open", func(c *gin.Context) {
		if key, ok := ginauth.KeyFrom(c); ok {
			t.Errorf("where no guard was, KeyFrom gives %s", key.ID)
		}
	})
	ways := map[string]func(c *gin.Context, path string, h http.Header) *httptest.ResponseRecorder{
		"http.NewRequest": func(c *gin.Context, path string, h http.Header) *httptest.ResponseRecorder {
			r, _ := http.NewRequestWithContext(c.Request.Context(), http.MethodGet, path, nil)
			r.Header = h
			return serve(a.engine, r)
		},
		"httptest.NewRequest, detached": func(c *gin.Context, path string, h http.Header) *httptest.ResponseRecorder {
			r := httptest.NewRequestWithContext(context.WithoutCancel(c.Request.Context()), http.MethodGet, path, nil)
			r.Header = h
			return serve(a.engine, r)
		},
		"the same path and a clone": func(c *gin.Context, path string, h http.Header) *httptest.ResponseRecorder {
			r := c.Request.Clone(c.Request.Context())
			r.URL.Path = path
			maps.Copy(r.Header, h)
			return serve(a.engine, r)
		},
		"a reverse proxy": func(c *gin.Context, path string, h http.Header) *httptest.ResponseRecorder {
			proxy := &httputil.ReverseProxy{
				Rewrite: func(r *httputil.ProxyRequest) {
					r.SetURL(&url.URL{Scheme: "http", Host: "upstream"})
					r.Out.URL.Path = path
					maps.Copy(r.Out.Header, h)
				},
				Transport: roundTripper(func(r *http.Request) *http.Response { return serve(a.engine, r).Result() }),
			}
			return serve(proxy, c.Request)
		},
		"HandleContext": func(c *gin.Context, path string, h http.Header) *httptest.ResponseRecorder {
			answer := httptest.NewRecorder()
			fresh := gin.CreateTestContextOnly(answer, a.engine)
			fresh.Request, _ = http.NewRequestWithContext(c.Request.Context(), http.MethodGet, path, nil)
			fresh.Request.Header = h
			a.engine.HandleContext(fresh)
			return answer
		},
	}
	for name, ask := range ways {
		t.Run(name, func(t *testing.T) {
			path := "/outer/" + strings.ReplaceAll(name, " ", "-")
			a.engine.GET(path, a.auth.Guard(), func(c *gin.Context) {
				answer := ask(c, "/secure", header("api-key", inner))
				if answer.Code != http.StatusOK || decode(t, answer.Body)["id"] != id {
					t.Errorf("with a key of its own, it is answered %d", answer.Code)
				}
				expectProblem(t, ask(c, "/secure", header("api-key", revoked)), http.StatusUnauthorized, "key_revoked", "")
				expectProblem(t, ask(c, "/secure", header()), http.StatusUnauthorized, "key_missing", "")
				if answer := ask(c, "/open", header()); answer.Code != http.StatusOK {
					t.Errorf("without a guard it is answered %d", answer.Code)
				}
			})
			if answer := a.do(request{path: path, header: header("api-key", outer)}); answer.Code != http.StatusOK {
				t.Errorf("the outer request is answered %d: %s", answer.Code, answer.Body)
			}
		})
	}
	a.waitForTotal(2 * len(ways))
}

type roundTripper func(r *http.Request) *http.Response

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r), nil }

// The gin.Context of a request that has ended serves the next one; that it is
// the same lets nobody in.
func TestRequestsAfterRequests(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	key, _ := a.issueKey()
	var ended context.Context
	a.engine.GET("/keep", a.auth.Guard(), func(c *gin.Context) { ended = c.Request.Context() })
	for range 20 {
		a.do(request{path: "/keep", header: header("api-key", key)})
		answer := serve(a.engine, httptest.NewRequestWithContext(ended, http.MethodGet, "/keep", nil))
		expectProblem(t, answer, http.StatusUnauthorized, "key_missing", "")
	}
}

// Middlewares may replace the request by a copy of it, between two guards and
// before the handler; it is one request all the same.
func TestCopiesOfARequest(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	key, id := a.issueKey()
	type name struct{}
	copies := map[string]func(c *gin.Context, ctx context.Context){
		"with-context": func(c *gin.Context, ctx context.Context) { c.Request = c.Request.WithContext(ctx) },
		"clone":        func(c *gin.Context, ctx context.Context) { c.Request = c.Request.Clone(ctx) },
		"header":       func(c *gin.Context, _ context.Context) { c.Request.Header = c.Request.Header.Clone() },
		"writer":       func(c *gin.Context, _ context.Context) { c.Writer = struct{ gin.ResponseWriter }{c.Writer} },
	}
	for path, replace := range copies {
		between := func(c *gin.Context) { replace(c, context.WithValue(c.Request.Context(), name{}, 1)) }
		later := make(chan *gin.Context, 1)
		show := func(c *gin.Context) { later <- c.Copy(); showKey(c) }
		a.engine.GET("/"+path, a.auth.Guard(), between, a.auth.Guard(), between, show)
		inside := gin.New()
		inside.GET("/inside/"+path, between, a.auth.Guard(), showKey)
		a.engine.GET("/inside/"+path, a.auth.Guard(), gin.WrapH(inside))
		answer := a.do(request{path: "/" + path, header: header("api-key", key)})
		if answer.Code != http.StatusOK || decode(t, answer.Body)["id"] != id {
			t.Errorf("%s: two guards answer %d", path, answer.Code)
		}
		if got, ok := ginauth.KeyFrom(<-later); !ok || got.ID != id {
			t.Errorf("%s: in the background the key is %v", path, got)
		}
	}
	if answer := a.do(request{path: "/inside/with-context", header: header("api-key", key)}); answer.Code != http.StatusOK {
		t.Errorf("an engine within an engine answers %d", answer.Code)
	}
	a.waitForTotal(len(copies) + 1)
}

// gin's HandleContext goes on with the same request.
func TestHandleContext(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	key, id := a.issueKey()
	a.engine.GET("/old", a.auth.Guard(), func(c *gin.Context) {
		c.Request.URL.Path = "/secure"
		a.engine.HandleContext(c)
	})
	answer := a.do(request{path: "/old", header: header("api-key", key)})
	if answer.Code != http.StatusOK || decode(t, answer.Body)["id"] != id {
		t.Errorf("it is answered %d: %s", answer.Code, answer.Body)
	}
	a.waitForTotal(1)
}

// Guards of two applications in one chain each remember what they let through.
func TestGuardsInTurn(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	b := newApp(t, func(c *ginauth.Config) { c.KeySources = []ginauth.KeySource{{In: ginauth.InHeader, Name: "X-Other"}} })
	one, _ := a.issueKey()
	other, id := b.issueKey()
	a.engine.GET("/both", a.auth.Guard(), b.auth.Guard(), a.auth.Guard(), b.auth.Guard(), showKey)
	answer := a.do(request{path: "/both", header: header("api-key", one, "x-other", other)})
	if answer.Code != http.StatusOK || decode(t, answer.Body)["id"] != id {
		t.Errorf("it is answered %d: %s", answer.Code, answer.Body)
	}
	a.waitForTotal(1)
	b.waitForTotal(1)
}
