package keycache

import (
	"sync"
	"sync/atomic"
	"time"
)

const (
	// race is by how much one time may be before another that was read earlier, by
	// a goroutine that was overtaken. What goes back further is a clock that was set.
	race = time.Second
	// notch is how often the latest moment is noted.
	notch = 100 * time.Millisecond
)

// moments measures how much time has passed since the start by a clock that may
// be put back, if it has no monotonic reading: time goes on then from where it
// was. Mostly this takes two loads.
type moments struct {
	start        time.Time
	offset, high atomic.Int64
	mu           sync.Mutex
	process      time.Time // when high was noted, by the clock of the process
}

func newMoments(start time.Time) *moments { return &moments{start: start, process: time.Now()} }

// at returns the moment of a time that was read just now.
func (m *moments) at(now time.Time) time.Duration {
	moment := m.since(now)
	if ahead := moment - time.Duration(m.high.Load()); ahead > -race && ahead < notch {
		return moment
	}
	return m.note(now)
}

// since returns the moment of a time that may have been read a while ago.
func (m *moments) since(then time.Time) time.Duration {
	return then.Sub(m.start) + time.Duration(m.offset.Load())
}

// note keeps the latest moment, and finds out that the clock was put back.
func (m *moments) note(now time.Time) time.Duration {
	m.mu.Lock()
	defer m.mu.Unlock()
	moment, high := m.since(now), time.Duration(m.high.Load())
	if moment <= high-race {
		step := high + time.Since(m.process) - moment
		m.offset.Add(int64(step))
		moment += step
	}
	if moment > high {
		m.high.Store(int64(moment))
		m.process = time.Now()
	}
	return moment
}
