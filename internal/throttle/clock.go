package throttle

import "time"

// race is by how much one time may be before another that was read earlier, by a
// goroutine that was overtaken. A time that goes back further is from a clock that was set.
const race = time.Second

// stepped makes instants of the times of a clock that may be set.
type stepped struct{ start, process time.Time }

func newStepped(now time.Time) *stepped { return &stepped{now, time.Now()} }

// instant is a time by the caller's clock, and by that of the process, which
// nobody sets. Both are counted from the same moment.
type instant struct{ clock, process time.Duration }

func (s *stepped) at(now time.Time) instant {
	return instant{now.Sub(s.start), time.Since(s.process)}
}

// since returns how much time has passed: what the clock says if it goes on as
// usual. If it was put back, it is what the process says; if it was put forward,
// the step counts for one interval at most. Not ok for a time that was read
// before the other.
func (i instant) since(before instant, interval time.Duration) (passed time.Duration, ok bool) {
	passed, process := i.clock-before.clock, i.process-before.process
	switch {
	case passed <= -race:
		return max(0, process), true
	case passed < 0:
		return 0, false
	default:
		return min(passed, process+interval), true
	}
}
