package ginauth_test

import (
	htmltemplate "html/template"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	texttemplate "text/template"

	"github.com/ginauth/ginauth"
	"github.com/ginauth/ginauth/mail"
)

func withTemplates(text, html string) func(*ginauth.Config) {
	return func(c *ginauth.Config) {
		c.MailTemplates = mail.Templates{Application: "Shop & <Sons>"}
		c.MailTemplates.Text = texttemplate.Must(texttemplate.New("").Parse(text))
		c.MailTemplates.HTML = htmltemplate.Must(htmltemplate.New("").Parse(html))
	}
}

// post makes a call that needs no credential.
func (a *app) post(path, body string) *httptest.ResponseRecorder {
	return a.do(request{method: http.MethodPost, path: path, body: body, header: header("Content-Type", "application/json")})
}

// Templates replace what they define, subject, text and HTML; the rest stays as it is and
// names the application.
func TestMailTemplates(t *testing.T) {
	t.Parallel()
	a, p := newMailing(t, withTemplates(
		`{{define "reset"}}Hi {{.Username}}, {{.Application}}: {{.Link}} within {{.LinkTime}}{{end}}{{define "reset.subject"}}A link from {{.Application}}{{end}}`,
		`{{define "reset"}}<a href="{{.Link}}">{{.Application}}</a>{{end}}`,
	))
	a.register("ada")
	a.expectStatus(a.as("ada", password, "/account/confirm/send", `{}`), 202)
	confirm := p.next(t)
	if !strings.Contains(confirm.Text, "at Shop & <Sons> (https://app.example.org/base)") || confirm.HTML != "" {
		t.Errorf("without a template the mail says %+v", confirm)
	}
	token := confirm.Text[strings.Index(confirm.Text, "#")+1:]
	token, _, _ = strings.Cut(token, "\n")
	if code := a.confirm(token); code != http.StatusNoContent {
		t.Errorf("the token is answered %d", code)
	}
	a.forget("ada@example.com")
	reset := p.next(t)
	if reset.Subject != "A link from Shop & <Sons>" || !strings.HasPrefix(reset.Text, "Hi ada, Shop & <Sons>: https://app.example.org/base/account/reset#") || !strings.HasSuffix(reset.Text, "within an hour") {
		t.Errorf("the mail says %+v", reset)
	}
	if !strings.HasPrefix(reset.HTML, `<a href="https://app.example.org/base/account/reset#`) || !strings.Contains(reset.HTML, "Shop &amp; &lt;Sons&gt;") {
		t.Errorf("in HTML the mail says %s", reset.HTML)
	}
	page := a.do(request{path: "/account/reset"}).Body.String()
	if !strings.Contains(page, "Shop &amp; &lt;Sons&gt;") || strings.Contains(page, "{{") || !strings.Contains(page, "must contain a digit. The password") {
		t.Error("the page does not name the application, or the rules")
	}
}

// A template that cannot write a mail is found at the start.
func TestMailTemplatesThatCannotBe(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`{{define "rest"}}{{.Link}}{{end}}`:                             `"rest" is of no mail`,
		`{{define "notice_address_taken"}} {{end}}`:                     `"notice_address_taken" writes nothing`,
		`{{define "reset"}}{{.Link}}x{{end}}`:                           `"reset" has no {{.Link}}`,
		`{{define "reset.subject"}}{{printf "%0300d" 1}}{{end}}`:        `"reset.subject" must write one line`,
		"{{define \"reset.subject\"}}a\x00{{end}}":                      `"reset.subject" must write one line`,
		`{{define "reset"}}no link{{end}}`:                              `"reset" has no {{.Link}}`,
		`{{define "confirm"}}{{.Link}} {{.Name}}{{end}}`:                `"confirm"`,
		`{{define "change.subject"}}{{end}}`:                            `"change.subject" must write one line`,
		"{{define \"notice_address_taken.subject\"}}a\nb{{end}}":        `"notice_address_taken.subject" must write one line`,
		`{{define "admin_reset"}}{{.Link}}{{index .Username 0}}{{end}}`: `"admin_reset"`,
	} {
		config := ginauth.Config{Secrets: []string{secret}}
		withTemplates(text, "")(&config)
		if err := config.Validate(); err == nil || !strings.Contains(err.Error(), "MailTemplates: the template "+want) {
			t.Errorf("%s is refused with %v", text, err)
		}
	}
}

// Templates may share parts, a subject has no HTML, and a name is one line.
func TestNamesOfTemplates(t *testing.T) {
	t.Parallel()
	check := func(change func(*ginauth.Config)) error {
		config := ginauth.Config{Secrets: []string{secret}}
		change(&config)
		return config.Validate()
	}
	if err := check(withTemplates(`{{define "foot"}}Bye{{end}}{{define "reset"}}{{.Link}} {{template "foot"}}{{end}}`, `{{define "foot"}}Bye{{end}}{{define "reset"}}{{.Link}} {{template "foot" .}}{{end}}`)); err != nil {
		t.Errorf("a shared part is refused: %v", err)
	}
	if check(withTemplates("", `{{define "reset.subject"}}A subject{{end}}`)) == nil {
		t.Error("a subject in HTML is accepted")
	}
	for _, name := range []string{"a\r\nBcc: b", "a\u202eb", "\xff"} {
		if check(func(c *ginauth.Config) { c.MailTemplates.Application = name }) == nil {
			t.Errorf("the name %q is accepted", name)
		}
	}
}

// The page of a link asks what the link is for, which uses nothing up.
func TestFindLink(t *testing.T) {
	t.Parallel()
	a, p := newMailing(t)
	a.register("ada")
	a.expectStatus(a.as("ada", password, "/account/confirm/send", `{}`), 202)
	token := p.token(t, "ada@example.com", "confirm")
	for range 2 {
		link := a.expectStatus(a.post("/account/link", `{"token":"`+token+`"}`), 200)
		if link["purpose"] != "confirm" || link["email"] != "ada@example.com" || link["revokes_keys"] != true || link["expiration_date"] == nil {
			t.Errorf("the link is %v", link)
		}
	}
	if code := a.confirm(token); code != http.StatusNoContent {
		t.Errorf("the token is answered %d", code)
	}
	expectProblem(t, a.post("/account/link", `{"token":"`+token+`"}`), 403, "token_invalid", "")
	a.forget("ada@example.com")
	link := a.expectStatus(a.post("/account/link", `{"token":"`+p.token(t, "ada@example.com", "reset")+`"}`), 200)
	if link["purpose"] != "reset" || link["revokes_keys"] != false {
		t.Errorf("the link is %v", link)
	}
	// The first confirmation revokes keys whichever address it is of.
	eve := a.register("eve")
	a.expectStatus(a.as("eve", password, "/account/email", `{"email":"new@example.com"}`), 200)
	token = p.token(t, "new@example.com", "confirm")
	link = a.expectStatus(a.post("/account/link", `{"token":"`+token+`"}`), 200)
	if link["purpose"] != "change" || link["email"] != "new@example.com" || link["revokes_keys"] != true {
		t.Errorf("the link is %v", link)
	}
	if code := a.confirmAs("eve", password, token).Code; code != 204 {
		t.Errorf("the confirmation is answered %d", code)
	}
	expectProblem(t, a.guarded(eve.key), 401, "key_revoked", "")
	expectProblem(t, a.post("/account/link", `{}`), 422, "fields_invalid", "token")
}
