// Package keycache remembers verified keys, so that a guarded request asks the
// store only for a key that was not used lately, and never serves one beyond
// a stated bound.
//
// Its guarantees:
//
//   - After Invalidate has returned, no load that began before is used: not
//     one that is remembered, and not one under way, for whoever waits for it.
//   - No load is used that is older than Options.MaxAge, and none at all
//     when Confirm was last called with a time that is more than
//     Options.StaleLimit ago.
//   - Requests for the same key at the same time are one query. At most
//     maxLoads run at once and maxWaiting wait; what is beyond is refused
//     with ErrOverloaded. Keys that are known have a part of this to
//     themselves, which no flood of unknown ones can take.
//   - An error is never remembered. That there is no such key is, for
//     unknownAge at most and apart from the keys, which it cannot push out.
package keycache

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/maypok86/otter/v2"
	"golang.org/x/sync/singleflight"

	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/repository"
)

const (
	// unknownAge is how long it is remembered that there is no such key, at
	// most: any change to a key that another process has made ends it.
	unknownAge = 10 * time.Second
	// maxUnknown bounds how many such hashes are remembered.
	maxUnknown = 10_000
	// loadTimeout bounds one load, waiting for its turn included.
	loadTimeout = 3 * time.Second
	// maxOwn bounds how many keys that this process has changed are told apart
	// from those that others have.
	maxOwn = 10_000
	// maxAttempts bounds how often a key that is changed all the time is read
	// for one request.
	maxAttempts = 10
)

var (
	// ErrOverloaded says that too many keys wait to be read.
	ErrOverloaded = errors.New("too many keys wait to be read")
	// ErrStale says that changes to keys could not be followed for longer than
	// StaleLimit.
	ErrStale = errors.New("changes to keys cannot be followed")

	errClosed   = errors.New("the cache is closed")
	errUnknown  = fmt.Errorf("reading a key: %w", repository.ErrNotFound)
	errChanging = errors.New("the key changes faster than it can be read")
	errOtherKey = errors.New("the store returned another key than the one asked for")
)

// Hash is the SHA-256 of a key.
type Hash = [sha256.Size]byte

// Store is what is read; see repository.Repository.
type Store interface {
	KeyByHash(ctx context.Context, hash []byte) (models.APIKey, error)
}

// Options say how much is remembered, and for how long. All are required.
type Options struct {
	// MaxKeys is how many keys are remembered. Of a few at random, the one that
	// was not used for the longest time goes first.
	MaxKeys int
	// MaxAge is how long a key is served without being read again, against
	// bugs and manual changes to the database.
	MaxAge time.Duration
	// StaleLimit is how long keys are served while their changes cannot be
	// followed.
	StaleLimit time.Duration
	// Now is the clock. It may be set: if it is put back, keys are served no longer
	// for it, and if it is put forward, they are read again.
	Now func() time.Time
}

// Cache is safe for concurrent use.
type Cache struct {
	store   Store
	options Options
	clock   *monotonic

	keys      *table
	unknown   *otter.Cache[Hash, negativeEntry]
	own       *otter.Cache[string, struct{}]
	changes   *changes
	confirmed atomic.Int64 // how much time had passed then
	loads     atomic.Int64 // how often the store was asked

	streams *streams

	flights    singleflight.Group
	known, new semaphore

	ctx     context.Context // ends with Close
	cancel  context.CancelFunc
	mu      sync.Mutex // guards closed and adding to running
	closed  bool
	running sync.WaitGroup
}

// negativeEntry says that there was no such key.
type negativeEntry struct {
	generation uint64
	loadedAt   time.Duration
}

// New returns an empty cache. Until Confirm is called, changes count as
// followed up to now.
func New(store Store, options Options) *Cache {
	ctx, cancel := context.WithCancel(context.Background())
	c := &Cache{
		store: store, options: options, clock: newMonotonic(options.Now()),
		keys:    newTable(options.MaxKeys),
		unknown: otter.Must(&otter.Options[Hash, negativeEntry]{MaximumSize: maxUnknown}),
		own:     otter.Must(&otter.Options[string, struct{}]{MaximumSize: maxOwn}),
		changes: newChanges(),
		known:   newSemaphore(loadsOfKnown), new: newSemaphore(maxLoads - loadsOfKnown),
		ctx: ctx, cancel: cancel,
	}
	c.streams = newStreams(c)
	return c
}

// Answer is what the cache can say without asking the store.
type Answer int

// The answers of Lookup.
const (
	// Miss says nothing: the key has to be read.
	Miss Answer = iota
	// Expired is a key that this cache knows and that has to be read again.
	Expired
	// Hit is a key that may be used.
	Hit
	// NegativeHit says that there was no such key a moment ago, and that none was
	// created since.
	NegativeHit
	// NegativeExpired says that there was no such key a moment ago, and that this has to
	// be read again since a key may have been created.
	NegativeExpired
	// Stale says that nothing may be used at present; see ErrStale.
	Stale
)

// Lookup says what is known of a key at the time now. The key is set if the
// answer is Hit.
func (c *Cache) Lookup(hash Hash, now time.Time) (*Key, Answer) {
	elapsed := c.clock.at(now)
	if c.isStale(elapsed) {
		return nil, Stale
	}
	if key := c.keys.find(&hash); key != nil {
		if c.isUsable(key, elapsed) {
			return key, Hit
		}
		return nil, Expired
	}
	return nil, c.lookupNegative(hash, elapsed)
}

// isUsable reports whether the key is neither too old nor changed.
func (c *Cache) isUsable(key *Key, elapsed time.Duration) bool {
	return elapsed-key.loadedAt < ageLimit(c.options.MaxAge, key.hash) && c.changes.isCurrent(key)
}

func (c *Cache) lookupNegative(hash Hash, elapsed time.Duration) Answer {
	missing, ok := c.unknown.GetIfPresent(hash)
	switch {
	case !ok || elapsed-missing.loadedAt >= unknownAge:
		return Miss
	case !c.changes.isNegative(hash, missing.generation):
		return NegativeExpired
	default:
		return NegativeHit
	}
}

// ageLimit is between three quarters of MaxAge and all of it, so that keys
// that were read together are not read again together.
func ageLimit(maxAge time.Duration, hash Hash) time.Duration {
	return maxAge - maxAge/4/256*time.Duration(hash[0])
}

func (c *Cache) isStale(elapsed time.Duration) bool {
	return elapsed-time.Duration(c.confirmed.Load()) > c.options.StaleLimit
}

// Confirm says that every change which was in force at the given time has been
// passed to Invalidate.
func (c *Cache) Confirm(at time.Time) {
	now := c.elapsed()
	elapsed := int64(min(c.clock.since(at), now)) // the clock may have been put back since
	for {
		latest := c.confirmed.Load()
		if elapsed <= latest || c.confirmed.CompareAndSwap(latest, elapsed) {
			return
		}
	}
}

// Invalidate says that this process has changed keys or users, named by their
// ids. It ends no negative entry: which keys this process creates is known.
func (c *Cache) Invalidate(ids ...string) {
	for _, id := range ids {
		c.own.Set(id, struct{}{})
	}
	c.changes.add(ids...)
	c.streams.notify()
}

// InvalidateUsers says that users, named by their ids, have changed. Whether
// there is a key does not depend on users, so it ends no negative entry.
func (c *Cache) InvalidateUsers(ids ...string) {
	c.changes.add(ids...)
	c.streams.notify()
}

// InvalidateKeys says that keys, named by their ids, have changed, or were
// created: what is remembered of keys that are not there ends, unless it was this
// process that has made the change.
func (c *Cache) InvalidateKeys(ids ...string) {
	defer c.streams.notify()
	foreign := func(id string) bool {
		_, own := c.own.GetIfPresent(id)
		return !own
	}
	if slices.ContainsFunc(ids, foreign) {
		c.changes.addKeys(ids...)
		return
	}
	c.changes.add(ids...)
}

// InvalidateAll says that anything may have changed.
func (c *Cache) InvalidateAll() {
	c.changes.addAll()
	c.streams.notify()
}

// Close ends the streams and the loads under way, and waits for both.
func (c *Cache) Close() {
	c.mu.Lock()
	c.closed = true
	c.mu.Unlock()
	c.cancel()
	c.streams.close()
	c.running.Wait()
}
