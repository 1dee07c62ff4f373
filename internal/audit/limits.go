package audit

import (
	"sync"
	"time"
)

const (
	// recordsAtOnce is how many records of one action and outcome are written
	// when they come at once, and limitRefill how long it takes until there may
	// be one more.
	recordsAtOnce = 10
	limitRefill   = time.Second
)

// limits bounds how often each kind of record is written. Kinds are named by
// the code, never by a client, so there are few. Time is that of the machine,
// with its monotonic reading: a log is written for people.
type limits struct {
	mu    sync.Mutex
	kinds map[string]*limit
}

// limit is full when it holds no record; each record adds one, which goes with
// the time.
type limit struct {
	held    float64
	last    time.Time
	leftOut int
}

// do calls write with the number of records that were left out since it last
// did, or leaves this one out.
func (l *limits) do(kind string, atOnce int, write func(leftOut int)) {
	if leftOut, ok := l.enter(kind, atOnce, time.Now()); ok {
		write(leftOut)
	}
}

func (l *limits) enter(kind string, atOnce int, now time.Time) (leftOut int, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.kinds == nil {
		l.kinds = map[string]*limit{}
	}
	k := l.kinds[kind]
	if k == nil {
		k = &limit{last: now}
		l.kinds[kind] = k
	}
	k.held = max(0, k.held-float64(now.Sub(k.last))/float64(limitRefill))
	k.last = now
	if k.held > float64(atOnce-1) {
		k.leftOut++
		return 0, false
	}
	k.held++
	leftOut, k.leftOut = k.leftOut, 0
	return leftOut, true
}

// take returns how many records of each kind were left out and not reported.
func (l *limits) take() map[string]int {
	l.mu.Lock()
	defer l.mu.Unlock()
	all := map[string]int{}
	for kind, k := range l.kinds {
		if k.leftOut > 0 {
			all[kind] = k.leftOut
		}
		k.leftOut = 0
	}
	return all
}
