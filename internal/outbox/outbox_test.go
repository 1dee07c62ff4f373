package outbox

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ginauth/ginauth/mail"
)

func TestDelivers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o, p, r := newOutbox(10)
		enqueue(t, o, "ana", "reset", "1")
		synctest.Wait()
		p.expectTexts(t, "1")
		r.expect(t, "ana delivered")
		closed(t, o)
	})
}

// A message that is never accepted is tried again, ever more rarely, for hours.
func TestGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o, p, r := newOutbox(10)
		p.does(fails(errDown))
		began := time.Now()
		enqueue(t, o, "ana", "reset", "1")
		synctest.Wait()
		r.expect(t, "ana failed")
		pass(5 * time.Hour)
		r.expect(t, "ana failed", "ana given up")
		pause := time.Second
		for i := 1; i < len(p.tried); i++ {
			if waited := p.tried[i].at.Sub(p.tried[i-1].at); waited < pause/2 || waited > pause {
				t.Errorf("before attempt %d it waits %v, not about %v", i, waited, pause)
			}
			pause = min(2*pause, 5*time.Minute)
		}
		if n, end := len(p.tried), p.tried[len(p.tried)-1].at.Sub(began); n < 50 || n > 110 || end > 4*time.Hour || end < 3*time.Hour {
			t.Errorf("there are %d attempts in %v", n, end)
		}
		if !errors.Is(r.errors[1], errDown) {
			t.Errorf("the last report is %v", r.errors[1])
		}
		closed(t, o)
	})
}

func TestRecovers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log strings.Builder
		p, r := &post{}, &reports{}
		options := r.options(10)
		options.Logger = slog.New(slog.NewTextHandler(&log, nil))
		o := Start(p, options)
		p.does(fails(errDown))
		enqueue(t, o, "ana", "reset", "secret-token")
		pass(time.Hour)
		p.does(nil)
		pass(5 * time.Minute)
		r.expect(t, "ana failed", "ana delivered")
		closed(t, o)
		if text := log.String(); strings.Count(text, "\n") != 2 || !strings.Contains(text, "down") || strings.Contains(text, "secret") {
			t.Errorf("the log is %s", text)
		}
	})
}

// A mailer that panics fails, and says nothing of the message.
func TestPanicIsAFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o, p, r := newOutbox(10)
		p.does(func(_ context.Context, m mail.Message) error { panic(m.Text) })
		enqueue(t, o, "ana", "reset", "secret-token")
		pass(time.Second)
		p.does(nil)
		pass(time.Hour)
		r.expect(t, "ana failed", "ana delivered")
		if strings.Contains(r.errors[0].Error(), "secret") {
			t.Errorf("the report is %v", r.errors[0])
		}
		closed(t, o)
	})
}

func TestPermanentFailures(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o, p, r := newOutbox(10)
		p.does(fails(errNobody))
		enqueue(t, o, "ana", "reset", "1")
		pass(time.Hour)
		p.expectTexts(t, "1")
		r.expect(t, "ana given up")
		if !errors.Is(r.errors[0], mail.ErrPermanent) {
			t.Errorf("the report is %v", r.errors[0])
		}
		closed(t, o)
	})
}

// A permanent failure after others ends the attempts.
func TestPermanentFailureAfterAnother(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o, p, r := newOutbox(10)
		p.does(fails(errDown))
		enqueue(t, o, "ana", "reset", "1")
		synctest.Wait()
		p.does(fails(errNobody))
		pass(time.Hour)
		p.expectTexts(t, "1", "1")
		r.expect(t, "ana failed", "ana given up")
		closed(t, o)
	})
}

// A newer message takes the place of one that waits for its next attempt.
func TestReplacesWhatWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o, p, r := newOutbox(4)
		p.does(fails(errDown))
		enqueue(t, o, "ana", "reset", "1")
		enqueue(t, o, "ana", "confirm", "2")
		enqueue(t, o, "ben", "reset", "3")
		synctest.Wait()
		p.does(nil)
		enqueue(t, o, "ana", "reset", "4")
		pass(time.Hour)
		texts := p.texts()
		slices.Sort(texts[:3])
		slices.Sort(texts[4:])
		if !slices.Equal(texts, []string{"1", "2", "3", "4", "2", "3"}) {
			t.Errorf("the mailer was given %q", texts)
		}
		if slices.Sort(r.said); !slices.Equal(r.said, []string{
			"ana delivered", "ana delivered", "ana failed", "ana failed", "ben delivered", "ben failed",
		}) {
			t.Errorf("the reports are %q", r.said)
		}
		closed(t, o)
	})
}

// A newer message breaks off one that is under way, of which nothing is said.
func TestReplacesWhatIsUnderWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o, p, r := newOutbox(1)
		p.does(hangs)
		enqueue(t, o, "ana", "reset", "1")
		synctest.Wait()
		p.does(nil)
		enqueue(t, o, "ana", "reset", "2")
		synctest.Wait()
		p.expectTexts(t, "1", "2")
		r.expect(t, "ana delivered")
		closed(t, o)
	})
}

func TestIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o, p, r := newOutbox(2)
		p.does(fails(errDown))
		enqueue(t, o, "ana", "reset", "1")
		enqueue(t, o, "ben", "reset", "2")
		if err := o.Enqueue("eva", "reset", mail.Message{}, wanted); !errors.Is(err, ErrFull) {
			t.Errorf("a third message: %v", err)
		}
		enqueue(t, o, "ben", "reset", "3")
		pass(time.Minute)
		p.does(nil)
		pass(time.Minute)
		enqueue(t, o, "eva", "reset", "4")
		closed(t, o)
		if said := r.said[len(r.said)-1]; said != "eva delivered" {
			t.Errorf("the last report is %q", said)
		}
	})
}

// Of recipients whose mail hangs, a few do not hold up the others, and many
// only until their attempts time out.
func TestSlowRecipients(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o, p, r := newOutbox(100)
		p.does(func(ctx context.Context, m mail.Message) error {
			if m.Text == "slow" {
				return hangs(ctx, m)
			}
			return nil
		})
		for i := range 3 {
			enqueue(t, o, fmt.Sprint("slow-", i), "reset", "slow")
		}
		synctest.Wait()
		for i := range 50 {
			enqueue(t, o, fmt.Sprint("user-", i), "reset", "quick")
		}
		synctest.Wait()
		if len(r.said) != 50 {
			t.Errorf("%d messages are through at once", len(r.said))
		}
		enqueue(t, o, "slow-4", "reset", "slow")
		synctest.Wait()
		enqueue(t, o, "user-51", "reset", "quick")
		pass(31 * time.Second)
		if !slices.Contains(r.said, "user-51 delivered") || !slices.Contains(r.said, "slow-4 failed") {
			t.Errorf("the last reports are %q", r.said[50:])
		}
		p.does(nil)
		pass(time.Minute)
		closed(t, o)
	})
}

// Options may be left out, and a callback may enqueue.
func TestCallbacks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bare, p := Start(&post{}, Options{}), &post{}
		enqueue(t, bare, "ana", "reset", "1")
		closed(t, bare)
		var o *Outbox
		failed := func(userID, kind string, _ error) { enqueue(t, o, userID, "notice of "+kind, "2") }
		o = Start(p, Options{Failed: failed, Logger: slog.New(slog.NewTextHandler(io.Discard, nil))})
		p.does(func(_ context.Context, m mail.Message) error { return map[string]error{"1": errNobody}[m.Text] })
		enqueue(t, o, "ana", "reset", "1")
		synctest.Wait()
		p.expectTexts(t, "1", "2")
		closed(t, o)
	})
}

// However many enqueue while the server comes and goes, each topic's last
// message is the last of which something is said, and it ends once.
func TestConcurrentMessages(t *testing.T) {
	var running, most atomic.Int64
	p := &post{}
	p.does(func(context.Context, mail.Message) error {
		most.Store(max(most.Load(), running.Add(1)))
		defer running.Add(-1)
		time.Sleep(rand.N(time.Millisecond))
		return []error{nil, errDown, errNobody}[rand.IntN(3)]
	})
	r := &reports{}
	quick := limits{senders: 4, attempt: time.Minute, firstPause: time.Millisecond, lastPause: 4 * time.Millisecond, giveUp: time.Minute}
	o := start(p, r.options(100), quick)
	var group sync.WaitGroup
	for g := range 20 {
		group.Go(func() {
			for i := range 50 {
				_ = o.Enqueue(fmt.Sprint("user-", (g+i)%10), []string{"reset", "confirm"}[i%2], mail.Message{Text: fmt.Sprint(i)}, wanted)
				time.Sleep(rand.N(time.Millisecond))
			}
		})
	}
	group.Wait()
	err := o.Close(t.Context())
	if most.Load() > 4 || len(o.queue) > 0 || o.unsent > 20 || (err != nil) != (o.unsent > 0) {
		t.Errorf("%d at once, %d left, %d not sent: %v", most.Load(), len(o.queue), o.unsent, err)
	}
	last := map[string]string{}
	for _, said := range r.said {
		user, outcome, _ := strings.Cut(said, " ")
		last[user] = outcome
	}
	if len(last) != 10 {
		t.Errorf("of 10 users %v were heard of", last)
	}
	for user, outcome := range last {
		if outcome == "failed" {
			t.Errorf("the last that is said of %s is that it is tried again", user)
		}
	}
}
