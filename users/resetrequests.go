package users

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/ginauth/ginauth/internal/throttle"
	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/problem"
)

const (
	// maxRequests bounds how many requests for a new password wait.
	maxRequests = 1000
	// retryPause is between attempts when one has failed.
	retryPause = time.Second
	// Mails that one client asks for: so many at once, and one more after each
	// refill.
	mailsPerClient, clientMailRefill = 20, time.Minute
)

// resetRequests mails links to new passwords. Users are looked up apart from the
// requests for them, so that how long that takes tells nobody whether there is
// such a user.
type resetRequests struct {
	auth    *authenticator
	mails   *mailer
	clients *throttle.Throttle
	known   *throttle.Buckets[string] // from known addresses, by login
	queue   chan resetRequest
	closing chan struct{}
	drained chan error         // of what was left when the others were processed
	stop    context.CancelFunc // ends what is under way
	logger  *slog.Logger
	clock   func() time.Time
}

// resetRequest is a request for a new password.
type resetRequest struct {
	email   string // canonical
	date    time.Time
	address string // of the client
	isKnown bool   // the password was right from there lately
	// failures is how often it was tried; the first one and the end are logged.
	failures int
}

// startResetRequests returns a queue of requests, which needs to be closed.
func startResetRequests(auth *authenticator, mails *mailer, o Options) *resetRequests {
	ctx, stop := context.WithCancel(context.Background())
	r := &resetRequests{
		auth: auth, mails: mails,
		clients: throttle.New(mailsPerClient, clientMailRefill),
		known:   throttle.NewBuckets[string](mailsPerClient, clientMailRefill),
		queue:   make(chan resetRequest, maxRequests), closing: make(chan struct{}), drained: make(chan error, 1), stop: stop,
		logger: o.Logger, clock: o.Now,
	}
	go r.run(ctx)
	return r
}

// add queues a request, unless its client asks for too many or too many wait.
func (r *resetRequests) add(email, address string) error {
	now := r.clock() // with the monotonic reading: what waits is limited by it
	request := resetRequest{email: email, date: now, address: address, isKnown: r.auth.loginLimiter.Knows(canonical(email), address, now)}
	if wait := r.take(request); wait > 0 {
		return problem.TooManyAttempts("Too many mails are asked for from this address.", wait)
	}
	select {
	case <-r.closing:
		return problem.From(errors.New("ginauth is closed"))
	default:
		return r.enqueue(request)
	}
}

// take counts a request by its client. Those from where the password was right
// lately are counted apart, so that nobody who shares the client's address can use
// up what the user has.
func (r *resetRequests) take(request resetRequest) (wait time.Duration) {
	switch {
	case request.isKnown:
		wait, _ = r.known.Take(canonical(request.email), request.date)
	case request.address != "":
		wait, _ = r.clients.Take(request.address, request.date)
	}
	return wait
}

func (r *resetRequests) enqueue(request resetRequest) error {
	select {
	case r.queue <- request:
		return nil
	default:
		return mailBusy()
	}
}

// run processes requests, and tries again what fails, until it is closed.
func (r *resetRequests) run(ctx context.Context) {
	for {
		select {
		case <-r.closing:
			r.drained <- r.drain(ctx)
			return
		case request := <-r.queue:
			if err := r.process(ctx, request); err != nil {
				r.requeue(request, err)
			}
		}
	}
}

// requeue puts a request back behind the others, after a pause, until the link
// would have lost its use.
func (r *resetRequests) requeue(request resetRequest, err error) {
	request.failures++
	if r.clock().Sub(request.date) > linkTime {
		r.logger.Error("a new password is not mailed", "failures", request.failures, "error", err)
		return
	}
	if request.failures == 1 {
		r.logger.Warn("a new password cannot be mailed; it is tried again", "error", err)
	}
	select {
	case <-r.closing:
	case <-time.After(retryPause):
	}
	if r.enqueue(request) != nil {
		r.logger.Error("a new password is not mailed", "failures", request.failures, "error", err)
	}
}

// drain tries once what is left, and returns how many of these failed.
func (r *resetRequests) drain(ctx context.Context) error {
	failed := 0
	for range len(r.queue) {
		if err := r.process(ctx, <-r.queue); err != nil {
			failed++
		}
	}
	if failed > 0 {
		return fmt.Errorf("%d new passwords were not mailed", failed)
	}
	return nil
}

// process mails a link to a new password. Whether there is such a user is for
// nobody to know, nor that they were mailed too often.
func (r *resetRequests) process(ctx context.Context, request resetRequest) error {
	user, err := r.auth.byLogin(ctx, request.email)
	if isNotFound(err) || (err == nil && user.IsDisabled()) {
		return nil
	}
	if err != nil {
		return err
	}
	err = r.mails.sendLink(ctx, user, r.purpose(request, user))
	if problem.Is(err, "too_many_attempts") || problem.Is(err, "user_not_found") {
		return nil
	}
	return err
}

// purpose counts a link apart from those that others ask for, if the client's
// address is known to this user. One that is known to a former owner of the login
// is not.
func (r *resetRequests) purpose(request resetRequest, user models.User) string {
	if request.isKnown && !r.auth.loginLimiter.Disown(canonical(request.email), user.ID, request.address) {
		return purposeKnownReset
	}
	return purposeReset
}

// close tries once what waits, until the context ends; the error says how much
// was left.
func (r *resetRequests) close(ctx context.Context) error {
	defer context.AfterFunc(ctx, r.stop)()
	defer r.stop()
	close(r.closing)
	return <-r.drained
}
