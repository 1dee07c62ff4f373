package ginauth_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"

	"github.com/ginauth/ginauth"
)

// A request without a key passes an optional guard as anonymous, and is counted
// nowhere; one with a bad key is refused. Caches are told that keys matter.
func TestOptional(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	a.engine.GET("/open", a.auth.Guard(ginauth.Optional()), func(c *gin.Context) {
		key, ok := ginauth.KeyFrom(c)
		c.String(http.StatusOK, "%v %s", ok, key.ID)
	})
	key, id := a.issueKey()
	anonymous := a.do(request{path: "/open"})
	if anonymous.Body.String() != "false " || !strings.Contains(anonymous.Header().Get("Vary"), "api-key") {
		t.Errorf("without a key it is answered %s, %v", anonymous.Body, anonymous.Header())
	}
	if known := a.do(request{path: "/open", header: header("api-key", key)}); known.Body.String() != "true "+id {
		t.Errorf("with a key it is answered %s", known.Body)
	}
	expectProblem(t, a.do(request{path: "/open", header: header("api-key", "ga_nonsense")}), http.StatusUnauthorized, "key_invalid", "")
	a.call("/auth/revoke", `{"id":"`+id+`"}`)
	expectProblem(t, a.do(request{path: "/open", header: header("api-key", key)}), http.StatusUnauthorized, "key_revoked", "")
	waitFor(t, "one request to be counted", func() bool { return a.counted("?id="+id) == 1 })
}

// Where a route takes a key or a JWT, the other middleware gets the requests
// without a key, and decides about them alone.
func TestFallback(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	jwt := func(c *gin.Context) {
		if c.GetHeader("Authorization") != "Bearer e30.e30.x" {
			c.AbortWithStatus(http.StatusTeapot)
			return
		}
		c.Set("subject", "ada")
	}
	a.engine.GET("/either", a.auth.Guard(ginauth.Fallback(jwt)), func(c *gin.Context) {
		key, _ := ginauth.KeyFrom(c)
		c.String(http.StatusOK, "%s,%s", key.ID, c.GetString("subject"))
	})
	key, id := a.issueKey()
	for name, test := range map[string]struct {
		header http.Header
		status int
		body   string
	}{
		"a key":               {header("api-key", key), http.StatusOK, id + ","},
		"a key as a bearer":   {header("Authorization", "Bearer "+key), http.StatusOK, id + ","},
		"a JWT":               {header("Authorization", "Bearer e30.e30.x"), http.StatusOK, ",ada"},
		"a bad JWT":           {header("Authorization", "Bearer e30.e30.y"), http.StatusTeapot, ""},
		"neither":             {header(), http.StatusTeapot, ""},
		"a JWT and a bad key": {header("Authorization", "Bearer e30.e30.x", "api-key", "ga_nonsense"), http.StatusUnauthorized, ""},
	} {
		answer := a.do(request{path: "/either", header: test.header})
		if answer.Code != test.status || test.body != "" && answer.Body.String() != test.body {
			t.Errorf("%s is answered %d: %s", name, answer.Code, answer.Body)
		}
	}
	a.engine.GET("/none", a.auth.Guard(ginauth.Fallback(nil)), func(*gin.Context) { t.Error("a request passes without a key") })
	expectProblem(t, a.do(request{path: "/none"}), http.StatusUnauthorized, "key_missing", "")
}

// Headers that repeat a key of another place are removed with it.
func TestKeySourcesCleanHeaders(t *testing.T) {
	a := newApp(t)
	guard := a.auth.Guard(ginauth.KeySources(ginauth.KeySource{In: ginauth.InHeader, Name: "X-Hook-Key"}), ginauth.Optional())
	a.engine.GET("/hooks", guard, func(c *gin.Context) { c.String(http.StatusOK, "%v%v", c.Request.Header, c.Request.URL) })
	key, _ := a.issueKey()
	sent := header("X-Original-Uri", "/hooks?api-key="+key, "Referer", "https://example.org/?api-key="+key)
	if body := a.do(request{path: "/hooks?api-key=" + key, header: sent}).Body.String(); strings.Contains(body, key) {
		t.Errorf("the handler sees %s", body)
	}
}

// A request that passes guards with different places is counted once, and the inner
// guard keeps the key.
func TestGuardsWithDifferentPlacesCountOnce(t *testing.T) {
	a := newApp(t)
	key, id := a.issueKey()
	group := a.engine.Group("/twice", a.auth.Guard())
	group.GET("/hook", a.auth.Guard(ginauth.KeySources(ginauth.KeySource{In: ginauth.InQuery, Name: "k"})), showKey)
	group.GET("/kept", a.auth.Guard(ginauth.KeepKey()), func(c *gin.Context) {
		kept, _ := c.Get(ginauth.KeptKey)
		c.String(http.StatusOK, "%v", kept != nil)
	})
	a.expectStatus(a.do(request{path: "/twice/hook?k=" + key, header: header("api-key", key)}), http.StatusOK)
	if body := a.do(request{path: "/twice/kept", header: header("api-key", key)}).Body.String(); body != "true" {
		t.Errorf("the inner guard keeps a key: %s", body)
	}
	waitFor(t, "two requests to be counted", func() bool { return a.counted("?id="+id) >= 2 })
	if n := a.auth.Stats().Requests["allowed"]; n != 2 || a.counted("?id="+id) != 2 {
		t.Errorf("%d are allowed, and %d counted", n, a.counted("?id="+id))
	}
}

// A guard with places of its own reads keys there alone. Keys elsewhere let nobody
// in, and no handler sees them.
func TestKeySourcesOfOneGuard(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	a.engine.GET("/hooks", a.auth.Guard(ginauth.KeySources(ginauth.KeySource{In: ginauth.InHeader, Name: "X-Hook-Key"})), func(c *gin.Context) {
		c.String(http.StatusOK, "%v%v", c.Request.Header, c.Request.URL)
	})
	key, _ := a.issueKey()
	sent := header("x-hook-key", key, "api-key", key, "Authorization", "Bearer "+key)
	answer := a.do(request{path: "/hooks?api-key=" + key, header: sent})
	if answer.Code != http.StatusOK || strings.Contains(answer.Body.String(), key) || answer.Header().Get("Vary") != "X-Hook-Key" {
		t.Errorf("it is answered %d: %s, %v", answer.Code, answer.Body, answer.Header())
	}
	refused := a.do(request{path: "/hooks", header: header("api-key", key)})
	expectProblem(t, refused, http.StatusUnauthorized, "key_missing", "")
	if challenge := refused.Header().Get("WWW-Authenticate"); !strings.Contains(challenge, "X-Hook-Key") {
		t.Errorf("the challenge is %s", challenge)
	}
	for name, source := range map[string]ginauth.KeySource{
		"no place": {In: "cookie", Name: "key"}, "the admin secret's": {In: ginauth.InHeader, Name: "Secret_Key"},
	} {
		func() {
			defer func() {
				if text, ok := recover().(string); !ok || !strings.Contains(text, "KeySources") {
					t.Errorf("%s is taken: %v", name, text)
				}
			}()
			a.auth.Guard(ginauth.KeySources(source))
		}()
	}
}
