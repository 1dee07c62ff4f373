package users

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"time"

	"github.com/ginauth/ginauth/internal/ids"
	"github.com/ginauth/ginauth/internal/outbox"
	"github.com/ginauth/ginauth/internal/store"
	"github.com/ginauth/ginauth/internal/throttle"
	"github.com/ginauth/ginauth/mail"
	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/problem"
	"github.com/ginauth/ginauth/repository"
)

// Mails for one purpose to one user and to one email address: so many at once,
// and one more after each refill.
const mailsPerRecipient, recipientMailRefill = 5, 10 * time.Minute

// recipient is what mails are counted by: a user's id or their canonical email
// address, which many accounts may give in turn.
type recipient struct{ name, purpose string }

// mailer mails links with tokens, and notices of changes.
type mailer struct {
	directory
	tokens     *emailTokens
	outbox     *outbox.Outbox
	recipients *throttle.Buckets[recipient]
	publicURL  string
	templates  mail.Templates
	linkPath   func() string
	logger     *slog.Logger
	stop       context.CancelFunc // ends the reports of deliveries
}

// startMailer returns a mailer, which needs to be closed.
func startMailer(d directory, tokens *emailTokens, o Options) *mailer {
	ctx, stop := context.WithCancel(context.Background())
	m := &mailer{
		directory: d, tokens: tokens, recipients: throttle.NewBuckets[recipient](mailsPerRecipient, recipientMailRefill),
		publicURL: o.PublicURL, templates: o.Templates, linkPath: o.LinkPath, logger: o.Logger, stop: stop,
	}
	m.outbox = outbox.Start(o.Mailer, outbox.Options{
		Logger:    o.Logger,
		Failed:    func(userID, kind string, _ error) { m.noteDelivery(ctx, userID, kind, m.now()) },
		Delivered: func(userID, kind string) { m.noteDelivery(ctx, userID, kind, time.Time{}) },
	})
	return m
}

// noteDelivery keeps with the user since when mail cannot be delivered to them,
// for administrators to see; the zero time if it can. A mail to an address that
// is not the user's, or not any more, says nothing of that.
func (m *mailer) noteDelivery(ctx context.Context, userID, kind string, failed time.Time) {
	if strings.HasPrefix(kind, purposeChange) || strings.HasPrefix(kind, noticeFormer) {
		return
	}
	ctx, cancel := store.Context(ctx)
	defer cancel()
	if err := m.repo.NoteMailFailure(ctx, userID, failed); err != nil {
		m.logger.Warn("it could not be noted whether mail was delivered", "user_id", userID, "error", err)
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

// sendLink issues a token and mails it, unless the user or their address was
// mailed too often. It fails with the problem changed_meanwhile if they have
// another address by now.
func (m *mailer) sendLink(ctx context.Context, user models.User, purpose string) error {
	refund, err := m.take(ownEnvelope(user, purpose))
	if err != nil {
		return err
	}
	if err := m.sendUnlimited(ctx, user, purpose); err != nil {
		refund()
		return err
	}
	return nil
}

// take counts a mail of the user and to the address, whichever users have mail
// sent there.
func (m *mailer) take(to envelope) (refund func(), err error) {
	now := m.clock()
	wait, refund := throttle.All(
		func() (time.Duration, func()) { return m.recipients.Take(recipient{to.user.ID, to.purpose}, now) },
		func() (time.Duration, func()) {
			return m.recipients.Take(recipient{to.canonicalEmail, to.purpose}, now)
		},
	)
	if wait > 0 {
		return refund, problem.TooManyAttempts("Too many mails to this user or address.", wait)
	}
	return refund, nil
}

// sendUnlimited is sendLink without a limit.
func (m *mailer) sendUnlimited(ctx context.Context, to models.User, purpose string) error {
	user, err := m.stillAt(ctx, to)
	if err != nil {
		return err
	}
	text, err := m.tokens.add(ctx, ownEnvelope(user, purpose))
	if err != nil {
		return err
	}
	if err := m.enqueueLink(ownEnvelope(user, purpose), text); err != nil {
		m.tokens.withdraw(ctx, user.ID, text)
		return err
	}
	return nil
}

// enqueueLink has the link with a token mailed, as long as the token is usable.
func (m *mailer) enqueueLink(to envelope, token string) error {
	message, err := m.linkMessage(to, token)
	if err != nil {
		return err
	}
	return m.enqueue(to.user.ID, to.purpose, message, m.ifUsable(token, to.purpose))
}

// enqueue has a message mailed. Each message is of a kind of its own, since none
// replaces another.
func (m *mailer) enqueue(userID, kind string, message mail.Message, check outbox.Check) error {
	err := m.outbox.Enqueue(userID, kind+" "+ids.New(), message, check)
	if errors.Is(err, outbox.ErrFull) {
		return mailBusy()
	}
	return err
}

func mailBusy() *problem.Error {
	return problem.Unavailable("mail_busy", "Too many mails wait to be sent.")
}

// stillAt reads a user anew; the problem changed_meanwhile if they have another
// address.
func (m *mailer) stillAt(ctx context.Context, former models.User) (models.User, error) {
	user, err := m.byID(ctx, former.ID)
	if err == nil && user.CanonicalEmail != former.CanonicalEmail {
		err = userProblem(repository.ErrOutdated)
	}
	return user, err
}

// ifUsable keeps a mail from being sent whose token is good for nothing any more:
// the user may be deleted meanwhile, or have another address, and that through
// another node.
func (m *mailer) ifUsable(token, purpose string) outbox.Check {
	return func(ctx context.Context) error {
		_, _, err := m.tokens.find(ctx, token, purpose)
		return unwantedIf(problem.Is(err, "token_invalid"), err)
	}
}

// ifStillAt keeps a mail from being sent to a user who is deleted or has another
// address by now.
func (m *mailer) ifStillAt(user models.User) outbox.Check {
	return func(ctx context.Context) error {
		_, err := m.stillAt(ctx, user)
		return unwantedIf(isNotFound(err) || errors.Is(err, repository.ErrOutdated), err)
	}
}

// ifStillThere is ifStillAt for a mail to a former address.
func (m *mailer) ifStillThere(user models.User) outbox.Check {
	return func(ctx context.Context) error {
		_, err := m.byID(ctx, user.ID)
		return unwantedIf(isNotFound(err), err)
	}
}

func unwantedIf(isUnwanted bool, err error) error {
	if isUnwanted {
		return outbox.ErrUnwanted
	}
	return err
}

// notify tells users of a change of theirs at the address that they have, or had.
// The change is made already, so a mail that cannot be queued is logged alone. An
// address gets few notices, whatever they are of. Without a mailer nobody is told.
func (m *mailer) notify(kind string, user models.User) {
	if m == nil {
		return
	}
	check := m.ifStillAt(user)
	if kind == noticeFormer {
		check = m.ifStillThere(user)
	}
	wait, refund := m.recipients.Take(recipient{user.CanonicalEmail, "notice"}, m.clock())
	if wait > 0 {
		m.logger.Warn("a user is not told of a change: too many mails to this address", "user_id", user.ID, "kind", kind)
		return
	}
	if err := m.enqueueNotice(kind, user, check); err != nil {
		refund()
		m.logger.Warn("a user is not told of a change", "user_id", user.ID, "kind", kind, "error", err)
	}
}

// mailNewAddress mails the link to a new address, or if that is taken, a notice
// to its owner.
func (m *mailer) mailNewAddress(ctx context.Context, to envelope, token string) error {
	ctx, cancel := store.Context(ctx)
	defer cancel()
	owner, err := m.repo.UserByEmail(ctx, to.canonicalEmail)
	if isNotFound(err) {
		return m.enqueueLink(to, token)
	}
	if err != nil {
		return userProblem(err)
	}
	return m.enqueueNotice(noticeTaken, owner, m.ifStillAt(owner))
}

func (m *mailer) enqueueNotice(kind string, user models.User, check outbox.Check) error {
	message, err := m.noticeMessage(kind, user)
	if err != nil {
		return problem.From(err)
	}
	return m.enqueue(user.ID, kind, message, check)
}

// drop sends no more of what waits for the user.
func (m *mailer) drop(userID string) {
	if m != nil {
		m.outbox.Drop(userID)
	}
}

// close tries once what waits, until the context ends; the error says how much
// was not sent.
func (m *mailer) close(ctx context.Context) error {
	defer context.AfterFunc(ctx, m.stop)()
	defer m.stop()
	return m.outbox.Close(ctx)
}
