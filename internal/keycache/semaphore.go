package keycache

import (
	"context"
	"fmt"
)

const (
	// maxLoads is how many loads run at once: half of the connections
	// that a backend keeps for reading.
	maxLoads = 4
	// loadsOfKnown is how many of these are kept for keys that are known.
	loadsOfKnown = 2
	// maxWaiting is how many loads wait in each semaphore: as many as come at once
	// after a restart under load.
	maxWaiting = 10_000
)

// semaphore lets a few pass at once and a bounded number wait.
type semaphore struct {
	passing, inside chan struct{}
}

func newSemaphore(width int) semaphore {
	return semaphore{make(chan struct{}, width), make(chan struct{}, width+maxWaiting)}
}

// acquire waits for its turn. ErrOverloaded if too many wait already, or if it
// does not come in time.
func (s semaphore) acquire(ctx context.Context) error {
	select {
	case s.inside <- struct{}{}:
	default:
		return ErrOverloaded
	}
	select {
	case s.passing <- struct{}{}:
		return nil
	case <-ctx.Done():
		<-s.inside
		return fmt.Errorf("%w: %w", ErrOverloaded, ctx.Err())
	}
}

func (s semaphore) release() {
	<-s.passing
	<-s.inside
}
