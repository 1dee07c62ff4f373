package ginauth

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/ginauth/ginauth/internal/outbox"
	"github.com/ginauth/ginauth/internal/throttle"
	"github.com/ginauth/ginauth/mail"
	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/repository"
)

const (
	// confirmTime and resetTime are how long tokens can be used.
	confirmTime, resetTime = 24 * time.Hour, time.Hour
	// Mails for one purpose to one user and to one email address, and mails that
	// one client asks for: so many at once, and one more after each refill.
	mailsPerRecipient, recipientMailRefill = 5, 10 * time.Minute
	mailsPerClient, clientMailRefill       = 20, time.Minute
	// Wrong tokens of one client, each of which may be a query.
	tokenGuesses, tokenRefill = 60, time.Second
)

// recipient is what mails are counted by: a user's id or their canonical email
// address, which many accounts may give in turn.
type recipient struct{ name, purpose string }

// letters are what it takes to mail tokens.
type letters struct {
	outbox     *outbox.Outbox
	recipients *throttle.Buckets[recipient]
	clients    *throttle.Throttle
	guesses    *throttle.Throttle // of tokens
	forgotten  chan forgotten
	closing    chan struct{}
	left       chan error         // of what was forgotten, when the rest was answered
	hangUp     context.CancelFunc // ends the looking up, and the reports of deliveries
}

// startLetters begins to send mail, if there is a mailer.
func (a *Auth) startLetters() {
	if a.config.Mailer == nil {
		return
	}
	ctx, hangUp := context.WithCancel(context.Background())
	a.letters = &letters{
		outbox: outbox.Start(a.config.Mailer, outbox.Options{
			Logger:    a.config.Logger,
			Failed:    func(userID string, _ error) { a.noteDelivery(ctx, userID, a.now()) },
			Delivered: func(userID string) { a.noteDelivery(ctx, userID, time.Time{}) },
		}),
		recipients: throttle.NewBuckets[recipient](mailsPerRecipient, recipientMailRefill),
		clients:    throttle.New(mailsPerClient, clientMailRefill),
		guesses:    throttle.New(tokenGuesses, tokenRefill),
		forgotten:  make(chan forgotten, maxForgotten), closing: make(chan struct{}), left: make(chan error, 1), hangUp: hangUp,
	}
	go a.answerForgotten(ctx)
}

// noteDelivery keeps with the user since when mail cannot be delivered to them,
// for administrators to see; the zero time if it can.
func (a *Auth) noteDelivery(ctx context.Context, userID string, failed time.Time) {
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	if err := a.repo.NoteMailFailure(ctx, userID, failed); err != nil {
		a.config.Logger.Warn("it could not be noted whether mail was delivered", "user_id", userID, "error", err)
	}
}

func isProblem(err error, code string) bool {
	var p Problem
	return errors.As(err, &p) && p.Code == code
}

// mailToken issues a token and mails it, unless the user or their address was
// mailed too often. ErrOutdated if they have another address by now.
func (a *Auth) mailToken(ctx context.Context, user models.User, purpose string) error {
	now := a.now()
	wait, giveBack := throttle.All(
		func() (time.Duration, func()) { return a.letters.recipients.Take(recipient{user.ID, purpose}, now) },
		func() (time.Duration, func()) {
			return a.letters.recipients.Take(recipient{user.CanonicalEmail, purpose}, now)
		},
	)
	if wait > 0 {
		return tooManyAttempts("Too many mails to this user or address.", wait)
	}
	if err := a.sendToken(ctx, user, purpose); err != nil {
		giveBack()
		return err
	}
	return nil
}

// sendToken is mailToken without a limit.
func (a *Auth) sendToken(ctx context.Context, to models.User, purpose string) error {
	user, err := a.userStillAt(ctx, to)
	if err != nil {
		return err
	}
	token, err := a.addToken(ctx, user, purpose)
	if err != nil {
		return err
	}
	message, err := a.messageOf(user, purpose, token)
	if err == nil {
		err = queued(a.letters.outbox.Enqueue(user.ID, purpose, message, a.isStillGood(token, purpose)))
	}
	if err != nil {
		a.withdrawToken(ctx, user, token)
	}
	return err
}

// userStillAt reads a user anew; ErrOutdated if they have another address.
func (a *Auth) userStillAt(ctx context.Context, former models.User) (models.User, error) {
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	user, err := a.repo.UserByID(ctx, former.ID)
	if err == nil && user.CanonicalEmail != former.CanonicalEmail {
		err = repository.ErrOutdated
	}
	return user, asUser(err)
}

// isStillGood keeps a mail from being sent whose token is good for nothing any
// more: the user may be deleted meanwhile, or have another address, and that
// through another node.
func (a *Auth) isStillGood(token, purpose string) outbox.Check {
	return func(ctx context.Context) error {
		_, err := a.tokenHolder(ctx, token, purpose)
		if isProblem(err, "token_invalid") {
			return outbox.ErrUnwanted
		}
		return err
	}
}

// forgetLetters sends no more of what waits for the user.
func (a *Auth) forgetLetters(userID string) {
	if a.letters != nil {
		a.letters.outbox.Drop(userID)
	}
}

func queued(err error) error {
	if errors.Is(err, outbox.ErrFull) {
		return mailBusy()
	}
	return err
}

func mailBusy() Problem { return outage("mail_busy", "Too many mails wait to be sent.") }

func timeOf(purpose string) time.Duration {
	if purpose == purposeReset {
		return resetTime
	}
	return confirmTime
}

// messageOf writes the mail that carries a token. The token is in the link's
// fragment, which no browser sends to a server, so that it is in no log.
func (a *Auth) messageOf(user models.User, purpose, token string) (mail.Message, error) {
	paths := a.AccountPaths()
	if len(paths) == 0 {
		return mail.Message{}, errors.New("mails have nothing to link to: RegisterAccount was not called")
	}
	base := a.config.PublicURL + strings.TrimRight(paths[0], "/")
	if purpose == purposeReset {
		return mail.Message{To: user.Email, Subject: "Your new password", Text: fmt.Sprintf(resetText, accountOf(user), base, token)}, nil
	}
	return mail.Message{To: user.Email, Subject: "Please confirm your address", Text: fmt.Sprintf(confirmText, accountOf(user), base, token)}, nil
}

// accountOf names the account in a mail, so that nobody confirms or takes over
// one that is not theirs without noticing. A name of which a mail program would
// make a link is left out: whoever chose it could send it to anybody in the
// application's name.
func accountOf(user models.User) string {
	if strings.ContainsAny(user.CanonicalUsername, "./") {
		return "an account"
	}
	return fmt.Sprintf("the account %q", user.CanonicalUsername)
}

const (
	resetText = "Somebody, probably you, wants to set a new password for %s.\n\n" +
		"To do so, open this link within an hour:\n\n%s/reset#%s\n\n" +
		"If it was not you, there is nothing to do.\n"
	confirmText = "Somebody, probably you, has given this address for %s.\n\n" +
		"To confirm that it is yours, open this link within a day:\n\n%s/confirm#%s\n\n" +
		"If it was not you, do not: who made the account knows its password.\n"
)
