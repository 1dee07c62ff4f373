package smtp

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/wneessen/go-mail/smtp"

	ginauthmail "github.com/ginauth/ginauth/mail"
)

// converse says all that is to be said on a new connection.
func (m mailer) converse(conn net.Conn, l envelope) error {
	client, err := m.greet(conn)
	if err != nil {
		return err
	}
	if err := m.encrypt(client); err != nil {
		return err
	}
	if err := m.login(client); err != nil {
		return err
	}
	if err := deliver(client, l); err != nil {
		return err
	}
	_ = conn.SetDeadline(time.Now().Add(quitTimeout))
	_ = client.Quit()
	return nil
}

// greet returns the client of a connection, encrypted if it is so from the
// start.
func (m mailer) greet(conn net.Conn) (*smtp.Client, error) {
	if m.server.implicit {
		conn = tls.Client(conn, m.tls())
	}
	client, err := smtp.NewClient(conn, m.server.host)
	if err != nil {
		return nil, describe("the connection", err)
	}
	return client, describe("EHLO", client.Hello(domainFrom(m.sender.Address)))
}

func (m mailer) tls() *tls.Config {
	return &tls.Config{ServerName: m.server.host, RootCAs: m.roots, MinVersion: tls.VersionTLS12}
}

// encrypt goes on with TLS or not at all.
func (m mailer) encrypt(client *smtp.Client) error {
	if m.server.implicit || m.server.plain {
		return nil
	}
	if offered, _ := client.Extension("STARTTLS"); !offered {
		return errors.New("the mail server offers no STARTTLS, and nothing is sent without")
	}
	return describe("STARTTLS", client.StartTLS(m.tls()))
}

// login is a no-op without a user.
func (m mailer) login(client *smtp.Client) error {
	s := m.server
	if s.user == "" {
		return nil
	}
	auth, err := s.auth(client)
	if err != nil {
		return err
	}
	return describeSecret("AUTH", client.Auth(auth))
}

// auth is a way to log in that the server offers. PLAIN and LOGIN both show it
// the password, which TLS hides from others.
func (s server) auth(client *smtp.Client) (smtp.Auth, error) {
	_, mechanisms := client.Extension("AUTH")
	offered := strings.Fields(strings.ToUpper(mechanisms))
	switch {
	case slices.Contains(offered, "PLAIN"):
		return smtp.PlainAuth("", s.user, s.password, s.host, s.plain), nil
	case slices.Contains(offered, "LOGIN"):
		return smtp.LoginAuth(s.user, s.password, s.host, s.plain), nil
	}
	return nil, errors.New("the mail server offers neither AUTH PLAIN nor AUTH LOGIN")
}

// deliver sends the message.
func deliver(client *smtp.Client, l envelope) error {
	if offered, _ := client.Extension("SMTPUTF8"); l.international && !offered {
		return fmt.Errorf("the mail server takes no international addresses: %w", ginauthmail.ErrPermanent)
	}
	client.SkipSMTPUTF8(!l.international) // servers may bounce what asks for it without need
	if err := client.Mail(l.from); err != nil {
		return refused(describe("MAIL", err), err)
	}
	if err := client.Rcpt(l.to); err != nil {
		return refused(describe("RCPT", err), err)
	}
	writer, err := client.Data()
	if err != nil {
		return refused(describe("DATA", err), err)
	}
	// Only closing the writer ends the message, so what breaks off is not sent.
	if _, err := l.WriteTo(writer); err != nil {
		return describeSecret("the message", err)
	}
	if err := writer.Close(); err != nil {
		return refused(describeSecret("the message", err), err)
	}
	return nil
}
