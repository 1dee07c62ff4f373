// Package smtp sends mail over SMTP.
package smtp

import (
	"context"
	"crypto/x509"
	"fmt"
	"net"
	"net/mail"
	"time"

	ginauthmail "github.com/ginauth/ginauth/mail"
)

const (
	// sendTimeout bounds a message where the context does not.
	sendTimeout = 2 * time.Minute
	// quitTimeout bounds the farewell: the message is delivered by then.
	quitTimeout = time.Second
)

// New returns a mailer that hands its messages to the server at the URL, one
// connection each:
//
//	smtp://user:password@host:587    STARTTLS is required
//	smtps://user:password@host:465   TLS from the start
//	smtp://localhost:25              without TLS
//
// Without TLS are exactly those smtp URLs whose host is written as localhost or
// as a loopback address (127.0.0.0/8, ::1); no name is resolved for that.
// Everywhere else the certificate must be valid for the host, and neither
// password nor message is sent unencrypted. User and password may be left out;
// special characters in them are percent-encoded. The ports above are the
// default, 587 also for localhost. Nothing is asked of the server yet.
//
// The sender is "noreply@example.org" or "Example <noreply@example.org>". Its
// domain is also what the client calls itself.
//
// Messages are sent to the address as it was typed. An address with characters
// beyond ASCII before the @ is sent to servers with SMTPUTF8 only, and else
// refused for good; a domain with such is sent in its ASCII form.
//
// The mailer's errors wrap mail.ErrPermanent if the server refuses the sender,
// the recipient or the message by a code of 5xx, except 530, which asks for
// credentials. Other refusals, say of the password, are no fault of the message
// and can be mended meanwhile. Errors quote the server only as far as it has
// seen neither password nor message.
func New(url, from string) (ginauthmail.Mailer, error) {
	s, err := parseURL(url)
	if err != nil {
		return nil, fmt.Errorf("the URL of the mail server: %w", err)
	}
	sender, err := parseSender(from)
	if err != nil {
		return nil, fmt.Errorf("the sender of mail: %w", err)
	}
	return mailer{server: s, sender: sender, now: time.Now, dial: (&net.Dialer{}).DialContext}, nil
}

// mailer has no state, so it is safe for concurrent use.
type mailer struct {
	server server
	sender *mail.Address
	now    func() time.Time
	dial   func(ctx context.Context, network, address string) (net.Conn, error)
	roots  *x509.CertPool // the system's if nil
}

// Send implements mail.Mailer.
func (m mailer) Send(ctx context.Context, message ginauthmail.Message) error {
	envelope, err := m.compose(message)
	if err != nil {
		return fmt.Errorf("%w: %w", err, ginauthmail.ErrPermanent)
	}
	ctx, cancel := context.WithTimeout(ctx, sendTimeout)
	defer cancel()
	conn, err := m.dial(ctx, "tcp", m.server.address())
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	// The conversation knows no context: it ends with its connection.
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()
	if err := m.converse(conn, envelope); err != nil {
		return explain(ctx, err)
	}
	return nil
}
