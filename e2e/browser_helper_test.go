package e2e

import (
	"context"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// browserPatience bounds everything that a test does in its browser.
const browserPatience = 2 * time.Minute

// reportViolations makes the page say on its console what its policy forbade.
const reportViolations = `addEventListener("securitypolicyviolation",
	e => console.error("policy violated: " + e.violatedDirective + " " + e.blockedURI))`

// browser is a tab of a headless Chromium.
type browser struct {
	t      *testing.T
	ctx    context.Context
	mu     sync.Mutex
	errors []string // what the console and the browser complained about
	urls   []string // what was asked for over the network
}

// openBrowser starts a Chromium with a new profile, which can reach nothing but
// this machine.
func openBrowser(t *testing.T) *browser {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), browserPatience)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewExecAllocator(ctx,
		chromedp.ExecPath(need(t, "chromium", "chromium-browser", "google-chrome")),
		chromedp.WSURLReadTimeout(time.Minute),
		chromedp.WindowSize(1280, 1543),
		chromedp.NoSandbox, chromedp.DisableGPU, chromedp.NoFirstRun, chromedp.NoDefaultBrowserCheck,
		chromedp.Flag("headless", "new"),
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-dev-shm-usage", true),
		chromedp.Flag("disable-sync", true),
		chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND, EXCLUDE 127.0.0.*"),
	)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	b := &browser{t: t, ctx: ctx}
	b.must("open the browser", chromedp.Do(ctx))
	b.must("listen", chromedp.Listen(ctx, b.listen))
	_, err := chromedp.Call(ctx, network.Enable, network.EnableParams{})
	b.must("watch the network", err)
	_, err = chromedp.Call(ctx, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: reportViolations})
	b.must("watch the policy", err)
	return b
}

// listen notes what the page asks for and complains about.
func (b *browser) listen(event any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch event := event.(type) {
	case *network.EventRequestWillBeSent:
		b.urls = append(b.urls, event.Request.URL)
	case *runtime.EventExceptionThrown:
		b.errors = append(b.errors, (&chromedp.ExceptionError{ExceptionDetails: event.ExceptionDetails}).Error())
	case *runtime.EventConsoleAPICalled:
		if event.Type == runtime.ConsoleAPICalledTypeError || event.Type == runtime.ConsoleAPICalledTypeWarning {
			b.errors = append(b.errors, "console: "+argumentsFrom(event))
		}
	case *log.EventEntryAdded:
		if event.Entry.Level == log.EntryLevelError || event.Entry.Level == log.EntryLevelWarning {
			b.errors = append(b.errors, event.Entry.Text+" "+event.Entry.URL)
		}
	}
}

func argumentsFrom(event *runtime.EventConsoleAPICalled) string {
	var words []string
	for _, argument := range event.Args {
		words = append(words, string(argument.Value)+argument.Description)
	}
	return strings.Join(words, " ")
}

// must ends the test if something could not be done, with a photograph.
func (b *browser) must(do string, err error) {
	b.t.Helper()
	if err != nil {
		b.photograph("failed")
		b.t.Fatalf("cannot %s: %v\nthe browser complained: %v", do, err, b.complaints())
	}
}

// run does something on the page and returns what comes of it.
func run[T any](b *browser, do string, action chromedp.Action[T]) T {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	value, err := chromedp.Run(ctx, action)
	b.must(do, err)
	return value
}

func (b *browser) click(what, xpath string) {
	b.t.Helper()
	run(b, "click "+what, chromedp.Click(xpath, chromedp.NodeVisible, chromedp.NodeEnabled))
}

// fill types a text into a field in place of what is there.
func (b *browser) fill(what, xpath, text string) {
	b.t.Helper()
	b.click(what, xpath)
	evaluate[any](b, `document.activeElement.select()`)
	_, err := chromedp.Call(b.ctx, input.InsertText, input.InsertTextParams{Text: text})
	b.must("type "+what, err)
	if value := run(b, "read "+what, chromedp.Value(xpath)); value != text {
		b.t.Fatalf("%s is %q after %q was typed", what, value, text)
	}
}

// see waits until something is visible.
func (b *browser) see(what, xpath string) {
	b.t.Helper()
	run(b, "see "+what, chromedp.WaitVisible(xpath))
}

// read returns the text of something that is visible.
func (b *browser) read(what, xpath string) string {
	b.t.Helper()
	return strings.TrimSpace(run(b, "read "+what, chromedp.Text(xpath, chromedp.NodeVisible)))
}

// evaluate returns what a script says about the page.
func evaluate[T any](b *browser, script string) T {
	b.t.Helper()
	return run(b, "evaluate "+script, chromedp.Evaluate[T](script))
}

// photograph keeps what the page looks like, for people to look at.
func (b *browser) photograph(name string) {
	b.t.Helper()
	picture, err := chromedp.Run(b.ctx, chromedp.CaptureScreenshot())
	if err != nil {
		b.t.Logf("no screenshot of %s: %v", name, err)
		return
	}
	if err := os.MkdirAll("screenshots", 0o750); err != nil {
		b.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join("screenshots", name+".png"), picture, 0o600); err != nil {
		b.t.Fatal(err)
	}
}

func (b *browser) complaints() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]string(nil), b.errors...)
}

// expectOnly checks that nothing was asked for but from one host, and that
// something was.
func (b *browser) expectOnly(host string) {
	b.t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.urls) == 0 {
		b.t.Error("no request was seen")
	}
	for _, text := range b.urls {
		if u, err := url.Parse(text); err != nil || (u.Scheme != "data" && (u.Scheme != "http" || u.Host != host)) {
			b.t.Errorf("the page asks for %s", text)
		}
	}
}
