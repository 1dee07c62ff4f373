package mongodb

import (
	"math"
	"testing"
)

// The lists' share is made from the bound that the driver keeps.
func TestPoolSize(t *testing.T) {
	of := func(n uint64) *uint64 { return &n }
	for _, test := range []struct {
		limit *uint64
		want  int
	}{{nil, 100}, {of(0), math.MaxInt}, {of(3), 3}, {of(math.MaxUint64), math.MaxInt32}} {
		if got := poolSize(test.limit); got != test.want {
			t.Errorf("a limit of %v is taken for %d, want %d", test.limit, got, test.want)
		}
	}
}
