package smtp

import (
	"context"
	"errors"
	"fmt"
	"net/textproto"
	"strings"
	"unicode"

	"github.com/wneessen/go-mail/smtp"

	ginauthmail "github.com/ginauth/ginauth/mail"
)

// maxQuote bounds what is quoted of an answer, in bytes.
const maxQuote = 200

// describe says what failed when, in the server's words if it had some; nil
// stays nil.
func describe(what string, err error) error {
	if answer, ok := errors.AsType[*textproto.Error](err); ok {
		return fmt.Errorf("the mail server answers %s with %d %q", what, answer.Code, quotable(answer.Msg))
	}
	return describeSecret(what, err)
}

// describeSecret says what failed and nothing of what the server said but its
// codes: servers quote what they refuse, which may be a password or a token.
func describeSecret(what string, err error) error {
	answer, answered := errors.AsType[*textproto.Error](err)
	_, garbled := errors.AsType[textproto.ProtocolError](err)
	switch {
	case err == nil:
		return nil
	case answered:
		return fmt.Errorf("the mail server answers %s with %d%s", what, answer.Code, enhancedCode(answer.Msg))
	case garbled || errors.Is(err, smtp.ErrUnexpectedServerResponse):
		return fmt.Errorf("the mail server's answer to %s is not understood", what)
	}
	return fmt.Errorf("talking to the mail server, %s: %w", what, err)
}

// refused marks the description of an error that is an answer for good. 530
// asks for credentials (RFC 4954), so it is not about the message.
func refused(description, err error) error {
	answer, ok := errors.AsType[*textproto.Error](err)
	if ok && answer.Code/100 == 5 && answer.Code != 530 {
		return fmt.Errorf("%w: %w", description, ginauthmail.ErrPermanent)
	}
	return description
}

// explain says that it was the context that ended a conversation.
func explain(ctx context.Context, err error) error {
	if ctx.Err() == nil {
		return err
	}
	return fmt.Errorf("%w: %w", context.Cause(ctx), err)
}

// quotable is an answer in one short line.
func quotable(answer string) string {
	line := strings.Join(strings.FieldsFunc(answer, func(r rune) bool { return !unicode.IsGraphic(r) }), " ")
	if len(line) > maxQuote {
		line = strings.ToValidUTF8(line[:maxQuote], "") + "…"
	}
	return line
}

// enhancedCode is the code that may begin an answer, such as 5.7.1 (RFC 3463),
// after a space.
func enhancedCode(answer string) string {
	code, _, _ := strings.Cut(answer, " ")
	isCode := len(code) <= len("5.999.999") && strings.Count(code, ".") == 2 && strings.Trim(code, "0123456789.") == ""
	if !isCode {
		return ""
	}
	return " " + code
}
