package keycache

import (
	"context"
	"fmt"
)

const (
	// maxReadings is how many readings run at once: half of the connections
	// that a backend keeps for reading.
	maxReadings = 4
	// readingsOfKnown is how many of these are kept for keys that are known.
	readingsOfKnown = 2
	// maxWaiting is how many readings wait in each lane.
	maxWaiting = 1000
)

// lane lets a few pass at once and a bounded number wait.
type lane struct {
	passing, inside chan struct{}
}

func newLane(width int) lane {
	return lane{make(chan struct{}, width), make(chan struct{}, width+maxWaiting)}
}

// enter waits for its turn. ErrOverloaded if too many wait already, or if it
// does not come in time.
func (l lane) enter(ctx context.Context) error {
	select {
	case l.inside <- struct{}{}:
	default:
		return ErrOverloaded
	}
	select {
	case l.passing <- struct{}{}:
		return nil
	case <-ctx.Done():
		<-l.inside
		return fmt.Errorf("%w: %w", ErrOverloaded, ctx.Err())
	}
}

func (l lane) leave() {
	<-l.passing
	<-l.inside
}
