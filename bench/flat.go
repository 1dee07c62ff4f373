package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"runtime"
)

// A measure may grow by a tenth, and by this much: memory in MB, which
// pools and caches fill with a time, and goroutines, of which some have just
// begun and some not yet ended.
const (
	heapTolerance      = 2
	residentTolerance  = 16
	goroutineTolerance = 10
)

// sample is what is in use at a moment; memory in MB.
type sample struct{ heap, resident, goroutines float64 }

func takeSample() sample {
	return sample{heap: float64(heap()) / 1e6, resident: resident(), goroutines: float64(runtime.NumGoroutine())}
}

// resident is the memory that the system has given to this process, SQLite's
// included; 0 where it does not say.
func resident() float64 { return residentMemory(os.Getpid()) }

func residentMemory(pid int) float64 {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	if err != nil {
		return 0
	}
	var size, pages float64
	if _, err := fmt.Fscan(bytes.NewReader(text), &size, &pages); err != nil {
		return 0
	}
	return pages * float64(os.Getpagesize()) / 1e6
}

// flat compares the last quarter with the second; the first warms up.
func flat(taken []sample) error {
	second, last := taken[len(taken)/4:len(taken)/2], taken[len(taken)*3/4:]
	var errs []error
	for _, measure := range []struct {
		name      string
		of        func(sample) float64
		tolerance float64
	}{
		{"the heap", func(s sample) float64 { return s.heap }, heapTolerance},
		{"resident memory", func(s sample) float64 { return s.resident }, residentTolerance},
		{"the number of goroutines", func(s sample) float64 { return s.goroutines }, goroutineTolerance},
	} {
		before, after := medianRatio(second, measure.of), medianRatio(last, measure.of)
		if after > 1.1*before+measure.tolerance {
			errs = append(errs, fmt.Errorf("%s has grown from %.1f to %.1f", measure.name, before, after))
		}
	}
	return errors.Join(errs...)
}

func medianRatio(taken []sample, of func(sample) float64) float64 {
	values := make([]float64, len(taken))
	for i, s := range taken {
		values[i] = of(s)
	}
	return median(values)
}
