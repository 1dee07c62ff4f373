package smtp_test

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"testing"
	"time"

	"github.com/ginauth/ginauth/internal/outbox"
	"github.com/ginauth/ginauth/internal/test/testsmtp"
	"github.com/ginauth/ginauth/mail"
	"github.com/ginauth/ginauth/mail/smtp"
)

// The outbox with real servers is tested here, since its own package must not
// name SMTP: what an application links would.

// events says what the outbox says, as it says it.
type events chan string

func (e events) options() outbox.Options {
	return outbox.Options{
		Size: 10, Logger: slog.New(slog.DiscardHandler),
		Failed: func(userID, _ string, err error) {
			outcome := " failed"
			if errors.Is(err, outbox.ErrGivenUp) {
				outcome = " given up"
			}
			e <- userID + outcome
		},
		Delivered: func(userID, _ string) { e <- userID + " delivered" },
	}
}

func (e events) expect(t *testing.T, want string) {
	t.Helper()
	select {
	case got := <-e:
		if got != want {
			t.Errorf("%q is said, not %q", got, want)
		}
	case <-time.After(10 * time.Second):
		t.Errorf("%q is not said", want)
	}
}

// over returns an outbox that sends to an address on loopback.
func over(t *testing.T, address string) (*outbox.Outbox, events) {
	t.Helper()
	mailer, err := smtp.New("smtp://"+address, "noreply@example.org")
	if err != nil {
		t.Fatal(err)
	}
	e := make(events, 100)
	return outbox.Start(mailer, e.options()), e
}

// A server that refuses for a while gets the message in the end.
func TestServerRefusesForAWhile(t *testing.T) {
	for _, answer := range []string{"451 4.7.1 greylisted", "421 going down", testsmtp.Cut} {
		server := testsmtp.Start(t, testsmtp.Options{})
		o, said := over(t, server.Addr)
		server.Answer(testsmtp.To, answer)
		enqueue(t, o, "reset", "the text")
		said.expect(t, "ana failed")
		server.Answer(testsmtp.To, "")
		said.expect(t, "ana delivered")
		if got := server.Next(t); got.To != "TO:<ana@example.org>" || got.Text != "the text" || server.Waiting() > 0 {
			t.Errorf("it gets %+v", got)
		}
		closed(t, o)
	}
}

func TestServerRefusesForGood(t *testing.T) {
	server := testsmtp.Start(t, testsmtp.Options{})
	o, said := over(t, server.Addr)
	server.Answer(testsmtp.To, "550 5.1.1 unknown")
	enqueue(t, o, "reset", "1")
	said.expect(t, "ana given up")
	closed(t, o)
	if n := server.Connections(); n != 1 {
		t.Errorf("it is asked %d times", n)
	}
}

// A server that is silent or down holds up nothing for longer than Close may
// take.
func TestServerIsSilentOrDown(t *testing.T) {
	server := testsmtp.Start(t, testsmtp.Options{})
	server.Answer(testsmtp.Connect, testsmtp.Silent)
	for _, address := range []string{server.Addr, freeAddress(t)} {
		o, said := over(t, address)
		enqueue(t, o, "reset", "1")
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		defer cancel()
		began := time.Now()
		if err := o.Close(ctx); err == nil || err.Error() != "1 messages were not sent" {
			t.Errorf("closing returns %v", err)
		}
		if waited := time.Since(began); waited > 5*time.Second {
			t.Errorf("closing takes %v", waited)
		}
		if address == server.Addr {
			said.expect(t, "ana given up")
		}
	}
}

// freeAddress is one where nobody listens.
func freeAddress(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	return listener.Addr().String()
}

func enqueue(t *testing.T, o *outbox.Outbox, kind, text string) {
	t.Helper()
	if err := o.Enqueue("ana", kind, mail.Message{To: "ana@example.org", Subject: kind, Text: text}, func(context.Context) error { return nil }); err != nil {
		t.Error(err)
	}
}

func closed(t *testing.T, o *outbox.Outbox) {
	t.Helper()
	if err := o.Close(t.Context()); err != nil {
		t.Error(err)
	}
}
