package keycache

import (
	"context"
	"errors"
	"time"

	"github.com/ginauth/ginauth/repository"
)

// maxLag is how long the change log may not have been read while the cache is
// ready: a change takes at most half of it to arrive.
const maxLag = 2 * time.Second

var errLagging = errors.New("the change log is not read")

// Stats is the state of a cache.
type Stats struct {
	Keys, Loads int64
	// Lag is the time since Confirm.
	Lag time.Duration
}

// Stats returns the present state.
func (c *Cache) Stats() Stats {
	lag := max(0, c.elapsed()-time.Duration(c.confirmed.Load()))
	return Stats{Keys: c.keys.size.Load(), Loads: c.loads.Load(), Lag: lag}
}

// Ready reports whether keys can be read, and changes are followed.
func (c *Cache) Ready(ctx context.Context) error {
	if c.Stats().Lag > min(maxLag, c.options.StaleLimit) {
		return errLagging
	}
	_, err := c.store.KeyByHash(ctx, make([]byte, len(Hash{}))) // no key has this hash
	if errors.Is(err, repository.ErrNotFound) {
		return nil
	}
	return err
}
