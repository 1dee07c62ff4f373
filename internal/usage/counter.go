package usage

import (
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"
)

// Key is a key in memory whose requests are counted.
type Key interface {
	ID() string
	// UserID is empty for a service key.
	UserID() string
	// Fingerprint is the same for the same ID, and seldom for another.
	Fingerprint() uint32
	// Counter returns the key's own, always the same.
	Counter() *Counter
}

// Counter counts the requests of a key since they were last written, as long as
// they are on one route and in one hour, which nearly all are. It is a part of
// the key, so that counting a request takes no look-up. The zero Counter is ready
// for use.
type Counter struct {
	// state packs the number of the route, the hour and the total; it is 0
	// while nothing is counted.
	state atomic.Uint64
	// latest is when the latest request was, in milliseconds since 1970.
	latest atomic.Int64
}

// A state's lowest bits are the total; above are the hour, which is counted
// from 1970, and the number of the route.
const (
	totalBits, hourBits = 24, 24
	maxTotal            = 1<<totalBits - 1
	maxHour             = 1<<hourBits - 1
)

// Latest returns when the key was last used, in milliseconds since 1970; 0 for
// never.
func (t *Counter) Latest() int64 { return t.latest.Load() }

// touch moves the time of the latest request, never back.
func (t *Counter) touch(millis int64) {
	for latest := t.latest.Load(); latest < millis; latest = t.latest.Load() {
		if t.latest.CompareAndSwap(latest, millis) {
			return
		}
	}
}

// counters are those keys whose counter counts something, at most a given number.
type counters struct {
	max    int64
	size   atomic.Int64
	routes routes
	shards [shardCount]struct {
		mu   sync.Mutex
		keys []Key
		_    [32]byte // keeps the locks of two shards out of one cache line
	}
	// collected are keys on their way from the shards to a flush, which alone
	// looks at them.
	collected []Key
}

// add counts one request and reports whether it could: if the key's counter is
// at another route or hour, or there is no room, it cannot.
func (t *counters) add(key Key, route string, at time.Time) bool {
	number, ok := t.routes.number(route)
	hour := uint64(at.Unix() / 3600)
	if !ok || hour > maxHour {
		return false
	}
	place := (number<<hourBits | hour) << totalBits
	counter := key.Counter()
	counter.touch(at.UnixMilli()) // first: who takes the count must see it
	for {
		switch state := counter.state.Load(); {
		case state == 0:
			if done, ok := t.begin(key, place); done {
				return ok
			}
		case state&^maxTotal != place || state&maxTotal == maxTotal:
			return false
		case counter.state.CompareAndSwap(state, state+1):
			return true
		}
	}
}

// begin counts a key's first request in a place, if there is room. It is not
// done if another request was first.
func (t *counters) begin(key Key, place uint64) (done, ok bool) {
	if t.size.Add(1) > t.max {
		t.size.Add(-1)
		return true, false
	}
	if !key.Counter().state.CompareAndSwap(0, place+1) {
		t.size.Add(-1)
		return false, false
	}
	s := &t.shards[rand.Uint32()%shardCount] //nolint:gosec // which lock it is is no secret
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keys = append(s.keys, key)
	return true, true
}

// take removes what was counted and appends it, until there are n; fewer are
// all that there were.
func (t *counters) take(taken []counted, n int) []counted {
	before := len(taken)
	taken = t.takeCollected(taken, n)
	if len(taken) < n {
		t.collect()
		taken = t.takeCollected(taken, n)
	}
	t.size.Add(int64(before - len(taken)))
	return taken
}

// collect empties the shards.
func (t *counters) collect() {
	for i := range t.shards {
		s := &t.shards[i]
		s.mu.Lock()
		t.collected = append(t.collected, s.keys...)
		clear(s.keys)
		s.keys = s.keys[:0]
		s.mu.Unlock()
	}
}

func (t *counters) takeCollected(taken []counted, n int) []counted {
	rest := max(0, len(t.collected)-(n-len(taken)))
	keys := t.collected[rest:]
	for _, key := range keys {
		taken = append(taken, t.counted(key, key.Counter().state.Swap(0))) // from here on the key may be in a shard again
	}
	clear(keys)
	t.collected = t.collected[:rest]
	return taken
}

func (t *counters) counted(key Key, state uint64) counted {
	return counted{
		dimensions{key.ID(), t.routes.name(state >> (hourBits + totalBits)), int64(state >> totalBits & maxHour)},
		count{key.UserID(), key.Fingerprint(), int64(state & maxTotal), key.Counter().Latest()},
	}
}

// pending is how many requests are counted. It is a flush's to ask.
func (t *counters) pending() (requests int64) {
	t.collect()
	for _, key := range t.collected {
		requests += int64(key.Counter().state.Load() & maxTotal)
	}
	return requests
}
