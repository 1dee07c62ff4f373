// Package outbox sends mail in the background and tries again what fails.
package outbox

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/ginauth/ginauth/mail"
)

var (
	// ErrFull is returned by Enqueue if too many messages wait already.
	ErrFull = errors.New("too many messages wait to be sent")
	// ErrClosed is returned by Enqueue after Close.
	ErrClosed = errors.New("the outbox is closed")
	// ErrUnwanted is what a Check returns of a message that is to be sent no more.
	ErrUnwanted = errors.New("nobody wants the message any more")
	// ErrGivenUp is wrapped by an error after which a message is not tried again.
	ErrGivenUp = errors.New("the message is not sent")
)

// defaultSize is how many messages wait at most, about 8 KiB each.
const defaultSize = 1000

// Options of an outbox; all of them may be left out.
type Options struct {
	// Size is how many messages may wait or be under way; 1000 if 0.
	Size int
	// Logger receives failures and recoveries, with the user's id and without
	// the message; slog.Default() if nil.
	Logger *slog.Logger
	// Failed is called after a message's first failed attempt, if it is tried
	// again, and once more if it is given up, then with an error that wraps
	// ErrGivenUp.
	Failed func(userID, kind string, err error)
	// Delivered is called after a message was sent. Each message ends with
	// either this or an ErrGivenUp, unless it was dropped or a newer one took its
	// place; nothing is said of a message after that. Both functions are called
	// by goroutines of the outbox, one at a time and in the order of events. They
	// must return in time and must not call Close, which waits for them.
	Delivered func(userID, kind string)
}

// limits are apart from Options, so that tests can change them.
type limits struct {
	senders               int           // how many messages are under way at once
	attempt               time.Duration // bounds one attempt
	firstPause, lastPause time.Duration // between attempts, doubling
	giveUp                time.Duration // after Enqueue
}

func defaultLimits() limits {
	return limits{senders: 4, attempt: 30 * time.Second, firstPause: time.Second, lastPause: 5 * time.Minute, giveUp: 4 * time.Hour}
}

// Outbox sends messages, a few at a time, so that a slow one does not hold up
// the others. It is safe for concurrent use. Waiting messages are in memory only
// and lost if the process dies.
type Outbox struct {
	mailer   mail.Mailer
	options  Options
	limits   limits
	senders  chan struct{} // holds one for each message under way
	messages sync.WaitGroup
	ctx      context.Context // of all messages
	cancel   context.CancelCauseFunc
	closing  chan struct{}

	// reporting allows one call of Failed or Delivered at a time. Where both are
	// held, it is locked before mu.
	reporting sync.Mutex

	mu     sync.Mutex
	queue  map[topic]*pending
	closed bool
	unsent int // of those that were left when it was closed
}

// Check is asked before each attempt whether a message is still to be sent.
// ErrUnwanted drops it without a word; any other error counts as a failed
// attempt.
type Check func(ctx context.Context) error

// topic is what one message can be queued for at a time.
type topic struct{ userID, kind string }

// pending is a message that waits or is under way, with a goroutine of its own.
type pending struct {
	topic
	message mail.Message
	check   Check
	cancel  context.CancelFunc

	// For its own goroutine: the failed attempts before the latest one, and whether
	// the first was reported.
	failures   int
	isReported bool
}

// Start returns an outbox, which must be closed.
func Start(mailer mail.Mailer, options Options) *Outbox {
	return start(mailer, options, defaultLimits())
}

func start(mailer mail.Mailer, options Options, limits limits) *Outbox {
	ctx, cancel := context.WithCancelCause(context.Background())
	return &Outbox{
		mailer: mailer, options: options.withDefaults(), limits: limits, senders: make(chan struct{}, limits.senders),
		ctx: ctx, cancel: cancel, closing: make(chan struct{}), queue: map[topic]*pending{},
	}
}

func (o Options) withDefaults() Options {
	if o.Size == 0 {
		o.Size = defaultSize
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	if o.Failed == nil {
		o.Failed = func(string, string, error) {}
	}
	if o.Delivered == nil {
		o.Delivered = func(string, string) {}
	}
	return o
}

// Enqueue sends the message soon and does not wait for it. A message of the
// same kind that waits for the same user is sent no more, since the new one
// says the same; if it is under way, it is broken off. That takes no further
// room, so only others get ErrFull.
func (o *Outbox) Enqueue(userID, kind string, message mail.Message, check Check) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	topic := topic{userID, kind}
	older := o.queue[topic]
	switch {
	case o.closed:
		return ErrClosed
	case older != nil:
		older.cancel()
	case len(o.queue) >= o.options.Size:
		return ErrFull
	}
	// The context is also the clock: it ends when the message is given up.
	ctx, cancel := context.WithTimeout(o.ctx, o.limits.giveUp)
	l := &pending{topic: topic, message: message, check: check, cancel: cancel}
	o.queue[topic] = l
	o.messages.Go(func() { o.deliver(ctx, l) })
	return nil
}

// Drop removes the messages that wait for the user, and cancels those under way.
func (o *Outbox) Drop(userID string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for topic, message := range o.queue {
		if topic.userID == userID {
			message.cancel()
			delete(o.queue, topic)
		}
	}
}

// Close takes no more messages, tries once at once what waits, and returns when
// all are sent or given up, soon after the end of the context at the latest.
// The error says how many were left and not sent. Closing again returns the
// same.
func (o *Outbox) Close(ctx context.Context) error {
	o.stopTaking()
	stop := context.AfterFunc(ctx, func() { o.cancel(ErrClosed) })
	defer stop()
	o.messages.Wait()
	o.cancel(ErrClosed)
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.unsent > 0 {
		return fmt.Errorf("%d messages were not sent", o.unsent)
	}
	return nil
}

func (o *Outbox) stopTaking() {
	o.mu.Lock()
	defer o.mu.Unlock()
	if !o.closed {
		o.closed = true
		close(o.closing)
	}
}
