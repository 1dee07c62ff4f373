package outbox

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ginauth/ginauth/mail"
)

// A message for a user whose mail is dropped is sent no more, whether it waits or
// is under way, and nothing is said of it; others' is.
func TestDrop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o, p, r := newOutbox(10)
		p.does(hangs)
		enqueue(t, o, "ana", "reset", "1")
		enqueue(t, o, "ana", "confirm", "2")
		enqueue(t, o, "bob", "reset", "3")
		synctest.Wait()
		o.Drop("ana")
		p.does(nil)
		pass(time.Hour)
		r.expect(t, "bob failed", "bob delivered")
		if len(o.queue) > 0 {
			t.Errorf("%d messages are kept", len(o.queue))
		}
		closed(t, o)
	})
}

// Each attempt checks first whether a message is still wanted; and as long as
// that cannot be found out, nothing is sent.
func TestUnwanted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o, p, r := newOutbox(10)
		answers := []error{errDown, ErrUnwanted}
		check := func(context.Context) error {
			answer := answers[0]
			answers = answers[1:]
			return answer
		}
		if err := o.Enqueue("ana", "reset", mail.Message{To: "ana@example.org", Text: "1"}, check); err != nil {
			t.Fatal(err)
		}
		pass(time.Hour)
		p.expectTexts(t)
		r.expect(t, "ana failed")
		if len(answers) > 0 || len(o.queue) > 0 {
			t.Errorf("%d answers and %d messages are left", len(answers), len(o.queue))
		}
		closed(t, o)
	})
}
