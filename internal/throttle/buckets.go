package throttle

import (
	"math"
	"sync"
	"time"

	"github.com/maypok86/otter/v2"
)

// maxBuckets bounds each table; the least used ones are forgotten first.
const maxBuckets = 10_000

// Buckets count failures, or what else is to be limited, by what they are told
// apart by: each has burst of them free, and one more after each refill. They
// are safe for concurrent use, and their memory is bounded.
type Buckets[K comparable] struct {
	burst   int
	refill  time.Duration
	buckets *otter.Cache[K, *bucket]
}

// NewBuckets returns buckets that nothing was counted in.
func NewBuckets[K comparable](burst int, refill time.Duration) *Buckets[K] {
	return &Buckets[K]{burst, refill, otter.Must(&otter.Options[K, *bucket]{MaximumSize: maxBuckets})}
}

// Wait returns how long to wait from now on before the next; 0 if it may come.
func (b *Buckets[K]) Wait(of K, now time.Time) time.Duration {
	if bucket, ok := b.buckets.GetIfPresent(of); ok {
		return bucket.wait(now)
	}
	return 0
}

// Take counts one, unless it has to wait. What was taken can be given back, as
// if it had not been.
func (b *Buckets[K]) Take(of K, now time.Time) (wait time.Duration, giveBack func()) {
	bucket, _ := b.buckets.ComputeIfAbsent(of, func() (*bucket, bool) {
		return newBucket(b.burst, b.refill), false
	})
	return bucket.take(now), bucket.giveBack
}

// bucket holds what is free. It differs from rate.Limiter of golang.org/x/time
// in that what was taken can be given back whole, and at any time.
type bucket struct {
	burst  float64
	refill time.Duration

	mu   sync.Mutex
	free float64
	at   time.Time
}

func newBucket(burst int, refill time.Duration) *bucket {
	return &bucket{burst: float64(burst), refill: refill, free: float64(burst)}
}

func (b *bucket) wait(now time.Time) time.Duration {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.missing(now)
}

// take returns 0 if there was one.
func (b *bucket) take(now time.Time) (wait time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if wait = b.missing(now); wait == 0 {
		b.free--
	}
	return wait
}

func (b *bucket) giveBack() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.free = min(b.burst, b.free+1)
}

// missing refills the bucket and returns how long it takes until one is free. A
// clock that goes back fills nothing.
func (b *bucket) missing(now time.Time) time.Duration {
	if passed := now.Sub(b.at); passed > 0 {
		b.free = min(b.burst, b.free+float64(passed)/float64(b.refill))
		b.at = now
	}
	if b.free >= 1 {
		return 0
	}
	return time.Duration(math.Ceil((1 - b.free) * float64(b.refill)))
}
