package gormrepo_test

import (
	"context"
	"database/sql"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ginauth/ginauth/repository"
)

// unlucky marks the context of a change that is rolled back again and again.
type unlucky struct{}

// A change that was rolled back is repeated before others of its process begin, which
// would make it give way again. One whose time ends in the queue has done nothing.
func TestChangesWaitForOneThatWasRolledBack(t *testing.T) {
	const failures, others = 20, 8
	d, pool := newInterfered(t)
	var attempts, overtaken atomic.Int64
	inQueue, done := make(chan struct{}), make(chan error)
	pool.commit = func(ctx context.Context, tx *sql.Tx) error {
		switch {
		case ctx.Value(unlucky{}) == nil:
			if attempts.Load() <= failures {
				overtaken.Add(1)
			}
		case attempts.Add(1) == 2:
			close(inQueue)
			fallthrough
		case attempts.Load() <= failures:
			return errors.Join(tx.Rollback(), errRolledBack)
		}
		return tx.Commit()
	}
	create := func(ctx context.Context) error {
		return d.repo.CreateKey(ctx, attribution(), newKey(), repository.CreateKeyOptions{})
	}
	go func() { done <- create(context.WithValue(t.Context(), unlucky{}, true)) }()
	<-inQueue
	var group sync.WaitGroup
	for range others {
		group.Go(func() { d.says(nil, "a change that waits", create(t.Context())) })
	}
	group.Go(func() {
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		d.says(context.DeadlineExceeded, "a change whose time ends in the queue", create(ctx))
	})
	d.says(nil, "the change that was rolled back", <-done)
	group.Wait()
	if n := overtaken.Load(); n > 0 {
		t.Errorf("%d changes have overtaken the one that was rolled back", n)
	}
	d.logHas(1 + others)
}
