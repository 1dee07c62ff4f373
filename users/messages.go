package users

import (
	"cmp"
	"errors"
	"fmt"
	"strings"

	"github.com/ginauth/ginauth/mail"
	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/problem"
)

// These are the notices to an owner. A kind that begins with noticeFormer goes to an
// address that is not the user's any more.
const (
	noticeRequested = "notice.email_requested"
	noticeFormer    = "notice.former"
	noticePassword  = "notice.password"
	noticeReset     = "notice.reset"
	noticeTaken     = "notice.taken"
)

// linkMessage writes the mail that carries a token. The token is in the link's
// fragment, which no browser sends to a server, so that it is in no log.
func (m *mailer) linkMessage(to envelope, token string) (mail.Message, error) {
	path := m.linkPath()
	if path == "" {
		return mail.Message{}, problem.From(errors.New("mails have nothing to link to: RegisterAccount was not called"))
	}
	text := newLinkText(to.purpose)
	data := m.data(to.user, to.canonicalEmail)
	data.Link, data.LinkTime = m.publicURL+strings.TrimRight(path, "/")+text.page+"#"+token, text.time
	message := mail.Message{To: to.email, Subject: text.subject, Text: fmt.Sprintf(text.body, account(data), data.Link)}
	message, err := m.templates.Write(text.kind, message, data)
	if err != nil {
		return mail.Message{}, problem.From(err)
	}
	return message, nil
}

// linkText is what a mail with a link says, and the page that the link leads to.
type linkText struct{ kind, subject, page, time, body string }

func newLinkText(purpose string) linkText {
	switch purpose {
	case purposeConfirm:
		return linkText{kind: "confirm", subject: "Please confirm your address", page: "/confirm", time: "a day", body: confirmText}
	case purposeChange:
		return linkText{kind: "change", subject: "Please confirm your new address", page: "/confirm", time: "an hour", body: changeText}
	case purposeAdminReset:
		return linkText{kind: "admin_reset", subject: "Your password was made invalid", page: "/reset", time: "an hour", body: adminResetText}
	default:
		return linkText{kind: "reset", subject: "Your new password", page: "/reset", time: "an hour", body: resetText}
	}
}

const (
	resetText = "Somebody, probably you, wants to set a new password for %s.\n\n" +
		"To do so, open this link within an hour:\n\n%s\n\n" +
		"If it was not you, there is nothing to do.\n"
	adminResetText = "An administrator has made the password invalid of %s.\n\n" +
		"Nobody can log in with it any more. To set a new one, open this link within an hour:\n\n%s\n\n" +
		"After that, ask for another link: say that you have forgotten your password.\n"
	confirmText = "Somebody, probably you, has given this address for %s.\n\n" +
		"To confirm that it is yours, open this link within a day:\n\n%s\n\n" +
		"If it was not you, do not: who made the account knows its password.\n"
	changeText = "Somebody, probably you, wants to use this address for %s.\n\n" +
		"To do so, open this link within an hour and log in:\n\n%s\n\n" +
		"If it was not you, there is nothing to do: without the link nothing changes.\n"
)

// noticeMessage writes the mail that tells an owner of something. It holds no
// link, and nothing that the person who did it has chosen.
func (m *mailer) noticeMessage(kind string, user models.User) (mail.Message, error) {
	text, data := newNoticeText(kind), m.data(user, user.CanonicalEmail)
	message := mail.Message{To: user.Email, Subject: text.subject, Text: fmt.Sprintf(text.body, account(data))}
	return m.templates.Write(text.kind, message, data)
}

// noticeText is what a notice says.
type noticeText struct{ kind, subject, body string }

func newNoticeText(kind string) noticeText {
	switch kind {
	case noticeRequested:
		return noticeText{kind: "notice_change_requested", subject: "A new address was asked for", body: requestedText}
	case noticeFormer:
		return noticeText{kind: "notice_address_changed", subject: "Your address was changed", body: formerText}
	case noticePassword:
		return noticeText{kind: "notice_password_changed", subject: "Your password was changed", body: passwordText}
	case noticeReset:
		return noticeText{kind: "notice_password_reset", subject: "Your password was set anew", body: passwordResetText}
	default:
		return noticeText{kind: "notice_address_taken", subject: "Somebody gave your address", body: takenText}
	}
}

const (
	requestedText = "Somebody, probably you, has logged in and asked for another email address for %s.\n\n" +
		"This address stays in effect until the other one is confirmed.\n\n" + notYou
	formerText = "Another email address is in effect from now on for %s.\n\n" +
		"No more mail will come to this one.\n\n" +
		"If it was not you, tell those who run the application at once: somebody else knows your password.\n"
	passwordText      = "Somebody, probably you, has logged in and set a new password for %s.\n\n" + notYou
	passwordResetText = "Somebody, probably you, has set a new password by a mailed link for %s.\n\n" + notYou
	takenText         = "Somebody who is logged in to another account wants to use this address, which belongs to %s.\n\n" +
		"They were not told so, and nothing has changed. If it was you, use another address for that account. " +
		"If it was not you, there is nothing to do.\n"
)

const notYou = "If it was not you, somebody else knows your password: ask for a new one, by saying that you have forgotten it.\n"

// data is what a mail to an address may say of an account. A username is named to
// the owner of the account alone, who has confirmed the address: the person who chose
// it could send any sentence to anybody else in the application's name. A name of
// which a mail program would make a link is left out there, too.
func (m *mailer) data(user models.User, canonicalEmail string) mail.TemplateData {
	data := mail.TemplateData{Application: cmp.Or(m.templates.Application, m.publicURL), PublicURL: m.publicURL}
	isOwners := user.IsConfirmed() && canonicalEmail == user.CanonicalEmail
	if isOwners && !strings.ContainsAny(user.CanonicalUsername, "./") {
		data.Username = user.CanonicalUsername
	}
	return data
}

// account names the account in a sentence.
func account(data mail.TemplateData) string {
	place := data.PublicURL
	if data.Application != data.PublicURL {
		place = data.Application + " (" + data.PublicURL + ")"
	}
	if data.Username == "" {
		return "an account at " + place
	}
	return fmt.Sprintf("the account %q at %s", data.Username, place)
}
