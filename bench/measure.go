package main

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"syscall"
	"time"
)

// ask makes the i-th request and returns the status of the answer.
type ask func(i int) int

// contestant is a guard to be measured, and the same without it.
type contestant struct {
	name        string
	guard, bare ask
	want        int // the status of the guarded answer
	// requests is how many there are where each can be made once only; 0 for as
	// many as one likes.
	requests int
}

// cost is what a request costs: the time it takes, the time that all threads
// work for it, in nanoseconds, and the allocations.
type cost struct{ time, cpu, allocations float64 }

// pace says how long is measured.
type pace struct {
	rounds int
	round  time.Duration
}

// measure alternates rounds with the guard and without it.
func (p pace) measure(ctx context.Context, c contestant) (guard, bare cost, err error) {
	guarded, unguarded := &series{ask: c.guard, want: c.want}, &series{ask: c.bare}
	guarded.count = c.requests / p.rounds
	for _, s := range []*series{guarded, unguarded} {
		if err := s.prepare(p.round); err != nil {
			return cost{}, cost{}, fmt.Errorf("%s: %w", c.name, err)
		}
	}
	for range p.rounds {
		if err := guarded.run(); err != nil {
			return cost{}, cost{}, fmt.Errorf("%s: %w", c.name, err)
		}
		if err := unguarded.run(); err != nil {
			return cost{}, cost{}, fmt.Errorf("%s, without a guard: %w", c.name, err)
		}
		if err := ctx.Err(); err != nil {
			return cost{}, cost{}, err
		}
	}
	return guarded.cost(), unguarded.cost(), nil
}

// series is a row of rounds of the same kind of request.
type series struct {
	ask   ask
	want  int // 0 for the first answer's
	count int // how many requests a round has
	next  int

	times     []float64 // per request, of each round
	cpu       time.Duration
	mallocs   uint64
	requested int
}

// prepare finds how many requests take as long as a round should, if that is
// not given.
func (s *series) prepare(round time.Duration) error {
	runtime.GC()
	if s.count > 0 {
		return nil
	}
	for s.count = 1; ; s.count *= 2 {
		start := time.Now()
		if err := s.make(s.count); err != nil {
			return err
		}
		if took := time.Since(start); took > round/8 {
			s.count = max(1, int(float64(s.count)*float64(round)/float64(took)))
			return nil
		}
	}
}

func (s *series) run() error {
	mallocs, cpu, start := countMallocs(), usedCPU(), time.Now()
	err := s.make(s.count)
	took := time.Since(start)
	s.cpu += usedCPU() - cpu
	s.mallocs += countMallocs() - mallocs
	s.requested += s.count
	s.times = append(s.times, float64(took)/float64(s.count))
	return err
}

func (s *series) make(count int) error {
	for range count {
		status := s.ask(s.next)
		if s.want == 0 {
			s.want = status
		}
		if status != s.want {
			return fmt.Errorf("request %d is answered %d, not %d", s.next, status, s.want)
		}
		s.next++
	}
	return nil
}

func (s *series) cost() cost {
	requested := float64(s.requested)
	return cost{time: median(s.times), cpu: float64(s.cpu) / requested, allocations: float64(s.mallocs) / requested}
}

func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	return (sorted[(len(sorted)-1)/2] + sorted[len(sorted)/2]) / 2
}

// usedCPU is the time that this process has worked, on all cores.
func usedCPU() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		panic(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

func countMallocs() uint64 {
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.Mallocs
}
