package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// The parts of the page, as XPath. A call is named by its method and path.
const dialog = `//div[contains(@class, "modal-ux")]`

func scheme(name string) string {
	return dialog + `//div[@class="auth-container"][.//code[text()="` + name + `"]]`
}

func call(method, path string) string {
	return `//div[contains(@class, "opblock-` + strings.ToLower(method) + `")][.//*[@data-path="` + path + `"]]`
}

func button(text string) string { return `//button[normalize-space()="` + text + `"]` }

// openDocs shows the page of an example and waits until the spec is drawn.
func (b *browser) openDocs(p *process, query string) {
	b.t.Helper()
	run(b, "open the docs", chromedp.Navigate(p.url("/docs"+query)))
	b.see("GET /secure", call("GET", "/secure"))
}

// authorize gives a credential to the page, or username and password.
func (b *browser) authorize(name string, credentials ...string) {
	b.t.Helper()
	b.click("Authorize", `//div[contains(@class, "auth-wrapper")]`+button("Authorize"))
	for i, credential := range credentials {
		b.fill(name, fmt.Sprintf("(%s//input)[%d]", scheme(name), i+1), credential)
	}
	b.photograph("authorize-" + name)
	b.click("Authorize for "+name, scheme(name)+button("Authorize"))
	b.see("Logout for "+name, scheme(name)+button("Logout"))
	b.click("Close", dialog+button("Close"))
}

func (b *browser) logout(name string) {
	b.t.Helper()
	b.click("Authorize", `//div[contains(@class, "auth-wrapper")]`+button("Authorize"))
	b.click("Logout of "+name, scheme(name)+button("Logout"))
	b.see("Authorize for "+name, scheme(name)+button("Authorize"))
	b.photograph("logged-out-" + name)
	b.click("Close", dialog+button("Close"))
}

// tryOut unfolds a call and makes its fields ready.
func (b *browser) tryOut(method, path string) {
	b.t.Helper()
	b.click(path, call(method, path)+`//button[contains(@class, "opblock-summary-control")]`)
	b.click("Try it out", call(method, path)+button("Try it out"))
}

// execute makes a call and returns the answer that the page shows, once it has
// the status that is expected.
func (b *browser) execute(method, path, status string) string {
	b.t.Helper()
	live := call(method, path) + `//table[contains(@class, "live-responses-table")]//tr[@class="response"]`
	b.click("Execute", call(method, path)+button("Execute"))
	b.see(status+" of "+path, live+`//td[contains(@class, "response-col_status")][starts-with(normalize-space(), "`+status+`")]`)
	return b.read("the answer of "+path, live+`//td[contains(@class, "response-col_description")]`)
}

// The README's steps can be done with the mouse alone: issue a key with
// the secret, in the body that the page proposes, call with the key, and be
// refused without it.
func TestDocsInBrowser(t *testing.T) {
	p := startExample(t, "GINAUTH_SECRET="+secret)
	b := openBrowser(t)
	b.openDocs(p, "")
	b.photograph("1-docs")
	b.expectWholePage()

	b.authorize("AdminSecret", secret)
	b.tryOut("POST", "/auth/new")
	b.photograph("2-try-it-out")
	text := b.execute("POST", "/auth/new", "201")
	b.photograph("3-issued")
	key := regexp.MustCompile(`ga_[0-9A-Za-z]{49}`).FindString(text)
	if key == "" {
		t.Fatalf("the page shows no key: %s", text)
	}

	b.authorize("ApiKeyHeader", key)
	b.tryOut("GET", "/secure")
	if text := b.execute("GET", "/secure", "200"); !strings.Contains(text, "hello, ada") {
		t.Errorf("/secure answers %s", text)
	}
	b.photograph("4-secure")
	b.tryOut("GET", "/account")
	if text := b.execute("GET", "/account", "200"); !strings.Contains(text, "ada@example.com") {
		t.Errorf("by key, /account answers %s", text)
	}

	b.logout("ApiKeyHeader")
	if text := b.execute("GET", "/secure", "401"); !strings.Contains(text, "key_missing") {
		t.Errorf("without a key, /secure answers %s", text)
	}
	b.photograph("5-refused")
	b.expectNothingKept()
	b.expectOnly("127.0.0.1:" + p.port)
	b.expectOneComplaint(p.url("/secure"))
}

// expectWholePage checks what the page consists of.
func (b *browser) expectWholePage() {
	b.t.Helper()
	if title := b.read("the title", `//*[contains(@class, "info")]/hgroup/*[contains(@class, "title")]`); !strings.Contains(title, "ginauth example") {
		b.t.Errorf("the title is %q", title)
	}
	for what, want := range map[string]int{
		`[...document.querySelectorAll(".opblock-tag")].filter(e => ["example", "keys", "users", "account"].includes(e.dataset.tag)).length`: 4,
		`document.querySelectorAll(".opblock-tag").length`:                                 4,
		`document.querySelectorAll(".opblock").length`:                                     35,
		`document.querySelectorAll(".opblock .authorization__btn").length`:                 29,
		`[...document.querySelectorAll(".topbar")].filter(e => e.offsetHeight > 0).length`: 0,
		`document.querySelectorAll("img[src^=http], .errors-wrapper").length`:              0,
	} {
		if got := evaluate[int](b, what); got != want {
			b.t.Errorf("%s is %d, not %d", what, got, want)
		}
	}
	b.click("Authorize", `//div[contains(@class, "auth-wrapper")]`+button("Authorize"))
	for _, name := range []string{"AdminSecret", "ApiKeyHeader", "ApiKeyBearer", "ApiKeyQuery", "Account"} {
		b.see(name, scheme(name)+"//input")
	}
	const focused = `document.activeElement.closest(".auth-container").textContent.includes("AdminSecret")`
	if !evaluate[bool](b, focused) {
		b.t.Error("the focus is not where the admin secret belongs")
	}
	if top := evaluate[float64](b, `document.querySelector(".modal-ux-content").scrollTop`); top != 0 {
		b.t.Errorf("the dialog opens %v pixels below its top", top)
	}
	const hidden = `(e => e.scrollHeight - e.clientHeight)(document.querySelector(".modal-ux-content"))`
	if n := evaluate[int](b, hidden); n > 0 {
		b.t.Errorf("%d pixels of the dialog must be scrolled to", n)
	}
	b.photograph("1-schemes")
	b.click("Close", dialog+button("Close"))
}

// expectNothingKept checks that the page leaves no credential in the browser,
// not even until it is loaded again.
func (b *browser) expectNothingKept() {
	b.t.Helper()
	const kept = `JSON.stringify([Object.entries(localStorage), Object.entries(sessionStorage), document.cookie])`
	if text := evaluate[string](b, kept); text != `[[],[],""]` {
		b.t.Errorf("the browser keeps %s", text)
	}
	run(b, "load the page again", chromedp.Reload())
	b.see("GET /secure", call("GET", "/secure"))
	if n := evaluate[int](b, `document.querySelectorAll(".authorization__btn.locked, .authorization__btn .locked").length`); n != 0 {
		b.t.Errorf("loaded again, %d calls still have a credential", n)
	}
}

// expectOneComplaint checks that the browser had nothing to say but that one
// call was refused, as it should be.
func (b *browser) expectOneComplaint(url string) {
	b.t.Helper()
	complaints := slices.DeleteFunc(b.complaints(), func(text string) bool {
		// Swagger UI warns itself of how it wrote a link to a call.
		return strings.Contains(text, "escaping deep link whitespace")
	})
	if len(complaints) != 1 || !strings.Contains(complaints[0], "status of 401") || !strings.HasSuffix(complaints[0], " "+url) {
		b.t.Errorf("the browser does not complain of one refused call alone: %q", complaints)
	}
}

// The page is dark where the system is, and lies at other addresses, too.
func TestDocsInTheDark(t *testing.T) {
	p := startExample(t, "GINAUTH_SECRET="+secret)
	b := openBrowser(t)
	_, err := chromedp.Call(b.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: "dark"}},
	})
	b.must("turn the lights off", err)
	for _, path := range []string{"/docs/", "/docs/index.html"} {
		run(b, "open "+path, chromedp.Navigate(p.url(path)))
		b.see("GET /secure", call("GET", "/secure"))
	}
	b.photograph("dark-docs")
	if filter := evaluate[string](b, `getComputedStyle(document.documentElement).filter`); !strings.HasPrefix(filter, "invert(0.89)") {
		t.Errorf("the page has the filter %s", filter)
	}
	b.click("POST /auth/new", call("POST", "/auth/new")+`//button[contains(@class, "opblock-summary-control")]`)
	b.see("the body", call("POST", "/auth/new")+`//div[contains(@class, "highlight-code")]`)
	b.photograph("dark-call")
	if complaints := b.complaints(); len(complaints) > 0 {
		t.Errorf("the browser complains: %s", strings.Join(complaints, "\n"))
	}
}

// A link cannot make the page show, or send credentials to, someone else's
// spec.
func TestDocsIgnoreLinks(t *testing.T) {
	p := startExample(t, "GINAUTH_SECRET="+secret)
	b := openBrowser(t)
	for name, query := range map[string]string{
		"url":       "?url=https://evil.example/x.json",
		"configUrl": "?configUrl=https://evil.example/x.json",
		"urls":      "?urls.primaryName=evil&validatorUrl=https://evil.example/&persistAuthorization=true",
		"path":      "?url=/docs/../unsecure",
	} {
		b.openDocs(p, query)
		b.photograph("link-" + name)
		if title := b.read("the title", `//*[contains(@class, "info")]/hgroup/*[contains(@class, "title")]`); !strings.Contains(title, "ginauth example") {
			t.Errorf("after %s the title is %q", query, title)
		}
	}
	b.expectOnly("127.0.0.1:" + p.port)
	if complaints := b.complaints(); len(complaints) > 0 {
		t.Errorf("the browser complains: %s", strings.Join(complaints, "\n"))
	}
}

// No other site may show the page in a frame and catch clicks on it.
func TestDocsCannotBeFramed(t *testing.T) {
	p := startExample(t, "GINAUTH_SECRET="+secret)
	if policy := p.get("/docs").header.Get("Content-Security-Policy"); !strings.Contains(policy, "frame-ancestors 'none'") {
		t.Errorf("the policy is %q", policy)
	}
	b := openBrowser(t)
	if !b.canFrame(p.url("/unsecure")) {
		t.Error("what may be framed is not: the test proves nothing")
	}
	if b.canFrame(p.url("/docs")) {
		t.Error("the page is framed")
	}
	b.photograph("framed")
}

// canFrame shows a page of another site with a frame, and tells whether the
// browser loads what is to be in it.
func (b *browser) canFrame(url string) (framed bool) {
	b.t.Helper()
	address, _ := json.Marshal(url)
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = w.Write([]byte(`<title>another site</title><iframe width="900" height="900" src=` + string(address) + `></iframe>`))
	}))
	defer site.Close()
	run(b, "open another site", chromedp.Navigate(site.URL))
	waitUntil(b.t, "the frame has its content or an error", func() bool {
		frame := b.frame()
		framed = frame.URL == url && frame.UnreachableURL == ""
		return framed || frame.UnreachableURL == url
	})
	return framed
}

// frame returns the only frame of the page.
func (b *browser) frame() *cdp.Frame {
	b.t.Helper()
	result, err := chromedp.Call(b.ctx, page.GetFrameTree, cdp.Empty{})
	b.must("list the frames", err)
	if n := len(result.FrameTree.ChildFrames); n != 1 {
		b.t.Fatalf("the page has %d frames", n)
	}
	return result.FrameTree.ChildFrames[0].Frame
}
