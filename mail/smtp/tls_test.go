package smtp

import (
	"crypto/x509"
	"errors"
	"strings"
	"testing"

	"github.com/ginauth/ginauth/internal/test/testsmtp"
	"github.com/ginauth/ginauth/mail"
)

// expectNothing checks that neither password nor message left in clear.
func expectNothing(t *testing.T, server *testsmtp.Server) {
	t.Helper()
	wire := server.Wire()
	for _, secret := range []string{"hunter2", "aHVudGVyMg", "AHVzZXIAaHVudGVyMg", "secret", "Ana", "AUTH", "MAIL", "RCPT", "DATA"} {
		if strings.Contains(wire, secret) {
			t.Errorf("%q is sent: %q", secret, wire)
		}
	}
	if n := server.Waiting(); n > 0 {
		t.Errorf("%d messages are accepted", n)
	}
}

// Without valid TLS nothing is sent but the greeting.
func TestNothingIsSentInClear(t *testing.T) {
	for name, change := range map[string]func(*mailer, *testsmtp.Server){
		"refused":         func(_ *mailer, s *testsmtp.Server) { s.Answer(testsmtp.StartTLS, "454 not now") },
		"refused by 5xx":  func(_ *mailer, s *testsmtp.Server) { s.Answer(testsmtp.StartTLS, "502 never") },
		"cut":             func(_ *mailer, s *testsmtp.Server) { s.Answer(testsmtp.StartTLS, testsmtp.Cut) },
		"EHLO is refused": func(_ *mailer, s *testsmtp.Server) { s.Answer(testsmtp.Hello, "502 say HELO") },
		"unknown issuer":  func(m *mailer, _ *testsmtp.Server) { m.roots = x509.NewCertPool() },
		"system's roots":  func(m *mailer, _ *testsmtp.Server) { m.roots = nil },
		"another host":    func(m *mailer, _ *testsmtp.Server) { m.server.host = "example.net" },
	} {
		t.Run(name, func(t *testing.T) {
			m, server := start(t, startTLS)
			change(&m, server)
			if err := m.Send(t.Context(), message()); err == nil || errors.Is(err, mail.ErrPermanent) {
				t.Errorf("sending returns %v", err)
			}
			expectNothing(t, server)
		})
	}
	t.Run("not offered", func(t *testing.T) {
		server := testsmtp.Start(t, testsmtp.Options{Without: []string{"STARTTLS"}})
		if err := newMailer(t, startTLS, server).Send(t.Context(), message()); err == nil || !strings.Contains(err.Error(), "STARTTLS") {
			t.Errorf("sending returns %v", err)
		}
		expectNothing(t, server)
	})
	t.Run("a server without TLS at smtps", func(t *testing.T) {
		server := testsmtp.Start(t, testsmtp.Options{})
		if err := newMailer(t, implicit, server).Send(t.Context(), message()); err == nil {
			t.Error("it is sent")
		}
		expectNothing(t, server)
	})
}

func TestImplicitTLSChecksTheCertificate(t *testing.T) {
	m, server := start(t, implicit)
	m.server.host = "example.net"
	_, invalid := errors.AsType[x509.HostnameError](m.Send(t.Context(), message()))
	if !invalid {
		t.Error("the certificate of another host is accepted")
	}
	expectNothing(t, server)
}
