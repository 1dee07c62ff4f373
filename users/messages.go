package users

import (
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
	subject, page, text := linkText(to.purpose)
	link := m.publicURL + strings.TrimRight(path, "/") + page + "#" + token
	return mail.Message{To: to.email, Subject: subject, Text: fmt.Sprintf(text, m.account(to.user, to.canonicalEmail), link)}, nil
}

func linkText(purpose string) (subject, page, text string) {
	switch purpose {
	case purposeConfirm:
		return "Please confirm your address", "/confirm", confirmText
	case purposeChange:
		return "Please confirm your new address", "/confirm", changeText
	case purposeAdminReset:
		return "Your password was made invalid", "/reset", adminResetText
	default:
		return "Your new password", "/reset", resetText
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
func (m *mailer) noticeMessage(kind string, user models.User) mail.Message {
	subject, text := noticeText(kind)
	return mail.Message{To: user.Email, Subject: subject, Text: fmt.Sprintf(text, m.account(user, user.CanonicalEmail))}
}

func noticeText(kind string) (subject, text string) {
	switch kind {
	case noticeRequested:
		return "A new address was asked for", "Somebody, probably you, has logged in and asked for another email address for %s.\n\n" +
			"This address stays in effect until the other one is confirmed.\n\n" + notYou
	case noticeFormer:
		return "Your address was changed", "Another email address is in effect from now on for %s.\n\n" +
			"No more mail will come to this one.\n\n" +
			"If it was not you, tell those who run the application at once: somebody else knows your password.\n"
	case noticePassword:
		return "Your password was changed", "Somebody, probably you, has logged in and set a new password for %s.\n\n" + notYou
	case noticeReset:
		return "Your password was set anew", "Somebody, probably you, has set a new password by a mailed link for %s.\n\n" + notYou
	default:
		return "Somebody gave your address", "Somebody who is logged in to another account wants to use this address, which belongs to %s.\n\n" +
			"They were not told so, and nothing has changed. If it was you, use another address for that account. " +
			"If it was not you, there is nothing to do.\n"
	}
}

const notYou = "If it was not you, somebody else knows your password: ask for a new one, by saying that you have forgotten it.\n"

// account names the account in a mail to an address. A username is named to
// the owner of the account alone, who has confirmed the address: the person who chose
// it could send any sentence to anybody else in the application's name. A name of
// which a mail program would make a link is left out there, too.
func (m *mailer) account(user models.User, canonicalEmail string) string {
	isOwners := user.IsConfirmed() && canonicalEmail == user.CanonicalEmail
	if !isOwners || strings.ContainsAny(user.CanonicalUsername, "./") {
		return "an account at " + m.publicURL
	}
	return fmt.Sprintf("the account %q at %s", user.CanonicalUsername, m.publicURL)
}
