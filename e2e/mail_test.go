package e2e

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"mime/quotedprintable"
	"net"
	"net/http"
	"net/mail"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// mailServer is a process that takes mails. It can be killed and started again at
// its port.
type mailServer struct {
	t    *testing.T
	port string
	*process
	taken int // how many of its mails were looked at
}

func newMailServer(t *testing.T) *mailServer { return &mailServer{t: t, port: freePort(t)} }

func (s *mailServer) start() {
	s.t.Helper()
	s.process, s.taken = launch(s.t, mailServerPath, s.t.TempDir(), "PORT="+s.port, "LOGIN=ada:hunter2"), 0
	waitUntil(s.t, "the mail server listens", func() bool {
		conn, err := net.Dial("tcp", "127.0.0.1:"+s.port)
		if err == nil {
			_ = conn.Close()
		}
		return err == nil
	})
}

func (s *mailServer) kill() {
	s.t.Helper()
	if err := s.command.Process.Kill(); err != nil {
		s.t.Fatal(err)
	}
	s.exitCode()
}

// mailLine is what the server prints for a mail, among what it logs of clients
// that hang up.
var mailLine = regexp.MustCompile(`(?m)^{.*}$`)

// next waits for a mail and returns it as a person reads it.
func (s *mailServer) next() (from, to, text string) {
	s.t.Helper()
	var taken struct{ From, To, Data string }
	waitUntil(s.t, "a mail comes", func() bool {
		mails := mailLine.FindAllString(s.output.String(), -1)
		if s.taken >= len(mails) {
			return false
		}
		if err := json.Unmarshal([]byte(mails[s.taken]), &taken); err != nil {
			s.t.Fatal(err)
		}
		s.taken++
		return true
	})
	message, err := mail.ReadMessage(strings.NewReader(taken.Data))
	if err != nil {
		s.t.Fatal(err)
	}
	body, err := io.ReadAll(quotedprintable.NewReader(message.Body))
	if err != nil || message.Header.Get("Content-Transfer-Encoding") != "quoted-printable" {
		s.t.Fatalf("the mail is %v, %v", message.Header, err)
	}
	return taken.From, taken.To, string(body)
}

// startWithMail runs the example with a mail server, on the port to which its
// links lead.
func startWithMail(t *testing.T, server *mailServer, environment ...string) *process {
	t.Helper()
	port := freePort(t)
	p := launch(t, examplePath, t.TempDir(), append(environment, "PORT="+port, "GINAUTH_SECRET="+secret,
		"GINAUTH_MAILER=smtp://ada:hunter2@127.0.0.1:"+server.port, "GINAUTH_MAIL_FROM=Example <noreply@example.org>",
		"GINAUTH_PUBLIC_URL=http://127.0.0.1:"+port)...)
	p.port = port
	p.waitUntilServing()
	return p
}

// link waits for a mail to ada and returns the link in it, which leads to a page.
func (p *process) link(server *mailServer, page string) string {
	p.t.Helper()
	return p.linkTo(server, "ada@example.com", page)
}

// linkTo waits for a mail with a link; those that tell of something have none.
func (p *process) linkTo(server *mailServer, address, page string) string {
	p.t.Helper()
	from, to, text := server.next()
	if !strings.Contains(text, "#") {
		return p.linkTo(server, address, page)
	}
	link := regexp.MustCompile(regexp.QuoteMeta(p.url(page)) + `#\S+`).FindString(text)
	if link == "" || to != address || from != "noreply@example.org" {
		p.t.Fatalf("the mail from %s to %s is %s", from, to, text)
	}
	return link
}

// account asks who a user with a password is.
func (p *process) account(password string) answer {
	p.t.Helper()
	return p.get("/account", "Authorization: Basic "+base64.StdEncoding.EncodeToString([]byte("ada@example.com:"+password)))
}

// status waits for what the page of a link says in the end.
func (b *browser) status(text string) {
	b.t.Helper()
	b.see(text, `//output[contains(., "`+text+`")]`)
}

// A new user confirms the address by the mail that comes, and gets a key
// then, and over a forgotten password by another; each link works once.
func TestMailedLinks(t *testing.T) {
	server := newMailServer(t)
	server.start()
	p := startWithMail(t, server, "GINAUTH_REQUIRE_CONFIRMED_EMAIL=true")
	b := openBrowser(t)
	const ada = `{"username":"ada","email":"ada@example.com","password":"` + adasPassword + `"}`
	expectCode(t, p.admin(secret, "new", ada), http.StatusForbidden, "email_unconfirmed")
	b.confirms(p, p.link(server, "/account/confirm"))
	expectStatus(t, p.admin(secret, "new", ada), http.StatusCreated)

	expectStatus(t, p.send(http.MethodPost, "/account/forgot", `{"email":"ada@example.com"}`), http.StatusAccepted)
	link := p.link(server, "/account/reset")
	b.setsPassword(link, "Difference-2_Engine")
	expectStatus(t, p.account("Difference-2_Engine"), http.StatusOK)
	expectCode(t, p.account(adasPassword), http.StatusUnauthorized, "credentials_wrong")
	b.findsLinkUsedUp(link)
	b.expectOnly("127.0.0.1:" + p.port)
	for name, token := range map[string]string{"token": link[strings.Index(link, "#")+1:], "password of the mail server": "hunter2"} {
		if strings.Contains(p.output.String(), token) {
			t.Errorf("the log holds the %s:\n%s", name, p.output)
		}
	}
}

// A new address is confirmed on the page of its link by who logs in there, with
// letters beyond ASCII in the password; nobody else can.
func TestMailedChangeOfAddress(t *testing.T) {
	server := newMailServer(t)
	server.start()
	p := startWithMail(t, server)
	b := openBrowser(t)
	const other = "Ünïcode-7_Engine"
	expectStatus(t, p.admin(secret, "new", `{"username":"ada","email":"ada@example.com","password":"`+other+`"}`), http.StatusCreated)
	login := "Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte("ada:"+other))
	expectStatus(t, p.send(http.MethodPost, "/account/email", `{"email":"new@example.org"}`, login), http.StatusOK)
	link := p.linkTo(server, "new@example.org", "/account/confirm")
	run(b, "open the link", chromedp.Navigate(link))
	b.see("the address", `//main[contains(., "new@example.org")]`)
	const field = `//form[@id="confirm"]//input[@type="%s"]`
	b.fill("the username", fmt.Sprintf(field, "text"), "ada")
	b.fill("a wrong password", fmt.Sprintf(field, "password"), "Difference-2_Engine")
	b.click("Confirm", button("Confirm the address"))
	b.status("The username or the password is wrong.")
	b.photograph("account-change")
	if a := p.account(other); a.member("pending_email") != "new@example.org" {
		t.Errorf("the account is %s", a.body)
	}
	b.fill("the password", fmt.Sprintf(field, "password"), other)
	b.click("Confirm", button("Confirm the address"))
	b.status("Your address is confirmed.")
	b.photograph("account-changed")
	expectCode(t, p.account(other), http.StatusUnauthorized, "credentials_wrong")
	if a := p.get("/account", login); a.member("email") != "new@example.org" || a.member("pending_email") != "" {
		t.Errorf("the account is %s", a.body)
	}
	b.expectOnly("127.0.0.1:" + p.port)
}

// While the mail server is away, users are created and mail waits; when it is
// back, the mail comes, with a link that works.
func TestMailServerComesBack(t *testing.T) {
	t.Parallel()
	server := newMailServer(t)
	server.start()
	p := startWithMail(t, server)
	expectStatus(t, p.admin(secret, "new", `{"username":"ada","email":"ada@example.com","password":"`+adasPassword+`"}`), http.StatusCreated)
	p.asksForConfirmation()
	p.link(server, "/account/confirm")
	server.kill()
	p.asksForConfirmation()
	failure := func() string { return p.get("/auth/users", "secret-key: "+secret).body }
	waitUntil(t, "administrators see it", func() bool { return strings.Contains(failure(), `"mail_failure_date":"`) })
	server.start()
	_, token, _ := strings.Cut(p.link(server, "/account/confirm"), "#")
	expectStatus(t, p.send(http.MethodPost, "/account/confirm", `{"token":"`+token+`"}`), http.StatusNoContent)
	waitUntil(t, "administrators see that it is over", func() bool { return strings.Contains(failure(), `"mail_failure_date":null`) })
	p.stop(os.Interrupt)
}

// asksForConfirmation has a link mailed to ada.
func (p *process) asksForConfirmation() {
	p.t.Helper()
	login := "Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte("ada:"+adasPassword))
	expectStatus(p.t, p.send(http.MethodPost, "/account/confirm/send", `{}`, login), http.StatusAccepted)
}

// confirms opens the link, which alone does nothing, and presses the button.
func (b *browser) confirms(p *process, link string) {
	b.t.Helper()
	run(b, "open the link", chromedp.Navigate(link))
	b.see("Confirm", button("Confirm the address"))
	b.photograph("account-confirm")
	if url := evaluate[string](b, `location.href`); url != p.url("/account/confirm") {
		b.t.Errorf("the browser keeps %s", url)
	}
	if a := p.account(adasPassword); a.member("is_confirmed") != "false" {
		b.t.Errorf("opening the link confirms the address: %s", a.body)
	}
	b.see("that keys are revoked", `//p[contains(., "All API keys of the account stop working")]`)
	b.see("the address", `//main[contains(., "ada@example.com")]`)
	b.expectReadable()
	b.clickTwice("Confirm the address")
	b.status("Your address is confirmed. All API keys that were issued before are revoked.")
	b.photograph("account-confirmed")
	if a := p.account(adasPassword); a.member("is_confirmed") != "true" {
		b.t.Errorf("the address is not confirmed: %s", a.body)
	}
}

// expectReadable looks at the page in the dark, where text and background must differ as
// WCAG 2.2 demands (1.4.3: 4.5 to 1), as they do in the light.
func (b *browser) expectReadable() {
	b.t.Helper()
	const contrast = `(() => {
		const light = colour => { const [r, g, b] = colour.match(/[\d.]+/g).map(v => v / 255).map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4); return 0.2126 * r + 0.7152 * g + 0.0722 * b };
		const ratio = e => { const s = getComputedStyle(e), [a, b] = [light(s.color), light(s.backgroundColor)].sort((x, y) => y - x); return (a + 0.05) / (b + 0.05) };
		return Math.min(ratio(document.body), ...[...document.querySelectorAll("button:not([type])")].map(ratio));
	})()`
	for _, scheme := range []string{"dark", "light"} {
		_, err := chromedp.Call(b.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
		})
		b.must("choose "+scheme, err)
		if ratio := evaluate[float64](b, contrast); ratio < 4.5 {
			b.t.Errorf("in %s the contrast is %v", scheme, ratio)
		}
		b.photograph("account-confirm-" + scheme)
	}
}

// setsPassword tries one that is refused first.
func (b *browser) setsPassword(link, password string) {
	b.t.Helper()
	run(b, "open the link", chromedp.Navigate(link))
	const field = `//form[@id="reset"]//input[@type="password"]`
	b.fill("a bad password", field, "adaadaada")
	b.click("Set password", button("Set the password"))
	b.status("The password must contain a digit.")
	if !evaluate[bool](b, `document.activeElement.matches("#password[aria-invalid=true]")`) {
		b.t.Error("the focus is not in the field that was refused")
	}
	b.photograph("account-reset-refused")
	b.click("the proposal", `//button[starts-with(., "Take this one: ")]`)
	if proposed := evaluate[string](b, `document.getElementById("password").value`); len(proposed) < 9 {
		b.t.Errorf("the proposal is %q", proposed)
	}
	b.photograph("account-proposal")
	b.fill("the password", `//input[@id="password"]`, password)
	b.photograph("account-reset")
	b.clickTwice("Set the password")
	b.status("Your new password is set.")
}

// clickTwice presses a button as people do who are used to double clicks.
func (b *browser) clickTwice(text string) {
	b.t.Helper()
	evaluate[any](b, `[...document.querySelectorAll("button")].filter(e => e.textContent === "`+text+`" && e.checkVisibility()).forEach(e => { e.click(); e.click() })`)
}

// findsLinkUsedUp opens a link in the tab in which it was opened before.
func (b *browser) findsLinkUsedUp(link string) {
	b.t.Helper()
	run(b, "open the link again", chromedp.Evaluate[any](`location.href = "`+link+`"; 0`))
	b.status("This link was used already")
	b.photograph("account-used-up")
}
