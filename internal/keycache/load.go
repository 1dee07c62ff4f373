package keycache

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/ginauth/ginauth/repository"
)

// Admit is asked before the store is asked for a key that is not known here. It
// may wait. Done is told whether there was no such key. After an error the
// key is not read.
type Admit func(ctx context.Context) (done func(absent bool), err error)

// refusal is the error of who began a load, which is nobody else's.
type refusal struct{ error }

// Load reads a key from the store and remembers it. The error is the store's
// (repository.ErrNotFound if there is no such key), that of admit, ErrOverloaded,
// ErrStale or the context's.
//
// The load belongs to all who wait for it: it goes on when the one who began
// it leaves, and has a deadline of its own. If the key changes before the
// result is handed on, it is read again, for loadTimeout at most. So a caller whose
// context never ends waits for twice as long at most.
func (c *Cache) Load(ctx context.Context, hash Hash, admit Admit) (*Key, error) {
	began := time.Now()
	for attempt := 0; attempt < maxAttempts && time.Since(began) < loadTimeout; attempt++ {
		if c.isStale(c.elapsed()) {
			return nil, ErrStale
		}
		key, err := c.read(ctx, hash, admit)
		if err != nil {
			return nil, err
		}
		if now := c.elapsed(); !c.isStale(now) && c.isUsable(key, now) {
			return key, nil
		}
	}
	return nil, errChanging
}

func (c *Cache) elapsed() time.Duration { return c.clock.at(c.options.Now()) }

// read joins the load of the hash that began after the latest change, or
// begins it. One that began before that is left alone: it may not have seen
// the change. A caller that joined a refused load begins another.
func (c *Cache) read(ctx context.Context, hash Hash, admit Admit) (*Key, error) {
	for {
		number, began := c.changes.generation(), false
		key, err := c.join(ctx, toFlight(hash, number), func() (any, error) {
			began = true
			return c.readInTurn(hash, number, admit)
		})
		if err == nil {
			return key, nil
		}
		var refused refusal
		switch {
		case !errors.As(err, &refused):
			return key, err
		case began:
			return nil, refused.error
		}
	}
}

// toFlight names the load of a hash that began after a change.
func toFlight(hash Hash, number uint64) string {
	var flight [len(hash) + 8]byte
	copy(flight[:], hash[:])
	binary.BigEndian.PutUint64(flight[len(hash):], number)
	return string(flight[:])
}

// join waits for a load, as long as the context allows. A caller that cannot leave runs
// it by itself: handing it to another goroutine costs as much as a quick store.
func (c *Cache) join(ctx context.Context, flight string, load func() (any, error)) (*Key, error) {
	if ctx.Done() == nil {
		found, err, _ := c.flights.Do(flight, load)
		key, _ := found.(*Key)
		return key, err
	}
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case r := <-c.flights.DoChan(flight, load):
		key, _ := r.Val.(*Key)
		return key, r.Err
	}
}

// readInTurn reads when it is its turn. A panic of the store is an error for all who
// wait.
func (c *Cache) readInTurn(hash Hash, number uint64, admit Admit) (key *Key, err error) {
	if !c.begin() {
		return nil, errClosed
	}
	defer c.running.Done()
	defer func() {
		if p := recover(); p != nil {
			key, err = nil, fmt.Errorf("the store panicked: %v\n%s", p, debug.Stack())
		}
	}()
	ctx, cancel := context.WithTimeout(c.ctx, loadTimeout)
	defer cancel()
	if c.keys.find(&hash) != nil || c.streams.has(hash) {
		return c.readIn(ctx, c.known, hash, number)
	}
	done, err := admit(ctx)
	if err != nil {
		return nil, refusal{err}
	}
	absent := false
	defer func() { done(absent) }()
	key, err = c.readIn(ctx, c.new, hash, number)
	absent = errors.Is(err, repository.ErrNotFound) && !errors.Is(err, errUnknown)
	return key, err
}

// readIn reads when the semaphore lets it, unless another has done so since the
// request looked.
func (c *Cache) readIn(ctx context.Context, semaphore semaphore, hash Hash, number uint64) (*Key, error) {
	if err := semaphore.acquire(ctx); err != nil {
		return nil, err
	}
	defer semaphore.release()
	switch key, answer := c.Lookup(hash, c.options.Now()); answer {
	case Hit:
		return key, nil
	case NegativeHit:
		return nil, errUnknown
	default:
		return c.readNow(ctx, hash, number)
	}
}

func (c *Cache) readNow(ctx context.Context, hash Hash, number uint64) (*Key, error) {
	elapsed := c.elapsed()
	c.loads.Add(1)
	stored, err := c.store.KeyByHash(ctx, hash[:])
	switch {
	case errors.Is(err, repository.ErrNotFound):
		c.rememberNegative(hash, negativeEntry{number, elapsed})
		return nil, err
	case err != nil:
		return nil, err
	case !bytes.Equal(stored.Hash, hash[:]): // a zero key would pass for an active one
		return nil, errOtherKey
	}
	key := c.newKey(stored, number, elapsed)
	c.remember(key)
	return key, nil
}

// begin reports whether a load may begin; Close waits for it then.
func (c *Cache) begin() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return false
	}
	c.running.Add(1)
	return true
}

// remember keeps the key, unless one is there that began to be read after a
// later change.
func (c *Cache) remember(key *Key) {
	c.keys.put(key)
	c.unknown.Invalidate(key.hash)
}

// rememberNegative forgets the key that was there, if one was.
func (c *Cache) rememberNegative(hash Hash, a negativeEntry) {
	c.keys.remove(&hash, a.generation)
	c.unknown.Set(hash, a)
}
