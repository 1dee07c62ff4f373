package gormrepo

import "context"

// queue lets the changes of a process through one at a time once the server has
// rolled one back, so that a single one competes with those of other processes.
// Without it, a change that begins anew loses to those that have just begun, and
// may do so until its deadline.
type queue chan struct{}

func newQueue() queue { return make(queue, 1) }

// turn is a change's place in the queue. It is not for concurrent use.
type turn struct {
	queue queue
	held  bool
}

// join returns a turn. It waits for it if others have to. The caller releases it.
func (q queue) join(ctx context.Context) *turn {
	t := &turn{queue: q}
	if len(q) > 0 {
		t.take(ctx)
	}
	return t
}

// take waits for the turn, until the context ends.
func (t *turn) take(ctx context.Context) {
	if t.held {
		return
	}
	select {
	case t.queue <- struct{}{}:
		t.held = true
	case <-ctx.Done():
	}
}

func (t *turn) release() {
	if t.held {
		<-t.queue
	}
}
