package outbox

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ginauth/ginauth/mail"
)

// Closing waits for what is under way and tries once what waits.
func TestClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o, p, r := newOutbox(10)
		p.does(fails(errDown))
		enqueue(t, o, "ana", "reset", "1")
		pass(time.Hour)
		tried := len(p.texts())
		p.does(func(ctx context.Context, _ mail.Message) error {
			select {
			case <-time.After(time.Second):
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		})
		enqueue(t, o, "ben", "reset", "2")
		began := time.Now()
		closed(t, o)
		if waited := time.Since(began); waited != time.Second || len(p.texts()) != tried+2 {
			t.Errorf("it takes %v and %d attempts", waited, len(p.texts())-tried)
		}
		if slices.Sort(r.said); !slices.Equal(r.said, []string{"ana delivered", "ana failed", "ben delivered"}) {
			t.Errorf("the reports are %q", r.said)
		}
		if err := o.Enqueue("ana", "reset", mail.Message{}, wanted); !errors.Is(err, ErrClosed) {
			t.Errorf("afterwards: %v", err)
		}
		closed(t, o)
	})
}

// Messages that cannot be sent by the end are counted, not reported one by one.
func TestCloseCountsWhatIsNotSent(t *testing.T) {
	for name, fault := range map[string]func(context.Context, mail.Message) error{
		"down": fails(errDown), "refused": fails(errNobody), "silent": hangs,
	} {
		synctest.Test(t, func(t *testing.T) {
			o, p, r := newOutbox(20)
			p.does(fails(errDown))
			for i := range 10 {
				enqueue(t, o, fmt.Sprint("user-", i), "reset", "secret")
			}
			pass(time.Minute)
			p.does(fault)
			ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
			defer cancel()
			began, tried := time.Now(), len(p.texts())
			err := o.Close(ctx)
			if err == nil || err.Error() != "10 messages were not sent" || o.Close(ctx).Error() != err.Error() {
				t.Errorf("%s: closing returns %v", name, err)
			}
			if waited := time.Since(began); waited > 3*time.Second || len(p.texts()) > tried+10 {
				t.Errorf("%s: it takes %v and %d attempts", name, waited, len(p.texts())-tried)
			}
			if n := strings.Count(strings.Join(r.said, " "), "given up"); n != 10 || len(r.said) != 20 {
				t.Errorf("%s: the reports are %q", name, r.said)
			}
		})
	}
}
