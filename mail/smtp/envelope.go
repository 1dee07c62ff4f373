package smtp

import (
	"crypto/rand"
	"errors"
	"net/mail"
	"strings"
	"unicode"
	"unicode/utf8"

	gomail "github.com/wneessen/go-mail"
	"golang.org/x/net/idna"

	ginauthmail "github.com/ginauth/ginauth/mail"
)

// envelope is a message with all that is sent of it.
type envelope struct {
	*gomail.Msg
	from, to string // with angle brackets
	// international says that it needs SMTPUTF8 (RFC 6531).
	international bool
}

// compose checks the message and adds the headers. No part of an error is
// taken from the message.
func (m mailer) compose(message ginauthmail.Message) (envelope, error) {
	to, err := parseRecipient(message.To)
	if err != nil {
		return envelope{}, err
	}
	if !isOneLine(message.Subject) {
		return envelope{}, errors.New("the subject has control characters")
	}
	msg := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	msg.FromMailAddress(m.sender)
	msg.ToMailAddress(to)
	msg.Subject(message.Subject)
	msg.SetDateWithValue(m.now().UTC())
	msg.SetMessageIDWithValue(rand.Text() + "@" + domainFrom(m.sender.Address))
	msg.SetGenHeader("Auto-Submitted", "auto-generated") // no out-of-office replies, RFC 3834
	msg.SetBodyString(gomail.TypeTextPlain, message.Text)
	if message.HTML != "" {
		msg.AddAlternativeString(gomail.TypeTextHTML, message.HTML)
	}
	return envelope{
		msg, "<" + m.sender.Address + ">", "<" + to.Address + ">",
		!isASCII(m.sender.Address) || !isASCII(to.Address),
	}, nil
}

// parseSender reads an address with or without a name.
func parseSender(text string) (*mail.Address, error) {
	sender, err := mail.ParseAddress(text)
	if err != nil || !isOneLine(text) {
		return nil, errors.New(`it must be an address like noreply@example.org or "Example <noreply@example.org>"`)
	}
	bare, err := parseRecipient(sender.Address)
	if err != nil {
		return nil, err
	}
	return &mail.Address{Name: sender.Name, Address: bare.Address}, nil
}

// parseRecipient reads a bare address. The parser undoes quotes, comments,
// names and brackets, so what it does not return unchanged had one of them.
func parseRecipient(text string) (*mail.Address, error) {
	parsed, err := mail.ParseAddress(text)
	if err != nil || parsed.Address != text || !isPrintable(text) || strings.ContainsAny(text, " []") {
		return nil, errors.New("the address is no plain one like name@example.org")
	}
	domain := domainFrom(text)
	if isASCII(domain) {
		return parsed, nil
	}
	ascii, err := idna.Lookup.ToASCII(domain)
	if err != nil {
		return nil, errors.New("the address has no valid domain")
	}
	return &mail.Address{Address: strings.TrimSuffix(text, domain) + ascii}, nil
}

func domainFrom(address string) string { return address[strings.LastIndexByte(address, '@')+1:] }

func isASCII(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return r > unicode.MaxASCII })
}

// isOneLine reports that the text is valid and nothing in it ends a line.
func isOneLine(text string) bool {
	return utf8.ValidString(text) && !strings.ContainsFunc(text, unicode.IsControl)
}

func isPrintable(text string) bool {
	return utf8.ValidString(text) && !strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) })
}
