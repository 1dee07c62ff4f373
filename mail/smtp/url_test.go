package smtp

import (
	"strings"
	"testing"
)

func TestURLs(t *testing.T) {
	for text, want := range map[string]server{
		"smtp://mail.example.org":                  {host: "mail.example.org", port: "587"},
		"smtp://mail.example.org/":                 {host: "mail.example.org", port: "587"},
		"smtps://mail.example.org":                 {host: "mail.example.org", port: "465", implicit: true},
		"SMTPS://mail.example.org:2465":            {host: "mail.example.org", port: "2465", implicit: true},
		"smtp://a:b@mail.example.org:25":           {host: "mail.example.org", port: "25", user: "a", password: "b"},
		"smtp://a%40b:p%23%2F%3A@mail.example.org": {host: "mail.example.org", port: "587", user: "a@b", password: "p#/:"},
		"smtp://localhost:25":                      {host: "localhost", port: "25", plain: true},
		"smtp://LocalHost:25":                      {host: "LocalHost", port: "25", plain: true},
		"smtp://127.0.0.1":                         {host: "127.0.0.1", port: "587", plain: true},
		"smtp://127.9.9.9":                         {host: "127.9.9.9", port: "587", plain: true},
		"smtp://[::1]:25":                          {host: "::1", port: "25", plain: true},
		"smtp://[::ffff:127.0.0.1]:25":             {host: "::ffff:127.0.0.1", port: "25", plain: true},
		"smtps://localhost":                        {host: "localhost", port: "465", implicit: true},
		"smtp://localhost.example.org":             {host: "localhost.example.org", port: "587"},
		"smtp://localhost.:25":                     {host: "localhost.", port: "25"},
		"smtp://127.0.0.1.example.org":             {host: "127.0.0.1.example.org", port: "587"},
		"smtp://127.1":                             {host: "127.1", port: "587"},
		"smtp://0.0.0.0":                           {host: "0.0.0.0", port: "587"},
		"smtp://192.0.2.1":                         {host: "192.0.2.1", port: "587"},
		"smtp://[2001:db8::1]:587":                 {host: "2001:db8::1", port: "587"},
	} {
		if got, err := parseURL(text); got != want || err != nil {
			t.Errorf("%s is read as %+v: %v", text, got, err)
		}
	}
}

// Mistakes are refused, and no error quotes the password.
func TestWrongURLs(t *testing.T) {
	for _, text := range []string{
		"", "mail.example.org", "mail.example.org:587", "smtp:mail.example.org", "http://mail.example.org",
		"user:hunter2@mail.example.org", "smtp://", "smtp:///", "smtp://:587", "smtp://user:hunter2@", "smtp://user:hunter2@:587",
		"smtp://user@mail.example.org", "smtp://user:@mail.example.org", "smtp://:hunter2@mail.example.org", "smtp://@mail.example.org",
		"smtp://user:hunter2@mail.example.org:", "smtp://user:hunter2@mail.example.org:0", "smtp://user:hunter2@mail.example.org:65536",
		"smtp://user:hunter2@mail.example.org:smtp", "smtp://user:hunter2@mail.example.org:-1",
		"smtp://user:hunter2@mail.example.org/path", "smtp://user:hunter2@mail.example.org?", "smtp://user:hunter2@mail.example.org?tls=no",
		"smtp://user:hunter2@mail.example.org#", "smtp://user:hunter2@mail.example.org#x", "smtp://user:hunter2#x@mail.example.org",
		"smtp://user:hunter2%@mail.example.org", "smtp://user:hunter2%zz@mail.example.org", "smtp://user:hunter2%00@mail.example.org",
		"smtp://user:hunter2/x@mail.example.org", "smtp://user:hunter2@mail example.org", "smtp://user:hunter2@mail\nexample.org",
		"smtp://user:hunter2@[::1", "smtp://user:hunter2@a:b:c", " smtp://user:hunter2@mail.example.org",
	} {
		mailer, err := New(text, "noreply@example.org")
		if err == nil || mailer != nil {
			t.Errorf("%q is accepted", text)
			continue
		}
		if strings.Contains(err.Error(), "hunter2") || !strings.Contains(err.Error(), "URL of the mail server") {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestSenders(t *testing.T) {
	for text, want := range map[string]string{
		"noreply@example.org":             "<noreply@example.org>",
		"Example <NoReply@example.org>":   `"Example" <NoReply@example.org>`,
		`"Example, Inc." <a@example.org>`: `"Example, Inc." <a@example.org>`,
		"Büro <a@müller.example>":         "=?utf-8?q?B=C3=BCro?= <a@xn--mller-kva.example>",
	} {
		if sender, err := parseSender(text); err != nil || sender.String() != want {
			t.Errorf("%q is read as %v: %v", text, sender, err)
		}
	}
	for _, text := range []string{
		"", "noreply", "@example.org", "noreply@", "a@example.org, b@example.org", "a@example.org\r\nBcc: b@example.org",
		"Example\r\nBcc: b@example.org <a@example.org>", "a@[127.0.0.1]", `"a b"@example.org`, "a@exa\u2028mple.org",
	} {
		if mailer, err := New("smtp://localhost", text); err == nil || mailer != nil {
			t.Errorf("%q is accepted", text)
		}
	}
}
