package mail

import (
	"errors"
	"fmt"
	htmltemplate "html/template"
	"io"
	"strings"
	texttemplate "text/template"
)

// Kinds are the mails that ginauth sends; the first four carry a link.
func Kinds() []string {
	return []string{
		"confirm", "change", "reset", "admin_reset",
		"notice_change_requested", "notice_address_changed", "notice_password_changed", "notice_password_reset", "notice_address_taken",
	}
}

// hasLink reports whether mails of a kind carry a link.
func hasLink(kind string) bool { return !strings.HasPrefix(kind, "notice_") }

// Templates replace what mails say. A template is named after the kind of mail that it
// writes, see [Kinds], and one for the subject has .subject after that: "reset" and
// "reset.subject". A mail without a template stays as it is.
type Templates struct {
	// Application is how people know the application. It is in all mails and on the
	// pages that links lead to; without one, Config.PublicURL is.
	Application string
	// Text has templates for the subjects and the plain text.
	Text *texttemplate.Template
	// HTML has templates for the same mails in HTML, which are sent beside the text.
	HTML *htmltemplate.Template
}

// TemplateData is what templates get.
type TemplateData struct {
	// Application is that of Templates, PublicURL that of the configuration.
	Application, PublicURL string
	// Username is empty in mails to an address that is not known to be the user's: whoever
	// chose the name could send any sentence to anybody else.
	Username string
	// Link acts for the account until it is used; empty in notices. LinkTime is how long it
	// can be used, such as "an hour".
	Link, LinkTime string
}

// Validate writes each mail once. A mail that cannot be written, or has no link where one
// belongs, is found at the start and not when somebody waits for it.
func (t Templates) Validate() error {
	const link = "https://example.org/account/reset#token"
	for _, kind := range Kinds() {
		for _, username := range []string{"", "ada"} {
			data := TemplateData{Application: "Example", PublicURL: "https://example.org", Username: username}
			if hasLink(kind) {
				data.Link, data.LinkTime = link, "an hour"
			}
			message, err := t.Write(kind, Message{Subject: kind, Text: data.Link, HTML: data.Link}, data)
			switch {
			case err != nil:
				return err
			case !strings.Contains(message.Text, data.Link) || !strings.Contains(message.HTML, data.Link):
				return fmt.Errorf("the template %q has no {{.Link}}", kind)
			case strings.TrimSpace(message.Subject) == "" || strings.ContainsAny(message.Subject, "\r\n"):
				return fmt.Errorf("the template %q must write one line", kind+".subject")
			}
		}
	}
	return nil
}

// Write replaces those parts of a message of which there are templates.
func (t Templates) Write(kind string, message Message, data TemplateData) (Message, error) {
	var err error
	if t.Text != nil {
		err = errors.Join(write(t.Text.Lookup(kind+".subject"), &message.Subject, data), write(t.Text.Lookup(kind), &message.Text, data))
	}
	if t.HTML != nil {
		err = errors.Join(err, write(t.HTML.Lookup(kind), &message.HTML, data))
	}
	return message, err
}

// write executes a template, if there is one.
func write[T interface {
	comparable
	Execute(w io.Writer, data any) error
	Name() string
}](template T, into *string, data TemplateData) error {
	var none T
	if template == none {
		return nil
	}
	var text strings.Builder
	if err := template.Execute(&text, data); err != nil {
		return fmt.Errorf("the template %q: %w", template.Name(), err)
	}
	*into = text.String()
	return nil
}
