package mongodb

import (
	"context"
	"time"
)

// grace is how much longer than its caller's context a change may take.
const grace = time.Second

// undated is a context that ends as its caller's does and does not say when. A
// driver or server that knows the deadline gives up before it is over, with
// errors of many kinds; this way a call fails for its deadline's sake after the
// deadline only.
//
// It says that it was cancelled whatever ended it: the driver stops waiting for
// an answer only then, and leaves deadlines to the sockets, which have none
// here. contextEnd tells what it was.
type undated struct {
	context.Context // the values
	caller          context.Context
}

func withoutDeadline(ctx context.Context) undated { return undated{context.WithoutCancel(ctx), ctx} }

// Done implements context.Context.
func (u undated) Done() <-chan struct{} { return u.caller.Done() }

// Err implements context.Context.
func (u undated) Err() error {
	if u.caller.Err() == nil {
		return nil
	}
	return context.Canceled
}

// contextEnd returns why the caller's context has ended, nil if it has not.
func contextEnd(ctx context.Context) error {
	if u, ok := ctx.(undated); ok {
		return u.caller.Err()
	}
	return ctx.Err()
}

// outliving returns a context that lasts a little longer than ctx. A change
// that was begun is carried on in it, so that its outcome is almost always
// known, and nothing is left for others to finish, when a caller gives up.
func outliving(ctx context.Context) (context.Context, context.CancelFunc) {
	longer, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() { time.AfterFunc(grace, cancel) })
	return longer, func() { stop(); cancel() }
}
