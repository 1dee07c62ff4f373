package outbox

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/ginauth/ginauth/mail"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var (
	errDown   = errors.New("the server is down")
	errNobody = fmt.Errorf("no such user: %w", mail.ErrPermanent)
)

// post is a mailer that does what the test says, and notes what it is asked.
type post struct {
	mu    sync.Mutex
	fault func(ctx context.Context, m mail.Message) error
	tried []attempt
}

type attempt struct {
	text string
	at   time.Time
}

func (p *post) Send(ctx context.Context, m mail.Message) error {
	p.mu.Lock()
	p.tried = append(p.tried, attempt{m.Text, time.Now()})
	fault := p.fault
	p.mu.Unlock()
	if fault == nil {
		return nil
	}
	return fault(ctx, m)
}

func (p *post) does(fault func(ctx context.Context, m mail.Message) error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.fault = fault
}

func (p *post) texts() (texts []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, a := range p.tried {
		texts = append(texts, a.text)
	}
	return texts
}

func fails(err error) func(context.Context, mail.Message) error {
	return func(context.Context, mail.Message) error { return err }
}

// hangs is what a silent server does.
func hangs(ctx context.Context, _ mail.Message) error {
	<-ctx.Done()
	return ctx.Err()
}

// reports notes what the outbox says, such as "ana delivered", "ana failed",
// "ana given up".
type reports struct {
	mu     sync.Mutex
	said   []string
	errors []error
}

func (r *reports) failed(userID, _ string, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	outcome := " failed"
	if errors.Is(err, ErrGivenUp) {
		outcome = " given up"
	}
	r.said, r.errors = append(r.said, userID+outcome), append(r.errors, err)
}

func (r *reports) delivered(userID, _ string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.said = append(r.said, userID+" delivered")
}

func (r *reports) expect(t *testing.T, want ...string) {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	if !slices.Equal(r.said, want) {
		t.Errorf("the reports are %q, want %q", r.said, want)
	}
}

func (r *reports) options(size int) Options {
	return Options{Size: size, Logger: slog.New(slog.NewTextHandler(io.Discard, nil)), Failed: r.failed, Delivered: r.delivered}
}

func newOutbox(size int) (*Outbox, *post, *reports) {
	p, r := &post{}, &reports{}
	return Start(p, r.options(size)), p, r
}

func enqueue(t *testing.T, o *Outbox, userID, kind, text string) {
	t.Helper()
	if err := o.Enqueue(userID, kind, mail.Message{To: userID + "@example.org", Subject: kind, Text: text}, wanted); err != nil {
		t.Errorf("%s for %s: %v", kind, userID, err)
	}
}

// wanted says that a message is still to be sent.
func wanted(context.Context) error { return nil }

// expectTexts checks what the mailer was given, in order.
func (p *post) expectTexts(t *testing.T, want ...string) {
	t.Helper()
	if got := p.texts(); !slices.Equal(got, want) {
		t.Errorf("the mailer was given %q, want %q", got, want)
	}
}

// pass lets the time of a test's bubble go by, and what falls due happen.
func pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func closed(t *testing.T, o *Outbox) {
	t.Helper()
	if err := o.Close(t.Context()); err != nil {
		t.Error(err)
	}
}
