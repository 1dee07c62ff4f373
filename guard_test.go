package ginauth_test

import (
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/ginauth/ginauth"
	"github.com/ginauth/ginauth/security"
)

func TestGuardAcceptsAKeyFromEachSource(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	key, id := a.issueKey()
	requests := map[string]request{
		"header":                  {path: "/secure", header: header("api-key", key)},
		"usual header":            {path: "/secure", header: header("X-API-Key", key)},
		"header in another case":  {path: "/secure", header: header("API-Key", key)},
		"query":                   {path: "/secure?a=1&api-key=" + key + "&b=2"},
		"bearer":                  {path: "/secure", header: header("Authorization", "Bearer "+key)},
		"bearer in another case":  {path: "/secure", header: header("Authorization", "bearer  "+key)},
		"everywhere the same":     {path: "/secure?api-key=" + key, header: header("api-key", key, "Authorization", "Bearer "+key)},
		"beside a foreign JWT":    {path: "/secure", header: header("api-key", key, "Authorization", "Bearer eyJhbGciOiJub25lIn0.e30.")},
		"beside an empty header":  {path: "/secure?api-key=" + key, header: header("api-key", "")},
		"beside Basic":            {path: "/secure", header: header("api-key", key, "Authorization", "Basic YTpi")},
		"percent-encoded in part": {path: "/secure?api%2Dkey=" + key},
	}
	for name, r := range requests {
		t.Run(name, func(t *testing.T) {
			answer := a.do(r)
			if answer.Code != http.StatusOK {
				t.Fatalf("status %d: %s", answer.Code, answer.Body)
			}
			if got := decode(t, answer.Body)["id"]; got != id {
				t.Errorf("KeyFrom gives id %v, want %s", got, id)
			}
		})
	}
}

func TestGuardRefuses(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	key, _ := a.issueKey()
	other, _ := a.issueKey()
	mistyped := key[:len(key)-1] + flip(key[len(key)-1])
	tests := map[string]struct {
		request
		code string
	}{
		"no key":                     {request{}, "key_missing"},
		"empty header":               {request{header: header("api-key", "")}, "key_missing"},
		"empty query":                {request{path: "/secure?api-key="}, "key_missing"},
		"foreign JWT as bearer":      {request{header: header("Authorization", "Bearer eyJhbGciOiJub25lIn0.e30.")}, "key_missing"},
		"key with scheme Basic":      {request{header: header("Authorization", "Basic "+key)}, "key_invalid"},
		"key with scheme Token":      {request{header: header("Authorization", "Token "+key)}, "key_invalid"},
		"key without scheme":         {request{header: header("Authorization", key)}, "key_invalid"},
		"key in quotes":              {request{header: header("Authorization", `Bearer "`+key+`"`)}, "key_invalid"},
		"mistyped bearer":            {request{header: header("Authorization", "Bearer "+mistyped)}, "key_invalid"},
		"cut bearer":                 {request{header: header("Authorization", "Bearer "+key[:9])}, "key_invalid"},
		"bearer in capitals":         {request{header: header("Authorization", "Bearer "+strings.ToUpper(key))}, "key_invalid"},
		"quotes in the header":       {request{header: header("X-API-Key", `"`+key+`"`)}, "key_invalid"},
		"key in a wrong header":      {request{header: header("x-api-token", key)}, "key_missing"},
		"key as admin secret":        {request{header: header("secret-key", key)}, "key_missing"},
		"unknown key":                {request{header: header("api-key", security.NewKey("ga"))}, "key_invalid"},
		"bad checksum":               {request{header: header("api-key", mistyped)}, "key_invalid"},
		"other prefix":               {request{header: header("api-key", security.NewKey("zz"))}, "key_invalid"},
		"white space around":         {request{path: "/secure?api-key=%20" + key}, "key_invalid"},
		"the admin secret":           {request{header: header("api-key", secret)}, "key_invalid"},
		"hostile text":               {request{path: "/secure?api-key=%27%20OR%201%3D1--%00"}, "key_invalid"},
		"broken escape":              {request{path: "/secure?api-key=%zz"}, "key_invalid"},
		"very long":                  {request{header: header("api-key", strings.Repeat(key, 200))}, "key_invalid"},
		"header repeated":            {request{header: header("api-key", key, "api-key", key)}, "key_ambiguous"},
		"query repeated":             {request{path: "/secure?api-key=" + key + "&api-key=" + key}, "key_ambiguous"},
		"bearer repeated":            {request{header: header("Authorization", "Bearer "+key, "Authorization", "Bearer "+key)}, "key_ambiguous"},
		"two keys, header and query": {request{path: "/secure?api-key=" + other, header: header("api-key", key)}, "key_ambiguous"},
		"two keys, header, bearer":   {request{header: header("api-key", key, "Authorization", "Bearer "+other)}, "key_ambiguous"},
		"good and bad key":           {request{path: "/secure?api-key=nonsense", header: header("api-key", key)}, "key_ambiguous"},
		"empty header, repeated":     {request{header: header("api-key", "", "api-key", key)}, "key_ambiguous"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if test.path == "" {
				test.path = "/secure"
			}
			expectProblem(t, a.do(test.request), http.StatusUnauthorized, test.code, "")
		})
	}
}

// flip returns another base62 digit.
func flip(digit byte) string {
	if digit == 'x' {
		return "y"
	}
	return "x"
}

func TestGuardRefusesExpiredAndRevokedKeys(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	key, id := a.issueKey()
	a.clock.advance(15*24*time.Hour - time.Millisecond)
	if code := a.guarded(key).Code; code != http.StatusOK {
		t.Fatalf("a millisecond before it expires, the key is answered %d", code)
	}
	a.clock.advance(time.Millisecond)
	expectProblem(t, a.guarded(key), http.StatusUnauthorized, "key_expired", "")
	a.call("/auth/renew", `{"id":"`+id+`"}`)
	if code := a.guarded(key).Code; code != http.StatusOK {
		t.Fatalf("once renewed, the key is answered %d", code)
	}
	a.call("/auth/revoke", `{"id":"`+id+`"}`)
	expectProblem(t, a.guarded(key), http.StatusUnauthorized, "key_revoked", "")
	a.call("/auth/delete", `{"id":"`+id+`"}`)
	expectProblem(t, a.guarded(key), http.StatusUnauthorized, "key_invalid", "")
}

// Handlers behind the guard find the key nowhere in the request, and
// the rest of the request is as it was.
func TestGuardRemovesTheKey(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	key, _ := a.issueKey()
	a.engine.GET("/dump", parseEarly, a.auth.Guard(), dump)
	requests := map[string]request{
		"header": {path: "/dump?a=1&b=%20x&b=2", header: header("api-key", key)},
		"query":  {path: "/dump?a=1&api-key=" + key + "&b=%20x&b=2"},
		"bearer": {path: "/dump?a=1&b=%20x&b=2", header: header("Authorization", "Bearer "+key)},
		"all":    {path: "/dump?api-key=" + key + "&a=1&b=%20x&b=2", header: header("api-key", key, "Authorization", "Bearer "+key)},
	}
	for name, r := range requests {
		t.Run(name, func(t *testing.T) {
			body := a.do(r).Body.String()
			if strings.Contains(body, key) {
				t.Errorf("the handler finds the key:\n%s", body)
			}
			if !strings.Contains(body, "GET /dump?a=1&b=%20x&b=2 HTTP") {
				t.Errorf("the rest of the query has changed:\n%s", body)
			}
		})
	}
}

// Browsers and proxies repeat the URL in headers.
// The admin secret does not belong into a URL; where it is all the same, no
// handler sees it.
func TestGuardRemovesTheSecret(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	key, _ := a.issueKey()
	var seen string
	a.engine.GET("/seen", a.auth.Guard(), func(c *gin.Context) {
		seen = c.Request.URL.String() + c.Request.RequestURI + c.GetHeader("secret-key") + c.Query("secret-key")
	})
	answer := a.do(request{path: "/seen?a=1&secret-key=" + secret, header: header("api-key", key, "secret-key", secret)})
	if answer.Code != http.StatusOK || seen == "" || strings.Contains(seen, secret) {
		t.Errorf("status %d, the handler sees %s", answer.Code, seen)
	}
}

func TestGuardRemovesCopiesOfTheKey(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	key, _ := a.issueKey()
	a.engine.GET("/dump", a.auth.Guard(), dump)
	body := a.do(request{path: "/dump?api-key=" + key, header: header(
		"Referer", "http://x/dump?api-key="+key, "X-Original-URI", "/dump?api-key="+key, "Secret-Key", secret, "Accept", "text/plain",
	)}).Body.String()
	if strings.Contains(body, key) || strings.Contains(body, secret) || !strings.Contains(body, "text/plain") {
		t.Errorf("the handler sees:\n%s", body)
	}
}

func TestHugeQueriesAreRefused(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	key, _ := a.issueKey()
	query := strings.Repeat("&", 10_000) + "api-key=" + key
	expectProblem(t, a.do(request{path: "/secure?" + query}), http.StatusBadRequest, "query_too_large", "")
	expectProblem(t, a.do(request{path: "/auth/logs?" + query, header: header("secret-key", secret)}), http.StatusBadRequest, "query_too_large", "")
	if code := a.do(request{path: "/secure?" + query[1:]}).Code; code != http.StatusOK {
		t.Errorf("one parameter fewer is answered %d", code)
	}
}

func TestGuardKeepsAStricterCacheControl(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	key, _ := a.issueKey()
	noStore := func(c *gin.Context) { c.Header("Cache-Control", "no-store") }
	a.engine.GET("/strict", noStore, a.auth.Guard(), showKey)
	if got := a.do(request{path: "/strict", header: header("api-key", key)}).Header().Get("Cache-Control"); got != "no-store" {
		t.Errorf("Cache-Control is %q", got)
	}
}

// parseEarly makes the copies of the query that a middleware ahead of the
// guard may cause.
func parseEarly(c *gin.Context) {
	c.Query("a")
	_ = c.Request.ParseForm()
}

// dump answers with all that a handler sees.
func dump(c *gin.Context) {
	text, _ := httputil.DumpRequest(c.Request, true)
	c.String(http.StatusOK, "%s\n%s\n%v\n%s\n%v", text, c.Request.URL, c.Request.Form, c.Query("api-key"), c.Keys)
}

func TestGuardKeepsForeignAuthorization(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	key, _ := a.issueKey()
	a.engine.GET("/authorization", a.auth.Guard(), func(c *gin.Context) { c.String(http.StatusOK, c.GetHeader("Authorization")) })
	for _, value := range []string{"Bearer e.y.J", "Basic YTpi", "Digest username=\"ga\"", "Bearer gax_1", "token"} {
		answer := a.do(request{path: "/authorization", header: header("api-key", key, "Authorization", value)})
		if got := answer.Body.String(); got != value {
			t.Errorf("the application's own Authorization %q is %q", value, got)
		}
	}
}

// Text that is meant as a key is removed, also where no key is needed, and a client
// without one learns where it belongs.
func TestMalformedKeysAreRemoved(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	key, _ := a.issueKey()
	optional := a.auth.Guard(ginauth.Fallback(func(c *gin.Context) { c.String(http.StatusOK, "other:"+c.GetHeader("Authorization")) }))
	a.engine.GET("/fallback", optional, func(*gin.Context) {})
	for _, value := range []string{"Bearer " + key[:20], key, `Bearer "` + key + `"`, "Token " + key} {
		answer := a.do(request{path: "/fallback", header: header("Authorization", value)})
		expectProblem(t, answer, http.StatusUnauthorized, "key_invalid", "")
	}
	if answer := a.do(request{path: "/fallback", header: header("Authorization", "Bearer e.y.J")}); answer.Body.String() != "other:Bearer e.y.J" {
		t.Errorf("a JWT is answered %d: %s", answer.Code, answer.Body)
	}
	missing := a.do(request{path: "/secure"})
	expectProblem(t, missing, http.StatusUnauthorized, "key_missing", "")
	if !strings.Contains(missing.Body.String(), "the header api-key, the header X-API-Key, the query parameter api-key or Authorization: Bearer") {
		t.Errorf("where a key belongs is not said: %s", missing.Body)
	}
}

func TestGuardedAnswersArePrivate(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	key, _ := a.issueKey()
	answer := a.guarded(key)
	if got := answer.Header().Get("Cache-Control"); got != "private" {
		t.Errorf("Cache-Control is %q", got)
	}
	if got := strings.Join(answer.Header().Values("Vary"), ", "); got != "api-key, X-API-Key, Authorization" {
		t.Errorf("Vary is %q", got)
	}
	a.engine.GET("/public", a.auth.Guard(), func(c *gin.Context) { c.Header("Cache-Control", "public") })
	answer = a.do(request{path: "/public", header: header("api-key", key)})
	if got := answer.Header().Get("Cache-Control"); got != "public" {
		t.Errorf("the handler cannot override Cache-Control: %q", got)
	}
}

// Two guards in one chain need the key once and count once; another Auth's
// guard is not satisfied by this one's key.
func TestGuardsInOneChain(t *testing.T) {
	t.Parallel()
	a, other := newApp(t), newApp(t)
	key, _ := a.issueKey()
	group := a.engine.Group("/group", a.auth.Guard())
	group.GET("/twice", a.auth.Guard(), showKey)
	group.GET("/other", other.auth.Guard(), showKey)
	if code := a.do(request{path: "/group/twice", header: header("api-key", key)}).Code; code != http.StatusOK {
		t.Errorf("two guards answer %d", code)
	}
	expectProblem(t, a.do(request{path: "/group/other", header: header("api-key", key)}), http.StatusUnauthorized, "key_missing", "")
	a.waitForTotal(2)
}

func TestUsageIsCountedExactly(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	key, _ := a.issueKey()
	const goroutines, each = 20, 25
	var group sync.WaitGroup
	for range goroutines {
		group.Go(func() {
			for range each {
				a.guarded(key)
				a.guarded("nonsense")
			}
		})
	}
	group.Wait()
	a.waitForTotal(goroutines * each)
	if got := a.rows("/auth/logs")[0]["latest_query_date"]; got != "2030-05-06T06:08:09.123Z" {
		t.Errorf("latest_query_date is %v", got)
	}
}

func TestKeySourcesAreConfigurable(t *testing.T) {
	t.Parallel()
	a := newApp(t, func(c *ginauth.Config) {
		c.KeyPrefix = "acme1"
		c.KeySources = []ginauth.KeySource{{In: ginauth.InHeader, Name: "X-Key"}}
	})
	key, _ := a.issueKey()
	if !strings.HasPrefix(key, "acme1_") {
		t.Errorf("the key begins %q", key[:8])
	}
	if code := a.do(request{path: "/secure", header: header("x-key", key)}).Code; code != http.StatusOK {
		t.Errorf("the configured header is answered %d", code)
	}
	answer := a.do(request{path: "/secure?api-key=" + key, header: header("Authorization", "Bearer "+key, "api-key", key)})
	expectProblem(t, answer, http.StatusUnauthorized, "key_missing", "")
	if got := answer.Header().Get("WWW-Authenticate"); got != `ApiKey realm="api", in="header", name="X-Key"` {
		t.Errorf("the challenge is %s", got)
	}
}

// Keys of a former prefix stay valid, on the same database, at the guard and at the
// calls; keys of an unknown prefix do not, and new keys have the present one.
func TestRetiredKeyPrefixes(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "test.db")
	before := newNode(t, path, func(c *ginauth.Config) { c.KeyPrefix = "old" })
	former, id := before.issueKey()
	after := newNode(t, path, func(c *ginauth.Config) { c.KeyPrefix, c.RetiredKeyPrefixes = "newer", []string{"older", "old"} })
	present, _ := after.issueKey()
	if !strings.HasPrefix(present, "newer_") {
		t.Errorf("a new key begins %q", present[:8])
	}
	for _, key := range []string{former, present} {
		if answer := after.do(request{path: "/secure", header: header("Authorization", "Bearer "+key)}); answer.Code != http.StatusOK {
			t.Errorf("a key that begins %q is answered %d: %s", key[:5], answer.Code, answer.Body)
		}
		if answer := after.guarded(key); answer.Code != http.StatusOK {
			t.Errorf("a key that begins %q is answered %d: %s", key[:5], answer.Code, answer.Body)
		}
	}
	expectProblem(t, after.guarded(security.NewKey("old")), http.StatusUnauthorized, "key_invalid", "")
	if answer := after.call("/auth/revoke", `{"api_key":"`+former+`"}`); answer.Code != http.StatusOK || !strings.Contains(answer.Body.String(), id) {
		t.Errorf("revoking a former key is answered %d: %s", answer.Code, answer.Body)
	}
	without := newNode(t, path, func(c *ginauth.Config) { c.KeyPrefix = "newer" })
	expectProblem(t, without.guarded(former), http.StatusUnauthorized, "key_invalid", "")
}

func TestRefusalsInTheApplicationsWords(t *testing.T) {
	t.Parallel()
	a := newApp(t, func(c *ginauth.Config) {
		c.Respond = func(c *gin.Context, p ginauth.Problem) { c.String(p.Status, "no: %s", p.Code) }
	})
	for answer, want := range map[*httptest.ResponseRecorder]string{
		a.guarded("nonsense"):                  "no: key_invalid",
		a.do(request{path: "/auth/logs"}):      "no: secret_missing",
		a.call("/auth/revoke", `{"id":"abc"}`): "no: fields_invalid",
	} {
		if answer.Body.String() != want || answer.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("the answer is %d %q, want %q", answer.Code, answer.Body, want)
		}
	}
}
