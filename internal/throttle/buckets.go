package throttle

import (
	"hash/maphash"
	"math"
	"sync"
	"time"
)

// places is how many buckets there are in each of two rows. A table takes 400 KB
// once it is used, however many are counted.
const places = 1 << 13

// Buckets count failures, or what else is to be limited, by what they are told
// apart by: each has burst of them free, and one more after each refill. They
// are safe for concurrent use.
//
// Nothing that was counted is ever forgotten: a flood of others cannot make one
// new. Each is counted in two buckets, one of each row, which are found by
// seeded hashes and shared with others (a count-min sketch, Cormode and
// Muthukrishnan 2005). The emptier one decides. So nobody has more than burst
// free, and others take something from somebody only where both are shared.
type Buckets[K comparable] struct {
	limit limit
	seeds [2]maphash.Seed

	mu    sync.Mutex
	clock *stepped
	rows  [2][]bucket
}

// NewBuckets returns buckets that nothing was counted in.
func NewBuckets[K comparable](burst int, refill time.Duration) *Buckets[K] {
	return &Buckets[K]{limit: limit{float64(burst), refill}, seeds: [2]maphash.Seed{maphash.MakeSeed(), maphash.MakeSeed()}}
}

// Wait returns how long to wait from now on before the next; 0 if it may come.
func (b *Buckets[K]) Wait(of K, now time.Time) time.Duration {
	b.mu.Lock()
	defer b.mu.Unlock()
	first, second := b.find(of, now)
	return min(first.wait(b.limit), second.wait(b.limit))
}

// Take counts one, unless it has to wait. It can be refunded, as if it had not
// been taken.
func (b *Buckets[K]) Take(of K, now time.Time) (wait time.Duration, refund func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	first, second := b.find(of, now)
	if wait = min(first.wait(b.limit), second.wait(b.limit)); wait > 0 {
		return wait, func() {}
	}
	first.debt++
	second.debt++
	return 0, func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		first.refund()
		second.refund()
	}
}

// find returns both buckets, with what has come back to them since.
func (b *Buckets[K]) find(of K, now time.Time) (first, second *bucket) {
	if b.clock == nil {
		b.clock = newStepped(now)
		b.rows = [2][]bucket{make([]bucket, places), make([]bucket, places)}
	}
	at := b.clock.at(now)
	found := [2]*bucket{}
	for i := range found {
		found[i] = &b.rows[i][maphash.Comparable(b.seeds[i], of)%places]
		found[i].pass(at, b.limit)
	}
	return found[0], found[1]
}

// limit is how many are free, and how long it takes until there is one more.
type limit struct {
	burst  float64
	refill time.Duration
}

// bucket holds what was taken and has not come back. It differs from
// rate.Limiter of golang.org/x/time in that what was taken can be refunded
// whole, and at any time.
type bucket struct {
	debt float64
	at   instant
}

// pass gives back what the time that has passed is worth.
func (b *bucket) pass(now instant, l limit) {
	if passed, ok := now.since(b.at, l.refill); ok {
		b.debt = max(0, b.debt-float64(passed)/float64(l.refill))
		b.at = now
	}
}

func (b *bucket) refund() { b.debt = max(0, b.debt-1) }

// wait is how long it takes until one is free.
func (b *bucket) wait(l limit) time.Duration {
	if b.debt+1 <= l.burst {
		return 0
	}
	return time.Duration(math.Ceil((b.debt + 1 - l.burst) * float64(l.refill)))
}
