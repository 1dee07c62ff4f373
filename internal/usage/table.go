package usage

import (
	"strings"
	"sync"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"github.com/ginauth/ginauth/models"
)

const (
	// shardCount is how many locks counting is spread over.
	shardCount = 64
	// maxRoute is how many bytes of a route the store takes.
	maxRoute = 512
	// anyHour stands for all hours, where memory is too short to tell them
	// apart; no request is made in it.
	anyHour = -1 << 62
)

// limits bound how many counts are held: in counters, and in the table, those on
// their way to the store included. A count that meets a full table gives up its
// detail, route first, before it is dropped.
type limits struct {
	counters int64
	// routes, hours and keys are the numbers of counts from which on no other
	// route, no other hour and no other key gets one of its own.
	routes, hours, keys int64
}

// defaultLimits are reached at about 100 MB, and with counters of keys that have
// left the cache at about 400.
func defaultLimits() limits {
	return limits{counters: 1_000_000, routes: 400_000, hours: 450_000, keys: 500_000}
}

// dimensions tell counts apart. Hours are counted from 1970.
type dimensions struct {
	key, route string
	hour       int64
}

// count is of one key, route and hour.
type count struct {
	user        string
	fingerprint uint32 // of the key
	total       int64
	latest      int64 // in milliseconds since 1970
}

// counted are dimensions with their count.
type counted struct {
	dimensions
	count
}

func (c *counted) hourUsage() models.HourUsage {
	hour := time.Unix(c.hour*3600, 0).UTC()
	return models.HourUsage{KeyID: c.key, UserID: c.user, Route: c.route, Hour: hour, TotalQueries: c.total}
}

// newDimensions is the dimensions of which hourUsage says the count.
func newDimensions(u models.HourUsage) dimensions {
	return dimensions{u.KeyID, u.Route, u.Hour.Unix() / 3600}
}

func (c *counted) latestDate() time.Time { return time.UnixMilli(c.latest).UTC() }

// losses says of how many requests something was lost for want of memory.
type losses struct {
	// routes and hours are those that are counted without; requests those that
	// are not counted at all.
	routes, hours, requests int64
}

// table holds the counts that counters do not. A key's counts lie in one shard.
type table struct {
	limits limits
	shards [shardCount]shard
	held   atomic.Int64

	routes, hours, requests atomic.Int64 // see losses
}

type shard struct {
	mu     sync.Mutex
	counts map[dimensions]*count
	_      [48]byte // keeps the locks of two shards out of one cache line
}

func newTable(limits limits) *table {
	t := &table{limits: limits}
	for i := range t.shards {
		t.shards[i].counts = map[dimensions]*count{}
	}
	return t
}

// add counts one request.
func (t *table) add(key Key, route string, at time.Time) {
	l := dimensions{key.ID(), route, at.Unix() / 3600}
	s := &t.shards[key.Fingerprint()%shardCount]
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.counts[l]
	if c == nil {
		l.route = storable(route) // what is in the table is
		c = t.makeRoom(s, l, count{user: key.UserID(), fingerprint: key.Fingerprint()})
	}
	if c == nil {
		return
	}
	c.total++
	c.latest = max(c.latest, at.UnixMilli())
}

// makeRoom returns a new count for the dimensions or, if memory is short, one with
// less detail; nil if there is no room at all.
func (t *table) makeRoom(s *shard, l dimensions, empty count) *count {
	if c := t.ensure(s, l, empty, t.limits.routes); c != nil {
		return c
	}
	withoutRoute, withoutHour := dimensions{l.key, "", l.hour}, dimensions{l.key, "", anyHour}
	if c := t.ensure(s, withoutRoute, empty, t.limits.hours); c != nil {
		if l != withoutRoute {
			t.routes.Add(1)
		}
		return c
	}
	if c := t.ensure(s, withoutHour, empty, t.limits.keys); c != nil {
		t.hours.Add(1)
		return c
	}
	t.requests.Add(1)
	return nil
}

// ensure returns the dimensions's count, a copy of empty if there was none; nil if
// there is no room for it.
func (t *table) ensure(s *shard, l dimensions, empty count, limit int64) *count {
	if c := s.counts[l]; c != nil {
		return c
	}
	if t.held.Add(1) > limit {
		t.held.Add(-1)
		return nil
	}
	c := empty
	s.counts[l] = &c
	return &c
}

// take removes counts and appends them, until there are n; fewer are all that
// there were. They are held until release.
func (t *table) take(taken []counted, n int) []counted {
	for i := range t.shards {
		taken = t.shards[i].take(taken, n)
	}
	return taken
}

// take removes counts and appends them, until there are n.
func (s *shard) take(taken []counted, n int) []counted {
	s.mu.Lock()
	defer s.mu.Unlock()
	for l, c := range s.counts {
		if len(taken) == n {
			return taken
		}
		taken = append(taken, counted{l, *c})
		delete(s.counts, l)
	}
	s.counts = map[dimensions]*count{} // gives back what a backlog took
	return taken
}

// release makes room for n more counts.
func (t *table) release(n int) { t.held.Add(-int64(n)) }

// pending is how many requests wait in the table.
func (t *table) pending() (requests int64) {
	for i := range t.shards {
		s := &t.shards[i]
		s.mu.Lock()
		for _, c := range s.counts {
			requests += c.total
		}
		s.mu.Unlock()
	}
	return requests
}

func (t *table) losses() losses {
	return losses{t.routes.Load(), t.hours.Load(), t.requests.Load()}
}

// storable cuts a route to what every store takes: UTF-8 without NUL, of
// bounded length. Routes are the application's own, so it is nearly always
// the same.
func storable(route string) string {
	if len(route) > maxRoute {
		route = strings.ToValidUTF8(route[:maxRoute], "") // a rune may be cut
	}
	if !utf8.ValidString(route) || strings.Contains(route, "\x00") {
		route = strings.ReplaceAll(strings.ToValidUTF8(route, ""), "\x00", "")
	}
	return route
}
