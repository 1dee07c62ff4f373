package ginauth_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"

	"github.com/ginauth/ginauth"
)

// spellingsOfSecretKey are what clients write for secret-key.
var spellingsOfSecretKey = []string{
	"secret-key", "Secret-Key", "SECRET-KEY", "secret_key", "SECRET_KEY", "secretKey", "secretkey", "secret.key", "secret+key",
	"secret%2Dkey", "secret%2dkey", "%73ecret-key", "secret%252Dkey", "secret-key%", "secret-key[]", "%C5%BFecret-key",
}

// A secret in a URL is refused however its name is spelled, beside a right
// header, too.
func TestSpelledSecretsInQueries(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	for _, name := range spellingsOfSecretKey {
		for _, query := range []string{name + "=" + secret, "limit=1&" + name + "=" + secret, "limit=1;" + name + "=" + secret, name} {
			answer := a.do(request{path: "/auth/logs?" + query, header: header("secret-key", secret)})
			expectProblem(t, answer, http.StatusUnauthorized, "secret_in_query", "")
		}
	}
	for _, name := range []string{"secret", "key", "secret-keys", "my-secret-key"} {
		answer := a.do(request{path: "/auth/logs?" + name + "=x", header: header("secret-key", secret)})
		expectProblem(t, answer, http.StatusUnprocessableEntity, "fields_invalid", name)
	}
}

// No handler behind the guard sees a secret or a key whose name is misspelled,
// nor a header that repeats the URL; what is not meant stays.
func TestSpelledNamesAreRemoved(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	key, _ := a.issueKey()
	other, _ := a.issueKey()
	a.engine.GET("/dump", parseEarly, a.auth.Guard(), dump)
	queries := []string{}
	for _, name := range spellingsOfSecretKey {
		queries = append(queries, name+"="+secret)
	}
	for _, name := range []string{"API-KEY", "api_key", "apikey", "apiKey", "api%255Fkey", "Api.Key"} {
		queries = append(queries, name+"="+other, name+"=%20"+other)
	}
	for _, query := range queries {
		answer := a.do(request{path: "/dump?a=1&" + query + "&b=%20x;" + query + "&c", header: header(
			"api-key", key, "Referer", "https://x/dump?a=1&"+query, "X-Original-Uri", "/dump?"+query,
			"Secret_key", secret, "Secretkey", secret, "Api_key", other, "Apikey", other, "Accept", "text/plain",
		)})
		body := answer.Body.String()
		if answer.Code != http.StatusOK || strings.Contains(body, secret) || strings.Contains(body, other) || strings.Contains(body, key) {
			t.Errorf("%s: %d, the handler sees\n%s", query, answer.Code, body)
		}
		if !strings.Contains(body, "GET /dump?a=1&b=%20x&c HTTP") || !strings.Contains(body, "text/plain") {
			t.Errorf("%s: the rest has changed:\n%s", query, body)
		}
	}
	a.do(request{path: "/dump?API_KEY=" + other})
	body := a.do(request{path: "/dump?apikey=mine&my-api-key=" + other, header: header("api-key", key, "Apikey", "mine")}).Body.String()
	if strings.Count(body, "mine") < 2 || !strings.Contains(body, "my-api-key="+other) {
		t.Errorf("parameters of the application are gone:\n%s", body)
	}
}

// A key whose parameter or header is misspelled lets nobody in.
func TestSpelledKeysAreNoKeys(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	key, _ := a.issueKey()
	for _, r := range []request{{path: "/secure?API-KEY=" + key}, {path: "/secure?api_key=" + key}, {path: "/secure", header: header("Api_Key", key)}} {
		expectProblem(t, a.do(r), http.StatusUnauthorized, "key_missing", "")
	}
}

// The account calls remove a secret, too, and other names of it in a body are
// unknown.
func TestSpelledSecretsAtAccountCalls(t *testing.T) {
	t.Parallel()
	a := newAccounts(t)
	a.register("ada")
	var seen string
	a.engine.Use(func(c *gin.Context) { c.Next(); seen = c.Request.URL.String() + c.GetHeader("Secret_Key") })
	a.auth.RegisterAccount(a.engine.Group("/watched"))
	a.do(request{path: "/watched?SECRET_KEY=" + secret, header: header("Secret_Key", secret)})
	if seen == "" || strings.Contains(seen, secret) {
		t.Errorf("after the call, there is %s", seen)
	}
	answer := a.call("/auth/new", `{"name":"x","secret_key":"`+secret+`"}`)
	expectProblem(t, answer, http.StatusBadRequest, "body_invalid", "secret_key")
	if strings.Contains(answer.Body.String()+a.log.String(), secret) {
		t.Error("the secret is repeated")
	}
}

// No key may be where the secret is looked for.
func TestKeySourcesAreNoSpellingOfTheSecret(t *testing.T) {
	t.Parallel()
	for _, source := range []ginauth.KeySource{{In: ginauth.InQuery, Name: "Secret_Key"}, {In: ginauth.InHeader, Name: "SecretKey"}} {
		err := ginauth.Config{Secrets: []string{secret}, KeySources: []ginauth.KeySource{source}}.Validate()
		if err == nil || !strings.Contains(err.Error(), "KeySources") || !strings.Contains(err.Error(), "secret-key") {
			t.Errorf("%v: %v", source, err)
		}
	}
}

// gin's redirects repeat the query, so they are off in the example and the quick
// start: neither a missing slash nor another case shows the key again.
func TestRedirectsRepeatNoKey(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	a.engine.RedirectTrailingSlash, a.engine.RedirectFixedPath = false, false
	key, _ := a.issueKey()
	for _, path := range []string{"/secure/", "/SECURE", "//secure", "/x/../secure"} {
		answer := a.do(request{path: path + "?api-key=" + key})
		if answer.Code != http.StatusNotFound || strings.Contains(answer.Header().Get("Location")+answer.Body.String(), key) {
			t.Errorf("%s is answered %d %v", path, answer.Code, answer.Header())
		}
	}
}

// A key that a client sends with everything is gone from the request after an admin
// call, too, and so are headers that repeat it: a logger may print them.
func TestAdminCallsDropKeysAndHeadersThatRepeatThem(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	key, _ := a.issueKey()
	engine, left := gin.New(), ""
	engine.Use(func(c *gin.Context) {
		c.Next()
		left = fmt.Sprint(c.Request.Header)
	})
	a.auth.RegisterAdmin(engine.Group("/again"))
	request := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/again/logs", nil)
	for name, value := range map[string]string{"secret-key": secret, "api-key": key, "X-Original-Uri": "/again/logs?api-key=" + key} {
		request.Header.Set(name, value)
	}
	answer := httptest.NewRecorder()
	engine.ServeHTTP(answer, request)
	if answer.Code != http.StatusOK || strings.Contains(left, key) {
		t.Errorf("it is answered %d, and left is %s", answer.Code, left)
	}
}
