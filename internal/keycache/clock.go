package keycache

import (
	"sync"
	"sync/atomic"
	"time"
)

const (
	// race is by how much one time may be before another that was read earlier, by
	// a goroutine that was overtaken. A time that goes back further is from a clock that was set.
	race = time.Second
	// notch is how often the latest time is noted.
	notch = 100 * time.Millisecond
)

// monotonic measures how much time has passed since the start by a clock that may
// be put back, if it has no monotonic part: time goes on then from where it
// was. Mostly this takes two loads.
type monotonic struct {
	start        time.Time
	offset, high atomic.Int64
	mu           sync.Mutex
	process      time.Time // when high was noted, by the clock of the process
}

func newMonotonic(start time.Time) *monotonic { return &monotonic{start: start, process: time.Now()} }

// at returns how much time had passed at a time that was read just now.
func (m *monotonic) at(now time.Time) time.Duration {
	elapsed := m.since(now)
	if ahead := elapsed - time.Duration(m.high.Load()); ahead > -race && ahead < notch {
		return elapsed
	}
	return m.note(now)
}

// since returns how much time had passed at a time that may have been read a while ago.
func (m *monotonic) since(then time.Time) time.Duration {
	return then.Sub(m.start) + time.Duration(m.offset.Load())
}

// note keeps the latest time, and finds out that the clock was put back.
func (m *monotonic) note(now time.Time) time.Duration {
	m.mu.Lock()
	defer m.mu.Unlock()
	elapsed, high := m.since(now), time.Duration(m.high.Load())
	if elapsed <= high-race {
		step := high + time.Since(m.process) - elapsed
		m.offset.Add(int64(step))
		elapsed += step
	}
	if elapsed > high {
		m.high.Store(int64(elapsed))
		m.process = time.Now()
	}
	return elapsed
}
