package ginauth

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/problem"
)

const (
	// maxForgotten bounds how many requests for a new password wait.
	maxForgotten = 1000
	// forgottenPause is between attempts when one has failed.
	forgottenPause = time.Second
)

// forgotten is a request for a new password. Its user is looked up apart from
// it, so that how long that takes tells nobody whether there is one.
type forgotten struct {
	email   string // canonical
	date    time.Time
	address string // of the client
	isKnown bool   // the password was right from there lately
	// failures is how often it was tried; the first one and the end are logged.
	failures int
}

func (a *Auth) forgottenBy(email, address string) forgotten {
	now := a.config.Now() // with the monotonic reading: what waits is limited by it
	return forgotten{email: email, date: now, address: address, isKnown: a.proofs.Knows(loginOf(email), address, now)}
}

// takeRequest counts a request for a new password, by its client. Those from
// where the password was right lately are counted apart, so that nobody who
// shares the client's address can use up what the user has.
func (l *letters) takeRequest(f forgotten) (wait time.Duration) {
	if f.isKnown {
		wait, _ = l.known.Take(loginOf(f.email), f.date)
		return wait
	}
	wait, _ = l.clients.Take(f.address, f.date)
	return wait
}

// take queues the request, unless too many wait.
func (l *letters) take(f forgotten) error {
	select {
	case l.forgotten <- f:
		return nil
	default:
		return mailBusy()
	}
}

// answerForgotten mails those who have forgotten their password, and tries
// again what fails. It ends when the letters are closed, and says how many it
// leaves.
func (a *Auth) answerForgotten(ctx context.Context) {
	for {
		select {
		case <-a.letters.closing:
			a.letters.left <- a.answerLast(ctx)
			return
		case f := <-a.letters.forgotten:
			if err := a.answerOne(ctx, f); err != nil {
				a.answerLater(f, err)
			}
		}
	}
}

// answerLater puts a request back behind the others, after a pause, until the
// link would have lost its use.
func (a *Auth) answerLater(f forgotten, err error) {
	f.failures++
	if a.config.Now().Sub(f.date) > linkTime {
		a.config.Logger.Error("a new password is not mailed", "failures", f.failures, "error", err)
		return
	}
	if f.failures == 1 {
		a.config.Logger.Warn("a new password cannot be mailed; it is tried again", "error", err)
	}
	select {
	case <-a.letters.closing:
	case <-time.After(forgottenPause):
	}
	if a.letters.take(f) != nil {
		a.config.Logger.Error("a new password is not mailed", "failures", f.failures, "error", err)
	}
}

// answerLast tries once what is left, and returns how many that was in vain for.
func (a *Auth) answerLast(ctx context.Context) error {
	failed := 0
	for range len(a.letters.forgotten) {
		f := <-a.letters.forgotten
		if err := a.answerOne(ctx, f); err != nil {
			failed++
		}
	}
	if failed > 0 {
		return fmt.Errorf("%d new passwords were not mailed", failed)
	}
	return nil
}

// answerOne mails a link to a new password. Whether there is such a user is for
// nobody to know, nor that they were mailed too often.
func (a *Auth) answerOne(ctx context.Context, f forgotten) error {
	user, err := a.userOf(ctx, f.email)
	if isNotFound(err) || (err == nil && user.IsDisabled()) {
		return nil
	}
	if err != nil {
		return err
	}
	err = a.mailToken(ctx, user, a.purposeFor(f, user))
	if problem.Is(err, "too_many_attempts") || problem.Is(err, "user_not_found") {
		return nil
	}
	return err
}

// purposeFor counts a link apart from those that others ask for, if the client's
// address is known to this user. One that is known to a former owner of the
// login is not.
func (a *Auth) purposeFor(f forgotten, user models.User) string {
	if f.isKnown && !a.proofs.Disown(loginOf(f.email), user.ID, f.address) {
		return purposeKnownReset
	}
	return purposeReset
}

// closeLetters tries once what waits, until the context ends; the error says
// how much was not sent.
func (a *Auth) closeLetters(ctx context.Context) error {
	if a.letters == nil {
		return nil
	}
	defer context.AfterFunc(ctx, a.letters.hangUp)()
	defer a.letters.hangUp()
	close(a.letters.closing)
	return errors.Join(<-a.letters.left, a.letters.outbox.Close(ctx))
}
