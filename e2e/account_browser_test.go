package e2e

import (
	"fmt"
	"html"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// adasPassword is that of the body that the docs page proposes.
const adasPassword = "Analytical-1_Engine"

// again makes a call once more, whose former answer is still shown.
func (b *browser) again(method, path, status string) string {
	b.t.Helper()
	b.click("Clear", call(method, path)+button("Clear"))
	return b.execute(method, path, status)
}

// executeForKey makes a call that issues a key, and returns it.
func (b *browser) executeForKey(path string) string {
	b.t.Helper()
	b.tryOut("POST", path)
	text := b.execute("POST", path, "201")
	key := regexp.MustCompile(`ga_[0-9A-Za-z]{49}`).FindString(text)
	if key == "" {
		b.t.Fatalf("the page shows no key: %s", text)
	}
	return key
}

// A user whom the administrator has made logs in on the page and issues a
// second key; both are good until the user is disabled.
func TestAccountOnDocsPage(t *testing.T) {
	p := startExample(t, "GINAUTH_SECRET="+secret)
	b := openBrowser(t)
	b.openDocs(p, "")
	b.authorize("AdminSecret", secret)
	first := b.executeForKey("/auth/new")
	b.authorize("Account", "ada", adasPassword)
	second := b.executeForKey("/account/new")
	b.photograph("account-second-key")
	b.tryOut("GET", "/secure")
	expect := func(key string, call func(method, path, status string) string, status, want string) {
		t.Helper()
		b.authorize("ApiKeyHeader", key)
		if text := call("GET", "/secure", status); !strings.Contains(text, want) {
			t.Errorf("/secure answers %s", text)
		}
		b.logout("ApiKeyHeader")
	}
	expect(first, b.execute, "200", "hello, ada")
	expect(second, b.again, "200", "hello, ada")
	b.tryOut("POST", "/auth/users/disable")
	if text := b.execute("POST", "/auth/users/disable", "200"); !strings.Contains(text, `"is_disabled": true`) {
		t.Errorf("disabling answers %s", text)
	}
	b.photograph("account-disabled")
	expect(first, b.again, "401", "user_disabled")
	expect(second, b.again, "401", "user_disabled")
	b.expectOnly("127.0.0.1:" + p.port)
}

// attack is a page at another address of this machine that sends its visitor's
// browser to a path with a body, as a form may.
func attack(t *testing.T, address, target string) string {
	t.Helper()
	listener, err := net.Listen("tcp", address+":0")
	if err != nil {
		t.Fatal(err)
	}
	site := &httptest.Server{Listener: listener, Config: &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = fmt.Fprintf(w, `<title>another site</title><a href="%[1]s">read</a><form method="post" enctype="text/plain" action="%[1]s/new"><input name='{"name":"stolen", "never_expires":true, "a' value='b"}'><button>Win</button></form>`, html.EscapeString(target))
	})}}
	site.Start()
	t.Cleanup(site.Close)
	return site.URL
}

// expectForgeryRefused presses the button of another site's page.
func (b *browser) expectForgeryRefused(site string) {
	b.t.Helper()
	run(b, "open "+site, chromedp.Navigate(site))
	b.click("Win", button("Win"))
	b.see("the refusal", `//pre[contains(., "cross_origin")]`)
}

// Another site's page cannot have a browser issue a key, neither one that has
// no password nor one that remembers it and sends it along; whether that page is
// on the same host or not.
func TestForgeryAcrossSites(t *testing.T) {
	p := startExample(t, "GINAUTH_SECRET="+secret)
	expectStatus(t, p.admin(secret, "new", `{"username":"ada","email":"ada@example.com","password":"`+adasPassword+`"}`), http.StatusCreated)
	sites := []string{attack(t, "127.0.0.1", p.url("/account")), attack(t, "127.0.0.2", p.url("/account"))}
	b := openBrowser(t)
	for _, site := range sites {
		b.expectForgeryRefused(site)
	}
	run(b, "log in", chromedp.Navigate(strings.Replace(p.url("/account"), "http://", "http://ada:"+adasPassword+"@", 1)))
	b.see("the account", `//pre[contains(., "ada@example.com")]`)
	for _, site := range sites {
		run(b, "open "+site, chromedp.Navigate(site))
		b.click("read", `//a`)
		b.see("the account, for which the browser sends the password", `//pre[contains(., "ada@example.com")]`)
		b.expectForgeryRefused(site)
	}
	b.photograph("forgery-refused")
	if rows := p.rows("username=ada"); len(rows) != 1 {
		t.Errorf("the user has the keys %+v", rows)
	}
}
