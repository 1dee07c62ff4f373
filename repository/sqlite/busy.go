package sqlite

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"
)

const (
	// busyTimeout is how long a call waits for the lock of another process.
	busyTimeout = 5 * time.Second
	// busyStep is how long a writer's connection does so before it looks
	// whether the context has ended, through which SQLite would sleep.
	busyStep = 100 * time.Millisecond
)

// retryBusy repeats what fails because the file is locked, until that succeeds,
// the context ends or busyTimeout is over. SQLite waits by itself in most
// places, but where a wait could be a deadlock it fails at once: so it does
// when several processes switch a new file to write-ahead logging.
func retryBusy(ctx context.Context, try func() error) error {
	for end := time.Now().Add(busyTimeout); ; {
		err := try()
		if !isBusy(err) || time.Now().After(end) {
			return err
		}
		pause := time.Millisecond + rand.N(20*time.Millisecond) //nolint:gosec // out of step with the others, no secret
		select {
		case <-ctx.Done():
			return fmt.Errorf("%w: %w", ctx.Err(), err)
		case <-time.After(pause):
		}
	}
}
