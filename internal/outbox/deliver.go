package outbox

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime/debug"
	"time"

	"github.com/ginauth/ginauth/mail"
)

// deliver goes through a message's life.
func (o *Outbox) deliver(ctx context.Context, p *pending) {
	defer p.cancel()
	err := o.attempt(ctx, p)
	if o.isRetried(err) {
		o.reportFailure(p, err)
		err = o.retry(ctx, p, err)
	}
	o.reportEnd(p, err)
}

// attempt waits for its turn and sends the message once.
func (o *Outbox) attempt(ctx context.Context, p *pending) error {
	select {
	case o.senders <- struct{}{}:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	defer func() { <-o.senders }()
	ctx, cancel := context.WithTimeout(ctx, o.limits.attempt)
	defer cancel()
	if err := p.check(ctx); err != nil {
		return err
	}
	return o.send(ctx, p.message)
}

// send hands the message over. A mailer that panics would end the process; what
// it says then is not repeated, since it may be of the message.
func (o *Outbox) send(ctx context.Context, message mail.Message) (err error) {
	defer func() {
		if recover() != nil {
			err = fmt.Errorf("the mailer panicked:\n%s", debug.Stack())
		}
	}()
	return o.mailer.Send(ctx, message)
}

// isRetried is asked after an attempt. Once the outbox is being closed, what
// fails is not tried again.
func (o *Outbox) isRetried(err error) bool {
	if err == nil || errors.Is(err, mail.ErrPermanent) || errors.Is(err, ErrUnwanted) {
		return false
	}
	select {
	case <-o.closing:
		return false
	default:
		return true
	}
}

// retry tries until the context ends, which is when the message is given up or
// replaced, and returns the last attempt's error.
func (o *Outbox) retry(ctx context.Context, p *pending, err error) error {
	pause := o.limits.firstPause
	for o.isRetried(err) {
		o.wait(ctx, pause)
		if ctx.Err() != nil {
			return err
		}
		p.failures++
		err = o.attempt(ctx, p)
		pause = min(2*pause, o.limits.lastPause)
	}
	return err
}

// wait takes from half the pause to all of it, so that what failed together is
// not tried again together.
func (o *Outbox) wait(ctx context.Context, pause time.Duration) {
	timer := time.NewTimer(pause/2 + rand.N(pause/2)) //nolint:gosec // spreads load, no secret
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-o.closing:
	case <-ctx.Done():
	}
}

// reportFailure says that the message is tried again, unless a newer one is in
// its place.
func (o *Outbox) reportFailure(p *pending, err error) {
	o.reporting.Lock()
	defer o.reporting.Unlock()
	if !o.isQueued(p) {
		return
	}
	p.isReported = true
	o.options.Logger.Warn("mail cannot be sent; it is tried again", "user", p.userID, "kind", p.kind, "error", err)
	o.options.Failed(p.userID, p.kind, err)
}

// reportEnd says what became of the message, unless a newer one is in its
// place.
func (o *Outbox) reportEnd(p *pending, err error) {
	o.reporting.Lock()
	defer o.reporting.Unlock()
	if !o.remove(p, err) || errors.Is(err, ErrUnwanted) {
		return
	}
	if err != nil {
		o.options.Logger.Warn("mail is not sent", "user", p.userID, "kind", p.kind, "failures", p.failures+1, "error", err)
		o.options.Failed(p.userID, p.kind, fmt.Errorf("%w: %w", ErrGivenUp, err))
		return
	}
	if p.isReported {
		o.options.Logger.Info("mail is sent at last", "user", p.userID, "kind", p.kind, "failures", p.failures)
	}
	o.options.Delivered(p.userID, p.kind)
}

func (o *Outbox) isQueued(p *pending) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.queue[p.topic] == p
}

// remove takes a message that has ended off the queue.
func (o *Outbox) remove(p *pending, err error) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.queue[p.topic] != p {
		return false
	}
	delete(o.queue, p.topic)
	if err != nil && o.closed && !errors.Is(err, ErrUnwanted) {
		o.unsent++
	}
	return true
}
