package smtp

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/ginauth/ginauth/internal/test/testsmtp"
	"github.com/ginauth/ginauth/mail"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	plain    = "smtp://user:hunter2@127.0.0.1"
	startTLS = "smtp://user:hunter2@" + testsmtp.Host
	implicit = "smtps://user:hunter2@" + testsmtp.Host
	sender   = "Example <NoReply@example.org>"
)

var date = time.Date(2030, 1, 1, 12, 0, 0, 0, time.FixedZone("Kathmandu", 20_700))

// message has a token, lines that need care, and letters beyond ASCII.
func message() mail.Message {
	return mail.Message{
		To: "Ana.Example@example.com", Subject: "Zurücksetzen",
		Text: "Grüezi\n\n.dot\nFrom here: https://example.org/reset?token=secret-token" + strings.Repeat("-long", 40) + "\n",
	}
}

// newMailer returns a mailer whose host is the server, whatever its URL says.
func newMailer(t *testing.T, url string, server *testsmtp.Server) mailer {
	t.Helper()
	made, err := New(url, sender)
	if err != nil {
		t.Fatal(err)
	}
	m := made.(mailer)
	m.now = func() time.Time { return date }
	m.dial = func(ctx context.Context, network, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, network, server.Addr)
	}
	m.roots = server.Roots()
	return m
}

// start returns a server that speaks as the URL wants, and a mailer.
func start(t *testing.T, url string) (mailer, *testsmtp.Server) {
	t.Helper()
	server := testsmtp.Start(t, testsmtp.Options{Implicit: url == implicit})
	return newMailer(t, url, server), server
}

func TestSends(t *testing.T) {
	for _, url := range []string{plain, startTLS, implicit} {
		t.Run(url, func(t *testing.T) {
			m, server := start(t, url)
			if err := m.Send(t.Context(), message()); err != nil {
				t.Fatal(err)
			}
			got := server.Next(t)
			if got.Secure != (url != plain) || got.Login != "user:hunter2" || got.Name != "example.org" {
				t.Errorf("the conversation is %+v", got)
			}
			expectMessage(t, got)
			if got.Secure && strings.Contains(server.Wire(), "Auto-Submitted") {
				t.Error("the message is sent in clear")
			}
		})
	}
}

func expectMessage(t *testing.T, got testsmtp.Message) {
	t.Helper()
	if got.From != "FROM:<NoReply@example.org> BODY=8BITMIME" || got.To != "TO:<Ana.Example@example.com>" {
		t.Errorf("the envelope is %q and %q", got.From, got.To)
	}
	if got.Text != strings.TrimSuffix(message().Text, "\n") {
		t.Errorf("the text is %q", got.Text)
	}
	for name, want := range map[string]string{
		"From": `"Example" <NoReply@example.org>`, "To": "<Ana.Example@example.com>", "Subject": "Zurücksetzen",
		"Date": "Tue, 01 Jan 2030 06:15:00 +0000", "Auto-Submitted": "auto-generated", "Mime-Version": "1.0",
		"Content-Type": "text/plain; charset=UTF-8", "Content-Transfer-Encoding": "quoted-printable",
	} {
		if got.Header[name] != want {
			t.Errorf("%s is %q", name, got.Header[name])
		}
	}
	id := got.Header["Message-Id"]
	if len(id) < 30 || !strings.HasPrefix(id, "<") || !strings.HasSuffix(id, "@example.org>") || len(got.Header) != 9 {
		t.Errorf("the message's id is %q, and the headers are %v", id, got.Header)
	}
}

func TestLogins(t *testing.T) {
	for login, want := range map[string]string{"AUTH LOGIN": "user:hunter2", "AUTH CRAM-MD5 LOGIN": "user:hunter2", "AUTH CRAM-MD5": ""} {
		server := testsmtp.Start(t, testsmtp.Options{Login: login})
		err := newMailer(t, startTLS, server).Send(t.Context(), message())
		if want == "" {
			if err == nil || errors.Is(err, mail.ErrPermanent) || server.Waiting() > 0 {
				t.Errorf("with %s: %v", login, err)
			}
			continue
		}
		if err != nil || server.Next(t).Login != want {
			t.Errorf("with %s: %v", login, err)
		}
	}
	server := testsmtp.Start(t, testsmtp.Options{})
	if err := newMailer(t, "smtp://"+testsmtp.Host, server).Send(t.Context(), message()); err != nil || server.Next(t).Login != "" {
		t.Errorf("without a user: %v", err)
	}
}

func TestConcurrentSends(t *testing.T) {
	m, server := start(t, startTLS)
	var group sync.WaitGroup
	for i := range 20 {
		group.Go(func() {
			own := message()
			own.To = fmt.Sprintf("ana-%d@example.org", i)
			if err := m.Send(t.Context(), own); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	seen := map[string]bool{}
	for range 20 {
		got := server.Next(t)
		seen[got.To], seen[got.Header["Message-Id"]] = true, true
	}
	if len(seen) != 40 {
		t.Errorf("of 40 recipients and ids %d differ", len(seen))
	}
}
