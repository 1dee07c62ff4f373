package guard

import (
	"sync"
	"sync/atomic"
)

// outcomes counts the uses of keys by how they ended. A use that is allowed costs
// one atomic addition.
type outcomes struct {
	allowed, anonymous atomic.Int64
	refused            sync.Map // of *atomic.Int64, by the problem's code
}

func (o *outcomes) refuse(code string) {
	counter, ok := o.refused.Load(code)
	if !ok {
		counter, _ = o.refused.LoadOrStore(code, new(atomic.Int64))
	}
	counter.(*atomic.Int64).Add(1)
}

// Outcomes returns how many uses were allowed, passed as anonymous, or were
// refused, these by the problem's code.
func (g *Guard) Outcomes() map[string]int64 {
	counts := map[string]int64{"allowed": g.outcomes.allowed.Load(), "anonymous": g.outcomes.anonymous.Load()}
	g.outcomes.refused.Range(func(code, counter any) bool {
		counts[code.(string)] = counter.(*atomic.Int64).Load()
		return true
	})
	return counts
}
