package mail

import (
	"cmp"
	"errors"
	"fmt"
	htmltemplate "html/template"
	"io"
	"slices"
	"strconv"
	"strings"
	texttemplate "text/template"
	"text/template/parse"
	"unicode"
	"unicode/utf8"
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
	// Username is empty in mails to an address that is not known to be the user's: the
	// person who chose the name could send any sentence to anybody else.
	Username string
	// Link acts for the account until it is used; empty in notices. LinkTime is how long it
	// can be used, such as "an hour".
	Link, LinkTime string
}

// maxSubject is how many characters a subject or a name may have; a line of a mail may have
// 998 bytes (RFC 5322, section 2.1.1).
const maxSubject = 200

// Validate writes each mail once. A mail that cannot be written, or has no link where one
// belongs, and a template that no mail uses, are found at the start and not when somebody
// waits for a mail.
func (t Templates) Validate() error {
	if !isLine(t.Application) {
		return errors.New("the name of the application must be one line of printable characters")
	}
	if err := t.checkNames(); err != nil {
		return err
	}
	for _, kind := range Kinds() {
		for _, username := range []string{"", "ada"} {
			if err := t.try(kind, username); err != nil {
				return err
			}
		}
	}
	return nil
}

// checkNames refuses templates that no mail uses, directly or in another template: a
// misspelt one would have no effect.
func (t Templates) checkNames() error {
	known := map[string]bool{}
	for _, kind := range Kinds() {
		known[kind], known[kind+".subject"] = true, true
	}
	if t.Text != nil {
		for _, defined := range t.Text.Templates() {
			if name := defined.Name(); saysSomething(defined.Tree) && !known[name] && !uses(t.Text.Templates(), name) {
				return fmt.Errorf("the template %q is of no mail; there are %s", name, strings.Join(Kinds(), ", "))
			}
		}
	}
	if t.HTML == nil {
		return nil
	}
	for _, defined := range t.HTML.Templates() {
		name := defined.Name()
		if isSubject := strings.HasSuffix(name, ".subject"); saysSomething(defined.Tree) && (isSubject || !known[name] && !usesHTML(t.HTML.Templates(), name)) {
			return fmt.Errorf("the template %q in HTML is of no mail; there are %s", name, strings.Join(Kinds(), ", "))
		}
	}
	return nil
}

// saysSomething is false for what holds definitions alone.
func saysSomething(tree *parse.Tree) bool { return tree != nil && !parse.IsEmptyTree(tree.Root) }

func uses(templates []*texttemplate.Template, name string) bool {
	return slices.ContainsFunc(templates, func(t *texttemplate.Template) bool {
		return t.Tree != nil && strings.Contains(t.Root.String(), "{{template "+strconv.Quote(name))
	})
}

func usesHTML(templates []*htmltemplate.Template, name string) bool {
	return slices.ContainsFunc(templates, func(t *htmltemplate.Template) bool {
		return t.Tree != nil && strings.Contains(t.Tree.Root.String(), "{{template "+strconv.Quote(name))
	})
}

// try writes one mail.
func (t Templates) try(kind, username string) error {
	const link, url = "https://example.org/account/reset#token", "https://example.org"
	data := TemplateData{Application: cmp.Or(t.Application, url), PublicURL: url, Username: username}
	given := Message{Subject: kind, Text: kind, HTML: kind}
	if hasLink(kind) {
		data.Link, data.LinkTime = link, "an hour"
		given.Text, given.HTML = link, link
	}
	message, err := t.Write(kind, given, data)
	switch {
	case err != nil:
		return err
	case strings.TrimSpace(message.Text) == "" || strings.TrimSpace(message.HTML) == "":
		return fmt.Errorf("the template %q writes nothing", kind)
	case hasLink(kind) && (!holdsLink(message.Text, link) || !holdsLink(message.HTML, link)):
		return fmt.Errorf("the template %q has no {{.Link}} that stands by itself", kind)
	case strings.TrimSpace(message.Subject) == "" || !isLine(message.Subject):
		return fmt.Errorf("the template %q must write one line of at most %d characters", kind+".subject", maxSubject)
	}
	return nil
}

// holdsLink reports whether a text holds a link to which nothing is added.
func holdsLink(text, link string) bool {
	_, after, ok := strings.Cut(text, link)
	next, _ := utf8.DecodeRuneInString(after)
	return ok && !unicode.IsLetter(next) && !unicode.IsDigit(next)
}

// isLine reports whether a text can stand in a header: no control characters, and none by
// which it would be shown in another order than it is written.
func isLine(text string) bool {
	return utf8.ValidString(text) && utf8.RuneCountInString(text) <= maxSubject &&
		!strings.ContainsFunc(text, func(r rune) bool { return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp) })
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
