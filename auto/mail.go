package auto

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strconv"

	"github.com/ginauth/ginauth"
	"github.com/ginauth/ginauth/mail"
	"github.com/ginauth/ginauth/mail/smtp"
)

// devPublicURL is where applications are under DEV_MODE unless the environment
// says otherwise.
const devPublicURL = "http://localhost:8080"

// toLog stands for the logging mailer until the logger is known.
type toLog struct{ mail.Mailer }

// setAccounts fills in what is about users and mail.
func (e environment) setAccounts(config *ginauth.Config) error {
	config.RequireConfirmedEmail = e.RequireConfirmedEmail.value
	config.HashMemory = int(e.HashMemory)
	config.PublicURL = string(e.PublicURL)
	if e.CheckMX.value {
		config.Resolver = net.DefaultResolver
	}
	if e.DevMode.value {
		config.PublicURL = cmp.Or(config.PublicURL, devPublicURL)
	}
	var err error
	config.Mailer, err = e.mailer()
	return err
}

// mailer returns what GINAUTH_MAILER names, nil for nothing.
func (e environment) mailer() (mail.Mailer, error) {
	switch {
	case e.Mailer == logMailer, e.Mailer == "" && e.DevMode.value:
		return toLog{}, nil
	case e.Mailer == "":
		return nil, nil //nolint:nilnil // no mailer is what the environment says
	case e.MailFrom == "":
		return nil, errors.New(prefix + "_MAIL_FROM: is required to send mail, such as noreply@example.org")
	default:
		return smtp.New(string(e.Mailer), string(e.MailFrom))
	}
}

// checkMail says of what is there in the end which variable is missing.
func checkMail(config ginauth.Config) error {
	if config.Mailer != nil && config.PublicURL == "" {
		return errors.New(prefix + "_PUBLIC_URL: is required to send mail, such as https://example.org")
	}
	if config.Mailer == nil && config.RequireConfirmedEmail {
		return errors.New(prefix + "_REQUIRE_CONFIRMED_EMAIL: needs " + prefix + "_MAILER")
	}
	return nil
}

// nameLogger has mail logged, if it is to be, where all else is, and says so.
func nameLogger(config *ginauth.Config, logger *slog.Logger) {
	if _, ok := config.Mailer.(toLog); ok {
		config.Mailer = mail.Log(logger)
		logger.Warn("mail is logged and not sent: the log holds tokens with which addresses are confirmed and passwords set. " + prefix + "_MAILER names a mail server")
	}
}

// logMailer is the value that asks for the logging mailer.
const logMailer mailURL = "log"

// mailURL is log or the URL of a mail server, which may hold a password.
type mailURL string

// Decode implements envconfig.Decoder.
func (m *mailURL) Decode(value string) error {
	if *m = mailURL(value); *m == logMailer {
		return nil
	}
	if _, err := smtp.New(value, "noreply@example.org"); err != nil {
		return fmt.Errorf("must be log or a mail server, such as smtp://user:password@host:587: %w", err)
	}
	return nil
}

type mailFrom string

// Decode implements envconfig.Decoder.
func (f *mailFrom) Decode(value string) error {
	if _, err := smtp.New("smtp://localhost", value); err != nil {
		return errors.New("must be an address, such as noreply@example.org or Example <noreply@example.org>")
	}
	*f = mailFrom(value)
	return nil
}

type publicURL string

// Decode implements envconfig.Decoder. Config.Validate checks the
// URL.
func (p *publicURL) Decode(value string) error {
	if value == "" {
		return errEmpty()
	}
	if (ginauth.Config{Secrets: []string{"any"}, PublicURL: value}).Validate() != nil {
		return errors.New("must be like https://example.org, and may have a path")
	}
	*p = publicURL(value)
	return nil
}

// maxHashMemory, in MiB, is more than any machine has.
const maxHashMemory = 1_000_000

type mebibytes int

// Decode implements envconfig.Decoder.
func (m *mebibytes) Decode(value string) error {
	n, err := strconv.Atoi(value)
	if err != nil || n < ginauth.MinHashMemory || n > maxHashMemory {
		return fmt.Errorf("must be a number of MiB from %d to %d", ginauth.MinHashMemory, maxHashMemory)
	}
	*m = mebibytes(n)
	return nil
}
