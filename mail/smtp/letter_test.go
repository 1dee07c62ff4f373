package smtp

import (
	"errors"
	"strings"
	"testing"

	"github.com/ginauth/ginauth/internal/test/testsmtp"
	"github.com/ginauth/ginauth/mail"
)

// No part of a message can add a header, a recipient or a command.
func TestInjection(t *testing.T) {
	m, server := start(t, startTLS)
	for _, ending := range []string{"\r\n", "\n", "\r", "\x00", "\u0085"} {
		for _, change := range []func(*mail.Message){
			func(m *mail.Message) { m.To += ending },
			func(m *mail.Message) { m.To += ending + "RCPT TO:<b@example.org>" },
			func(m *mail.Message) { m.To += ">" + ending + "Bcc: b@example.org" },
			func(m *mail.Message) { m.To = ending + m.To },
			func(m *mail.Message) { m.To = "a" + ending + "@example.org" },
			func(m *mail.Message) { m.Subject += ending },
			func(m *mail.Message) { m.Subject += ending + "Bcc: b@example.org" },
			func(m *mail.Message) { m.Subject += ending + ending + "Text" },
		} {
			injecting := message()
			change(&injecting)
			if err := m.Send(t.Context(), injecting); !errors.Is(err, mail.ErrPermanent) {
				t.Errorf("%q, %q: %v", injecting.To, injecting.Subject, err)
			}
		}
	}
	if server.Connections() > 0 {
		t.Error("the server is asked")
	}
	text := message()
	text.Text = "a\r\n.\r\nRCPT TO:<b@example.org>\r\nBcc: b@example.org\n.\nQUIT"
	if err := m.Send(t.Context(), text); err != nil {
		t.Fatal(err)
	}
	if got := server.Next(t); strings.ReplaceAll(text.Text, "\r", "") != got.Text || got.Header["Bcc"] != "" {
		t.Errorf("the text is %q", got.Text)
	}
}

func TestAddresses(t *testing.T) {
	for to, want := range map[string]string{
		"O'Hara+news@Example.COM":  "TO:<O'Hara+news@Example.COM>",
		"ana@müller.example":       "TO:<ana@xn--mller-kva.example>",
		"Añá@example.org":          "TO:<Añá@example.org>",
		"Añá@müller.example":       "TO:<Añá@xn--mller-kva.example>",
		"ana@localhost":            "TO:<ana@localhost>",
		"":                         "",
		"ana":                      "",
		"Ana <ana@example.org>":    "",
		"<ana@example.org>":        "",
		"ana@example.org (Ana)":    "",
		"ana@example.org ":         "",
		`"ana b"@example.org`:      "",
		"ana@[127.0.0.1]":          "",
		"a@example.org,b@test.org": "",
		"ana@xn--é.example":        "",
		"an\u3000a@example.org":    "",
		"an\xffa@example.org":      "",
	} {
		m, server := start(t, startTLS)
		mailTo := message()
		mailTo.To = to
		err := m.Send(t.Context(), mailTo)
		if want == "" {
			if !errors.Is(err, mail.ErrPermanent) || server.Connections() > 0 {
				t.Errorf("%q: %v", to, err)
			}
			continue
		}
		if err != nil {
			t.Fatalf("%q: %v", to, err)
		}
		got := server.Next(t)
		if utf8 := strings.HasSuffix(got.From, " SMTPUTF8"); got.To != want || utf8 == isASCII(got.To) || got.Header["To"] != strings.TrimPrefix(want, "TO:") {
			t.Errorf("%q: the envelope is %q and %q, the header %q", to, got.From, got.To, got.Header["To"])
		}
	}
}

func TestNoInternationalAddresses(t *testing.T) {
	server := testsmtp.Start(t, testsmtp.Options{Without: []string{"SMTPUTF8"}})
	m := newMailer(t, startTLS, server)
	for to, want := range map[string]bool{"añá@example.org": false, "ana@müller.example": true} {
		mailTo := message()
		mailTo.To = to
		if err := m.Send(t.Context(), mailTo); (err == nil) != want || errors.Is(err, mail.ErrPermanent) == want {
			t.Errorf("%s: %v", to, err)
		}
	}
}

// A message in HTML is sent beside the plain text, for programs that show no HTML.
func TestHTML(t *testing.T) {
	m, server := start(t, startTLS)
	both := message()
	both.HTML = "<p>in <b>HTML</b></p>"
	if err := m.Send(t.Context(), both); err != nil {
		t.Fatal(err)
	}
	got := server.Next(t)
	plain, html := strings.Index(got.Text, "text/plain"), strings.Index(got.Text, "text/html")
	if !strings.HasPrefix(got.Header["Content-Type"], "multipart/alternative") || plain < 0 || html < plain || !strings.Contains(got.Text, both.HTML) {
		t.Errorf("the mail is %v: %s", got.Header, got.Text)
	}
}
