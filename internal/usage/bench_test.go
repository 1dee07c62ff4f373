package usage

import (
	"context"
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/ginauth/ginauth/repository"
)

func BenchmarkCount(b *testing.B) {
	r := Start(nothing{}, time.Hour, silent())
	defer func() { _ = r.Close(context.Background()) }()
	keys := make([]*named, 1000)
	for i := range keys {
		keys[i] = newKeyFor(fmt.Sprintf("019a2f6e-7c1d-7f3a-9a51-%012d", i), "user")
	}
	for name, n := range map[string]int{"one key": 1, "1000 keys": 1000} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				for i := 0; pb.Next(); i++ {
					r.Count(keys[i%n], "/users/:id/orders/:order", at)
				}
			})
		})
	}
}

// BenchmarkMemory says what a full table takes.
func BenchmarkMemory(b *testing.B) {
	for range b.N {
		t := newTable(defaultLimits())
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		for i := range t.limits.keys {
			t.add(newKeyFor(fmt.Sprintf("019a2f6e-7c1d-7f3a-9a51-%012d", i), "user"), "/users/:id", at)
		}
		runtime.GC()
		runtime.ReadMemStats(&after)
		b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/1e6, "MB")
		runtime.KeepAlive(t)
	}
}

// nothing keeps nothing.
type nothing struct{}

func (nothing) AddUsage(context.Context, repository.Flush) error { return nil }
