package ginauth

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/ginauth/ginauth/internal/outbox"
	"github.com/ginauth/ginauth/internal/throttle"
	"github.com/ginauth/ginauth/mail"
	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/problem"
	"github.com/ginauth/ginauth/repository"
)

const (
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
	known      *throttle.Buckets[string] // requests for links from known addresses, by login
	guesses    *throttle.Throttle        // of tokens
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
			Failed:    func(userID, kind string, _ error) { a.noteDelivery(ctx, userID, kind, a.now()) },
			Delivered: func(userID, kind string) { a.noteDelivery(ctx, userID, kind, time.Time{}) },
		}),
		recipients: throttle.NewBuckets[recipient](mailsPerRecipient, recipientMailRefill),
		clients:    throttle.New(mailsPerClient, clientMailRefill),
		known:      throttle.NewBuckets[string](mailsPerClient, clientMailRefill),
		guesses:    throttle.New(tokenGuesses, tokenRefill),
		forgotten:  make(chan forgotten, maxForgotten), closing: make(chan struct{}), left: make(chan error, 1), hangUp: hangUp,
	}
	go a.answerForgotten(ctx)
}

// noteDelivery keeps with the user since when mail cannot be delivered to them,
// for administrators to see; the zero time if it can. A mail to an address that
// is not the user's, or not any more, says nothing of that.
func (a *Auth) noteDelivery(ctx context.Context, userID, kind string, failed time.Time) {
	if strings.HasPrefix(kind, purposeChange) || strings.HasPrefix(kind, noticeFormer) {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	if err := a.repo.NoteMailFailure(ctx, userID, failed); err != nil {
		a.config.Logger.Warn("it could not be noted whether mail was delivered", "user_id", userID, "error", err)
	}
}

// envelope says where a mail with a token goes, what the token is for, and whose
// it is.
type envelope struct {
	user                  models.User
	purpose               string
	email, canonicalEmail string
}

// ownEnvelope is addressed to the user's address in effect.
func ownEnvelope(user models.User, purpose string) envelope {
	return envelope{user, purpose, user.Email, user.CanonicalEmail}
}

// mailToken issues a token and mails it, unless the user or their address was
// mailed too often. ErrOutdated if they have another address by now.
func (a *Auth) mailToken(ctx context.Context, user models.User, purpose string) error {
	refund, err := a.takeMail(ownEnvelope(user, purpose))
	if err != nil {
		return err
	}
	if err := a.sendToken(ctx, user, purpose); err != nil {
		refund()
		return err
	}
	return nil
}

// takeMail counts a mail of the user and to the address, whichever users have
// mail sent there.
func (a *Auth) takeMail(to envelope) (refund func(), err error) {
	now := a.config.Now()
	wait, refund := throttle.All(
		func() (time.Duration, func()) {
			return a.letters.recipients.Take(recipient{to.user.ID, to.purpose}, now)
		},
		func() (time.Duration, func()) {
			return a.letters.recipients.Take(recipient{to.canonicalEmail, to.purpose}, now)
		},
	)
	if wait > 0 {
		return refund, problem.TooManyAttempts("Too many mails to this user or address.", wait)
	}
	return refund, nil
}

// sendToken is mailToken without a limit.
func (a *Auth) sendToken(ctx context.Context, to models.User, purpose string) error {
	user, err := a.userStillAt(ctx, to)
	if err != nil {
		return err
	}
	text, err := a.addToken(ctx, ownEnvelope(user, purpose))
	if err != nil {
		return err
	}
	if err := a.enqueueLink(ownEnvelope(user, purpose), text); err != nil {
		a.withdrawToken(ctx, user.ID, text)
		return err
	}
	return nil
}

// enqueueLink has the link with a token mailed, as long as the token is usable.
func (a *Auth) enqueueLink(to envelope, token string) error {
	message, err := a.linkMessage(to, token)
	if err != nil {
		return err
	}
	return a.enqueue(to.user.ID, to.purpose, message, a.isStillGood(token, to.purpose))
}

// enqueue has a message mailed. Each message is of a kind of its own, since none
// replaces another.
func (a *Auth) enqueue(userID, kind string, message mail.Message, check outbox.Check) error {
	return queued(a.letters.outbox.Enqueue(userID, kind+" "+newID(), message, check))
}

// userStillAt reads a user anew; ErrOutdated if they have another address.
func (a *Auth) userStillAt(ctx context.Context, former models.User) (models.User, error) {
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	user, err := a.repo.UserByID(ctx, former.ID)
	if isNotFound(err) {
		return user, userNotFound()
	}
	if err == nil && user.CanonicalEmail != former.CanonicalEmail {
		err = repository.ErrOutdated
	}
	return user, err
}

// isStillGood keeps a mail from being sent whose token is good for nothing any
// more: the user may be deleted meanwhile, or have another address, and that
// through another node.
func (a *Auth) isStillGood(token, purpose string) outbox.Check {
	return func(ctx context.Context) error {
		_, _, err := a.findToken(ctx, token, purpose)
		if problem.Is(err, "token_invalid") {
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

func mailBusy() *problem.Error {
	return problem.Unavailable("mail_busy", "Too many mails wait to be sent.")
}
