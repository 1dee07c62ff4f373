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
	// Tally returns the key's own, always the same.
	Tally() *Tally
}

// Tally counts the requests of a key since they were last written, as long as
// they are on one route and in one hour, which nearly all are. It is a part of
// the key, so that counting a request takes no look-up. The zero Tally is ready
// for use.
type Tally struct {
	// state packs the number of the route, the hour and the total; it is 0
	// while nothing is counted.
	state atomic.Uint64
	// latest is when the latest request was, in milliseconds since 1970.
	latest atomic.Int64
	// next follows the key in the list of those whose tally counts something.
	next Key
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
func (t *Tally) Latest() int64 { return t.latest.Load() }

// touch moves the time of the latest request, never back.
func (t *Tally) touch(millis int64) {
	for latest := t.latest.Load(); latest < millis; latest = t.latest.Load() {
		if t.latest.CompareAndSwap(latest, millis) {
			return
		}
	}
}

// tallies are those keys whose tally counts something, at most a given number.
type tallies struct {
	max    int64
	size   atomic.Int64
	routes routes
	shards [shardCount]struct {
		mu    sync.Mutex
		first Key
		_     [40]byte // keeps the locks of two shards out of one cache line
	}
}

// add counts one request and reports whether it could: if the key's tally is
// at another route or hour, or there is no room, it cannot.
func (t *tallies) add(key Key, route string, at time.Time) bool {
	number, ok := t.routes.number(route)
	hour := uint64(at.Unix() / 3600)
	if !ok || hour > maxHour {
		return false
	}
	place := (number<<hourBits | hour) << totalBits
	tally := key.Tally()
	tally.touch(at.UnixMilli()) // first: who takes the count must see it
	for {
		switch state := tally.state.Load(); {
		case state == 0:
			if done, ok := t.begin(key, place); done {
				return ok
			}
		case state&^maxTotal != place || state&maxTotal == maxTotal:
			return false
		case tally.state.CompareAndSwap(state, state+1):
			return true
		}
	}
}

// begin counts a key's first request in a place, if there is room. It is not
// done if another request was first.
func (t *tallies) begin(key Key, place uint64) (done, ok bool) {
	if t.size.Add(1) > t.max {
		t.size.Add(-1)
		return true, false
	}
	if !key.Tally().state.CompareAndSwap(0, place+1) {
		t.size.Add(-1)
		return false, false
	}
	s := &t.shards[rand.Uint32()%shardCount] //nolint:gosec // which lock it is is no secret
	s.mu.Lock()
	defer s.mu.Unlock()
	key.Tally().next, s.first = s.first, key
	return true, true
}

// take removes and returns what was counted, of at most n keys; fewer are all
// that there were.
func (t *tallies) take(n int) (taken []counted) {
	for i := range t.shards {
		taken = t.takeFrom(i, taken, n)
	}
	t.size.Add(-int64(len(taken)))
	return taken
}

func (t *tallies) takeFrom(shard int, taken []counted, n int) []counted {
	s := &t.shards[shard]
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.first != nil && len(taken) < n {
		key := s.first
		s.first, key.Tally().next = key.Tally().next, nil
		taken = append(taken, t.counted(key, key.Tally().state.Swap(0))) // from here on the key may be in a list again
	}
	return taken
}

func (t *tallies) counted(key Key, state uint64) counted {
	return counted{
		line{key.ID(), t.routes.name(state >> (hourBits + totalBits)), int64(state >> totalBits & maxHour)},
		count{key.UserID(), int64(state & maxTotal), key.Tally().Latest()},
	}
}

// pending is how many requests are counted.
func (t *tallies) pending() (requests int64) {
	for i := range t.shards {
		s := &t.shards[i]
		s.mu.Lock()
		for key := s.first; key != nil; key = key.Tally().next {
			requests += int64(key.Tally().state.Load() & maxTotal)
		}
		s.mu.Unlock()
	}
	return requests
}
