package bulkhead

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
)

// Of one party few get through at once, and a bounded number wait; another is
// not held up, and nothing is kept afterwards.
func TestBulkhead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := New(2, 10)
		ctx, cancel := context.WithCancel(t.Context())
		var group sync.WaitGroup
		let, through, left := make(chan struct{}), make(chan struct{}, 12), make(chan struct{}, 12)
		for range 12 {
			group.Go(func() {
				leave, err := b.Enter(ctx, "ana")
				if err != nil {
					left <- struct{}{}
					return
				}
				through <- struct{}{}
				<-let
				leave()
			})
		}
		synctest.Wait()
		if len(through) != 2 {
			t.Errorf("%d are through", len(through))
		}
		if _, err := b.Enter(ctx, "ana"); !errors.Is(err, ErrFull) {
			t.Errorf("one too many gets %v", err)
		}
		if leave, err := b.Enter(ctx, "bob"); err != nil {
			t.Errorf("another party gets %v", err)
		} else {
			leave()
		}
		let <- struct{}{}
		synctest.Wait()
		if len(through) != 3 {
			t.Errorf("after one has left %d were through", len(through))
		}
		cancel()
		synctest.Wait()
		close(let)
		group.Wait()
		if len(left) != 9 || len(b.parties) != 0 {
			t.Errorf("%d left, and %d parties are kept", len(left), len(b.parties))
		}
	})
}
