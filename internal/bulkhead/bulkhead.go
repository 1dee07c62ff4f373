// Package bulkhead keeps one party from taking all of what many share.
package bulkhead

import (
	"context"
	"errors"
	"sync"
)

// ErrFull says that too many of one party wait already.
var ErrFull = errors.New("too many of one party wait")

// Bulkhead lets so many of each party through at once, and lets a bounded number
// of each wait for their turn. It is safe for concurrent use, and holds nothing
// of who is neither through nor waits.
type Bulkhead struct {
	width, waiting int
	mu             sync.Mutex
	parties        map[string]*party
}

// party is one that is there, with how many are through or wait.
type party struct {
	through chan struct{}
	here    int
}

// New returns a bulkhead for so many of each party at once, and so many that
// wait.
func New(width, waiting int) *Bulkhead {
	return &Bulkhead{width: width, waiting: waiting, parties: map[string]*party{}}
}

// Enter waits until it is the party's turn; leave must be called afterwards. The
// error is ErrFull or the context's.
func (b *Bulkhead) Enter(ctx context.Context, name string) (leave func(), err error) {
	p, err := b.join(name)
	if err != nil {
		return nil, err
	}
	select {
	case p.through <- struct{}{}:
		return func() { <-p.through; b.part(name, p) }, nil
	case <-ctx.Done():
		b.part(name, p)
		return nil, ctx.Err()
	}
}

func (b *Bulkhead) join(name string) (*party, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	p, ok := b.parties[name]
	if !ok {
		p = &party{through: make(chan struct{}, b.width)}
		b.parties[name] = p
	}
	if p.here == b.width+b.waiting {
		return nil, ErrFull
	}
	p.here++
	return p, nil
}

func (b *Bulkhead) part(name string, p *party) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if p.here--; p.here == 0 {
		delete(b.parties, name)
	}
}
