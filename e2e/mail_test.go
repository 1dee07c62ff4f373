package e2e

import (
	"encoding/base64"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/ginauth/ginauth/internal/testsmtp"
)

// startWithMail runs the example with a mail server, on the port to which its
// links lead.
func startWithMail(t *testing.T, server *testsmtp.Server, environment ...string) *process {
	t.Helper()
	port := freePort(t)
	p := launch(t, examplePath, t.TempDir(), append(environment, "PORT="+port, "GINAUTH_SECRET="+secret,
		"GINAUTH_MAILER=smtp://ada:hunter2@"+server.Addr, "GINAUTH_MAIL_FROM=Example <noreply@example.org>",
		"GINAUTH_PUBLIC_URL=http://127.0.0.1:"+port)...)
	p.port = port
	p.waitUntilServing()
	return p
}

// link waits for a mail and returns the link in it, which leads to a page.
func (p *process) link(server *testsmtp.Server, page string) string {
	p.t.Helper()
	m := server.Next(p.t)
	link := regexp.MustCompile(regexp.QuoteMeta(p.url(page)) + `#\S+`).FindString(m.Text)
	if link == "" || !strings.Contains(m.To, "ada@example.com") || !strings.Contains(m.From, "noreply@example.org") || m.Login != "ada:hunter2" {
		p.t.Fatalf("the mail is %+v", m)
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

// Whoever registers confirms the address by the mail that comes, and gets a key
// then, and over a forgotten password by another; each link works once.
func TestMailedLinks(t *testing.T) {
	server := testsmtp.Start(t, testsmtp.Options{})
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

// confirms opens the link, which alone does nothing, and presses the button.
func (b *browser) confirms(p *process, link string) {
	b.t.Helper()
	run(b, "open the link", chromedp.Navigate(link))
	b.see("Confirm", button("Confirm"))
	b.photograph("account-confirm")
	if url := evaluate[string](b, `location.href`); url != p.url("/account/confirm") {
		b.t.Errorf("the browser keeps %s", url)
	}
	if a := p.account(adasPassword); a.member("is_confirmed") != "false" {
		b.t.Errorf("opening the link confirms the address: %s", a.body)
	}
	b.click("Confirm", button("Confirm"))
	b.status("Your address is confirmed.")
	b.photograph("account-confirmed")
	if a := p.account(adasPassword); a.member("is_confirmed") != "true" {
		b.t.Errorf("the address is not confirmed: %s", a.body)
	}
}

// setsPassword tries one that is refused first.
func (b *browser) setsPassword(link, password string) {
	b.t.Helper()
	run(b, "open the link", chromedp.Navigate(link))
	const field = `//input[@type="password"]`
	b.fill("a bad password", field, "adaadaada")
	b.click("Set password", button("Set password"))
	b.status("The password must contain a digit.")
	b.photograph("account-reset-refused")
	b.fill("the password", field, password)
	b.photograph("account-reset")
	b.click("Set password", button("Set password"))
	b.status("Your new password is set.")
}

// findsLinkUsedUp opens a link in the tab in which it was opened before.
func (b *browser) findsLinkUsedUp(link string) {
	b.t.Helper()
	run(b, "open the link again", chromedp.Evaluate[any](`location.href = "`+link+`"; 0`))
	b.fill("the password", `//input[@type="password"]`, "Difference-3_Engine")
	b.click("Set password", button("Set password"))
	b.status("The token is unknown, used up or out of time")
}
