// Package mail says what ginauth needs of whatever sends mail. Package
// mail/smtp sends over SMTP; a service with an interface of its own takes a
// Mailer of a few lines.
package mail

import (
	"context"
	"errors"
	"log/slog"
)

// ErrPermanent is wrapped by the error of a Mailer if the message will never be
// accepted, as when its address does not exist.
var ErrPermanent = errors.New("the message will never be accepted")

// Message is a mail to one person. Its text holds a token that acts for the account
// until it is used, so that it must not be logged.
type Message struct {
	// To is a bare address, without a name, as the person typed it.
	To      string
	Subject string
	Text    string
	// HTML says the same in HTML, if a template does; a mailer may leave it out.
	HTML string
}

// Mailer sends mail. Implementations are safe for concurrent use.
type Mailer interface {
	// Send hands the message over for delivery; without an error it is another's
	// from then on. It ends soon after the context. An error wraps ErrPermanent
	// if this message to this address will never be accepted, and any other
	// error is worth a retry. Since errors are logged, they hold nothing of the
	// message's text. After an error, the message may have been sent all the
	// same: an acknowledgement can be lost.
	Send(ctx context.Context, m Message) error
}

// Log returns a mailer for development, which sends nothing and writes the
// messages to the log. It is the one mailer that logs the tokens in them:
// whoever reads the log can act for the accounts.
func Log(logger *slog.Logger) Mailer { return logged{logger} }

type logged struct{ logger *slog.Logger }

func (l logged) Send(ctx context.Context, m Message) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	l.logger.InfoContext(ctx, "mail is not sent but logged", "to", m.To, "subject", m.Subject, "text", m.Text)
	return nil
}
