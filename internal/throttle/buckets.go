package throttle

import (
	"time"

	"github.com/maypok86/otter/v2"
	"golang.org/x/time/rate"
)

// maxBuckets bounds each table; the least used ones are forgotten first.
const maxBuckets = 10_000

// Buckets count failures, or what else is to be limited, by what they are told
// apart by: each has burst of them free, and one more after each refill. They
// are safe for concurrent use, and their memory is bounded.
type Buckets[K comparable] struct {
	burst    int
	refill   time.Duration
	limiters *otter.Cache[K, *rate.Limiter]
}

// NewBuckets returns buckets that nothing was counted in.
func NewBuckets[K comparable](burst int, refill time.Duration) *Buckets[K] {
	return &Buckets[K]{burst, refill, otter.Must(&otter.Options[K, *rate.Limiter]{MaximumSize: maxBuckets})}
}

// Wait returns how long to wait from now on before the next; 0 if it may come.
func (b *Buckets[K]) Wait(of K, now time.Time) time.Duration {
	limiter, ok := b.limiters.GetIfPresent(of)
	if !ok {
		return 0
	}
	missing := 1 - limiter.TokensAt(now)
	if missing <= 0 {
		return 0
	}
	return time.Duration(missing * float64(b.refill))
}

// Take counts one, unless it has to wait. What was taken can be given back, as
// if it had not been.
func (b *Buckets[K]) Take(of K, now time.Time) (wait time.Duration, giveBack func()) {
	reservation := b.limiterOf(of).ReserveN(now, 1)
	if wait = reservation.DelayFrom(now); wait > 0 {
		reservation.CancelAt(now)
	}
	return wait, func() { reservation.CancelAt(now) }
}

// Fail counts one.
func (b *Buckets[K]) Fail(of K, now time.Time) {
	b.limiterOf(of).AllowN(now, 1)
}

func (b *Buckets[K]) limiterOf(of K) *rate.Limiter {
	limiter, _ := b.limiters.ComputeIfAbsent(of, func() (*rate.Limiter, bool) {
		return rate.NewLimiter(rate.Every(b.refill), b.burst), false
	})
	return limiter
}
