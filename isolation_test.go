package ginauth_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/ginauth/ginauth"
)

// Each call on each thing that is not the user's: nothing is told and nothing
// changes.
func TestObjectsOfOtherUsers(t *testing.T) {
	t.Parallel()
	a := newAccounts(t)
	user, eve := a.register("ada"), a.register("eve")
	service, serviceID := a.issueKey()
	gone := a.register("bob")
	a.call("/auth/delete", `{"id":"`+gone.keyID+`"}`)
	refs := []string{
		`"id":"` + user.keyID + `"`, `"api_key":"` + user.key + `"`, `"id":"` + serviceID + `"`, `"api_key":"` + service + `"`,
		`"id":"` + gone.keyID + `"`, `"api_key":"` + gone.key + `"`, `"id":"01a20af5-0000-7000-8000-000000000000"`,
	}
	for _, ref := range refs {
		expectProblem(t, a.with(eve.key, "/account/revoke", `{`+ref+`}`), 404, "key_not_found", "")
	}
	for _, ref := range refs {
		expectProblem(t, a.as("eve", password, "/account/renew", `{`+ref+`,"never_expires":true}`), 404, "key_not_found", "")
	}
	a.guarded(user.key)
	eventually(t, "use shows", func() bool { return a.counted("?username=ada") > 0 })
	for _, path := range []string{"/account/logs", "/account/usage"} {
		expectProblem(t, a.with(eve.key, path+"?username=ada", ""), 422, "fields_invalid", "username")
		expectProblem(t, a.with(eve.key, path+"?email=ada@example.com", ""), 422, "fields_invalid", "email")
		for _, query := range []string{"", "?id=" + user.keyID, "?id=" + serviceID} {
			if body := a.with(eve.key, path+query, "").Body.String(); strings.Contains(body, `"ada"`) || strings.Contains(body, user.id) || strings.Contains(body, user.keyID) || strings.Contains(body, serviceID) {
				t.Errorf("%s shows %s", path+query, body)
			}
		}
	}
	for _, key := range []string{user.key, service} {
		if answer := a.guarded(key); answer.Code != 200 {
			t.Errorf("a foreign key is answered %d", answer.Code)
		}
	}
	for _, path := range []string{"/auth/users", "/auth/users/export?id=" + eve.id, "/auth/logs"} {
		expectProblem(t, a.with(eve.key, path, ""), 401, "secret_missing", "")
	}
	expectProblem(t, a.as("eve", password, "/account/email", `{"email":"ADA@example.com"}`), 409, "email_taken", "email")
}

// changes are the routes below /account that change something.
func (a *app) changes() (paths []string) {
	for _, route := range a.engine.Routes() {
		if route.Method == http.MethodPost && strings.HasPrefix(route.Path, "/account/") && !strings.Contains(route.Handler, "/methods.") {
			paths = append(paths, route.Path)
		}
	}
	if len(paths) != 10 {
		a.t.Errorf("the routes are %v", paths)
	}
	return paths
}

// No change can be made by a page of another site, nor by a form.
func TestNoChangeAcrossOrigins(t *testing.T) {
	t.Parallel()
	a, _ := newMailing(t)
	user := a.register("ada")
	for _, path := range a.changes() {
		for status, h := range map[int]http.Header{
			http.StatusForbidden:            header("Sec-Fetch-Site", "cross-site", "Content-Type", "application/json"),
			http.StatusUnsupportedMediaType: header("Sec-Fetch-Site", "same-origin", "Content-Type", "text/plain"),
		} {
			r := request{method: http.MethodPost, path: path, body: `{}`, header: h}
			r.header.Set("Authorization", basic("ada", password))
			expectProblem(t, a.do(r), status, map[int]string{http.StatusForbidden: "cross_origin", http.StatusUnsupportedMediaType: "content_type_unsupported"}[status], "")
		}
	}
	if answer := a.guarded(user.key); answer.Code != http.StatusOK {
		t.Errorf("the key is answered %d", answer.Code)
	}
}

// An international domain is the one that browsers write in ASCII.
func TestInternationalOrigin(t *testing.T) {
	t.Parallel()
	a := newAccounts(t, func(c *ginauth.Config) { c.PublicURL = "https://BÜCHER.example:443/shop" })
	user := a.register("ada")
	for origin, status := range map[string]int{"https://xn--bcher-kva.example": 200, "https://xn--bcher-kvb.example": 403} {
		h := header("Origin", origin, "Content-Type", "application/json", "api-key", user.key)
		answer := a.do(request{method: http.MethodPost, path: "/account/revoke", body: `{"id":"` + user.keyID + `"}`, header: h})
		if answer.Code != status {
			t.Errorf("%s is answered %d: %s", origin, answer.Code, answer.Body)
		}
		a.call("/auth/renew", `{"id":"`+user.keyID+`","reactivate":true}`)
	}
}

// Browsers send what they know along with the pages of others.
func TestCrossOrigin(t *testing.T) {
	t.Parallel()
	a := newAccounts(t, func(c *ginauth.Config) { c.PublicURL = "https://app.example.org" })
	user := a.register("ada")
	body := `{"id":"` + user.keyID + `"}`
	for name, c := range map[string]struct {
		header http.Header
		status int
	}{
		"a page of another site":        {header("Sec-Fetch-Site", "cross-site", "Origin", "https://evil.example"), 403},
		"an older browser":              {header("Origin", "https://evil.example"), 403},
		"a page of a neighbour":         {header("Sec-Fetch-Site", "same-site"), 403},
		"a page without an origin":      {header("Sec-Fetch-Site", "cross-site", "Origin", "null"), 403},
		"the same origin":               {header("Sec-Fetch-Site", "same-origin"), 200},
		"the public origin":             {header("Origin", "https://app.example.org"), 200},
		"its default port":              {header("Origin", "https://app.example.org:443"), 200},
		"other letters":                 {header("Origin", "HTTPS://App.Example.ORG"), 200},
		"another port":                  {header("Origin", "https://app.example.org:8443"), 403},
		"another scheme":                {header("Origin", "http://app.example.org"), 403},
		"the host with a port":          {header("Origin", "http://example.com:80"), 200},
		"no browser":                    {header(), 200},
		"a form":                        {header("Content-Type", "text/plain"), 415},
		"a form that says nothing":      {header("Content-Type", ""), 415},
		"a form of an urlencoded thing": {header("Content-Type", "application/x-www-form-urlencoded"), 415},
	} {
		t.Run(name, func(t *testing.T) {
			c.header.Set("api-key", user.key)
			if c.header["Content-Type"] == nil {
				c.header.Set("Content-Type", "application/json")
			}
			if answer := a.do(request{method: http.MethodPost, path: "/account/revoke", body: body, header: c.header}); answer.Code != c.status {
				t.Errorf("it is answered %d: %s", answer.Code, answer.Body)
			}
			a.call("/auth/renew", `{"id":"`+user.keyID+`","reactivate":true}`)
		})
	}
}
