package throttle

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/maypok86/otter/v2"
)

const (
	// maxClients bounds the client addresses of a gate that are remembered; those
	// that were used least are forgotten first.
	maxClients = 10_000
	// maxLine bounds how many of one address wait in line.
	maxLine = 10_000
)

// ErrFull says that too many wait in line.
var ErrFull = errors.New("too many wait in line")

// Gate lets through what has to be tried before it is known whether it fails.
// Each client address has burst failures free, and one more after each refill.
// A place is taken before the try and refunded if that did not fail. While all
// places of an address are under way, further tries wait in line: they are
// refused only when the places were used up by failures. It is safe for
// concurrent use, and its memory is bounded.
type Gate struct {
	limit   limit
	now     func() time.Time
	clock   *stepped
	clients *otter.Cache[netip.Prefix, *client]
}

// client is what is counted of one address.
type client struct {
	mu       sync.Mutex
	bucket   bucket
	underWay int
	line     []*waiting
}

// waiting is somebody in line, who is told how long to wait further: 0 for one
// who is let through.
type waiting struct{ told chan time.Duration }

// NewGate returns a gate that has seen no failure.
func NewGate(burst int, refill time.Duration, now func() time.Time) *Gate {
	return &Gate{
		limit: limit{float64(burst), refill}, now: now, clock: newStepped(now()),
		clients: otter.Must(&otter.Options[netip.Prefix, *client]{MaximumSize: maxClients}),
	}
}

// Enter takes a place of the address, waiting in line if need be; leave must be
// called with the outcome of the try. If the address has used its places up,
// there is a time to wait, and no leave. The error is ErrFull or the context's.
func (g *Gate) Enter(ctx context.Context, address string) (leave func(failed bool), wait time.Duration, err error) {
	c, _ := g.clients.ComputeIfAbsent(network(address), func() (*client, bool) { return &client{}, false })
	inLine, wait, err := g.join(c)
	if wait > 0 || err != nil {
		return nil, wait, err
	}
	if inLine != nil {
		if wait, err = g.await(ctx, c, inLine); wait > 0 || err != nil {
			return nil, wait, err
		}
	}
	return func(failed bool) { g.leave(c, failed) }, 0, nil
}

// join takes a place, or one in line if there is none and some are under way.
func (g *Gate) join(c *client) (inLine *waiting, wait time.Duration, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.bucket.pass(g.clock.at(g.now()), g.limit)
	wait = c.bucket.wait(g.limit)
	switch {
	case wait == 0 && len(c.line) == 0:
		c.take()
		return nil, 0, nil
	case wait > 0 && c.underWay == 0:
		return nil, wait, nil
	case len(c.line) == maxLine:
		return nil, 0, ErrFull
	}
	inLine = &waiting{make(chan time.Duration, 1)}
	c.line = append(c.line, inLine)
	return inLine, 0, nil
}

func (c *client) take() {
	c.bucket.debt++
	c.underWay++
}

// await waits for a place, or for the places to be used up.
func (g *Gate) await(ctx context.Context, c *client, inLine *waiting) (wait time.Duration, err error) {
	select {
	case wait = <-inLine.told:
		return wait, nil
	case <-ctx.Done():
	}
	c.mu.Lock()
	i := slices.Index(c.line, inLine)
	if i >= 0 {
		c.line = slices.Delete(c.line, i, i+1)
	}
	c.mu.Unlock()
	if i < 0 && <-inLine.told == 0 { // it was told meanwhile
		g.leave(c, false)
	}
	return 0, ctx.Err()
}

// leave gives the place back if the try did not fail, and lets those in line
// through for whom there is one. Those for whom there can be none are refused.
func (g *Gate) leave(c *client, failed bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.underWay--
	if !failed {
		c.bucket.refund()
	}
	c.bucket.pass(g.clock.at(g.now()), g.limit)
	for len(c.line) > 0 {
		wait := c.bucket.wait(g.limit)
		if wait > 0 && c.underWay > 0 {
			return
		}
		if wait == 0 {
			c.take()
		}
		c.line[0].told <- wait
		c.line = c.line[1:]
	}
}
