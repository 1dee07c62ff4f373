package smtp

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/ginauth/ginauth/internal/test/testsmtp"
	"github.com/ginauth/ginauth/mail"
)

// 5xx is for good where it is about the message, and only there.
func TestRefusals(t *testing.T) {
	about := []testsmtp.Stage{testsmtp.From, testsmtp.To, testsmtp.Data, testsmtp.End}
	for _, test := range []struct {
		stages    []testsmtp.Stage
		answer    string
		permanent bool
	}{
		{about, "550 5.7.1 no", true},
		{about, "599 no", true},
		{about, "450 4.2.1 later", false},
		{about, "421 going down", false},
		{about, "530 5.7.0 authentication required", false},
		{about, "299 strange", false},
		{about, "nonsense", false},
		{[]testsmtp.Stage{testsmtp.Connect, testsmtp.Hello, testsmtp.StartTLS, testsmtp.Auth}, "554 5.7.8 no", false},
		{[]testsmtp.Stage{testsmtp.Connect, testsmtp.Hello, testsmtp.StartTLS, testsmtp.Auth}, "421 later", false},
	} {
		for _, stage := range test.stages {
			m, server := start(t, startTLS)
			server.Answer(stage, test.answer)
			err := m.Send(t.Context(), message())
			if err == nil || errors.Is(err, mail.ErrPermanent) != test.permanent || server.Waiting() > 0 {
				t.Errorf("%s at %s: %v", test.answer, stage, err)
			}
		}
	}
}

// The server's words are quoted only where they cannot hold secrets.
func TestErrorsHoldNoSecret(t *testing.T) {
	answers := []string{"554 5.7.1 spam: secret-token hunter2", "451 secret-token hunter2", "secret-token hunter2", "334 aHVudGVyMg=="}
	for _, stage := range []testsmtp.Stage{testsmtp.Auth, testsmtp.End} {
		for _, login := range []string{"AUTH PLAIN", "AUTH LOGIN"} {
			for _, answer := range answers {
				server := testsmtp.Start(t, testsmtp.Options{Login: login})
				server.Answer(stage, answer)
				err := newMailer(t, startTLS, server).Send(t.Context(), message())
				if err == nil || strings.Contains(err.Error(), "secret") || strings.Contains(err.Error(), "hunter2") {
					t.Errorf("%s at %s: %v", answer, stage, err)
				}
			}
		}
	}
	m, server := start(t, startTLS)
	server.Answer(testsmtp.To, "550-5.1.1 no\x1b[31m such\r\n550 user "+strings.Repeat("é", 1000))
	want := `the mail server answers RCPT with 550 "5.1.1 no [31m such user ` // and so on
	if err := m.Send(t.Context(), message()); err == nil || !strings.HasPrefix(err.Error(), want) || len(err.Error()) > 350 {
		t.Errorf("the error is %v", err)
	}
	server.Answer(testsmtp.To, "")
	server.Answer(testsmtp.End, "554 5.7.1 no")
	if err := m.Send(t.Context(), message()); err == nil || !strings.Contains(err.Error(), "answers the message with 554 5.7.1:") {
		t.Errorf("the error is %v", err)
	}
}

func stages() []testsmtp.Stage {
	return []testsmtp.Stage{
		testsmtp.Connect, testsmtp.Hello, testsmtp.StartTLS, testsmtp.Auth,
		testsmtp.From, testsmtp.To, testsmtp.Data, testsmtp.End,
	}
}

// The context ends a conversation wherever the server falls silent.
func TestSilence(t *testing.T) {
	for _, url := range []string{startTLS, implicit} {
		for _, stage := range stages() {
			if url == implicit && stage == testsmtp.StartTLS {
				continue
			}
			t.Run(fmt.Sprint(url, stage), func(t *testing.T) {
				t.Parallel()
				m, server := start(t, url)
				server.Answer(stage, testsmtp.Silent)
				ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
				defer cancel()
				began := time.Now()
				if err := m.Send(ctx, message()); !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, mail.ErrPermanent) {
					t.Errorf("sending returns %v", err)
				}
				if waited := time.Since(began); waited > 5*time.Second {
					t.Errorf("it takes %v", waited)
				}
			})
		}
	}
}

// A connection that ends is worth a retry, and what is cut is not sent.
func TestCuts(t *testing.T) {
	for _, stage := range stages() {
		m, server := start(t, startTLS)
		server.Answer(stage, testsmtp.Cut)
		if err := m.Send(t.Context(), message()); err == nil || errors.Is(err, mail.ErrPermanent) || server.Waiting() > 0 {
			t.Errorf("at %s: %v", stage, err)
		}
	}
}

// An accepted message is delivered, however the connection ends.
func TestFarewells(t *testing.T) {
	for _, answer := range []string{testsmtp.Silent, testsmtp.Cut, "500 no", "nonsense"} {
		m, server := start(t, startTLS)
		server.Answer(testsmtp.Quit, answer)
		began := time.Now()
		if err := m.Send(t.Context(), message()); err != nil {
			t.Errorf("%s: %v", answer, err)
		}
		if waited := time.Since(began); waited > 5*time.Second {
			t.Errorf("%s: it takes %v", answer, waited)
		}
		server.Next(t)
	}
}

func TestDown(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = listener.Close()
	m, err := New("smtp://user:hunter2@"+listener.Addr().String(), sender)
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Send(t.Context(), message()); err == nil || errors.Is(err, mail.ErrPermanent) || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("sending returns %v", err)
	}
}
