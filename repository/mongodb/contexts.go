package mongodb

import (
	"context"
	"time"
)

// grace is how much longer than its caller's context a change may take.
const grace = time.Second

// undated is a context that ends as the one in it does and does not say when.
// A driver or server that knows the deadline gives up before it is over, with
// errors of many kinds; this way a call fails for its deadline's sake after the
// deadline only.
type undated struct{ context.Context }

// Deadline implements context.Context.
func (undated) Deadline() (time.Time, bool) { return time.Time{}, false }

// outliving returns a context that lasts a little longer than ctx. A change
// that was begun is carried on in it, so that its outcome is almost always
// known, and nothing is left for others to finish, when a caller gives up.
func outliving(ctx context.Context) (context.Context, context.CancelFunc) {
	longer, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() { time.AfterFunc(grace, cancel) })
	return longer, func() { stop(); cancel() }
}
