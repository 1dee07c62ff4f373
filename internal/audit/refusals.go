package audit

import (
	"log/slog"
	"sync"
)

const (
	// maxGroups bounds how many groups of refusals are told apart within a
	// minute: so many with the id of a key, which a flood of made-up keys cannot
	// push out, and so many without.
	maxGroups = 100
	// Others is the client address of what has no group of its own.
	Others = "others"
	// maxAddress is how many bytes of an address are kept: more than any has,
	// unless an application says otherwise.
	maxAddress = 64
)

// group is what refusals have in common that are counted together.
type group struct{ code, keyID, address string }

// refusals counts requests that a guard has refused.
type refusals struct {
	mu     sync.Mutex
	counts map[group]int
	known  int // groups with the id of a key
}

// Refuse counts a request that a guard has refused: the problem's code, the
// key's id where the key is known, and the client's address.
func (r *Recorder) Refuse(code, keyID, address string) {
	r.refusals.add(group{code, keyID, address[:min(len(address), maxAddress)]})
}

func (r *refusals) add(g group) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.counts == nil {
		r.counts = map[group]int{}
	}
	if _, ok := r.counts[g]; !ok && !r.makeRoom(g) {
		g = group{code: g.code, address: Others}
	}
	r.counts[g]++
}

// makeRoom reports whether another group may be counted.
func (r *refusals) makeRoom(g group) bool {
	if g.keyID == "" {
		return len(r.counts)-r.known < maxGroups
	}
	if r.known == maxGroups {
		return false
	}
	r.known++
	return true
}

// counted is how many requests of a group were refused.
type counted struct {
	group
	count int
}

// take returns what was counted since it was last called.
func (r *refusals) take() []counted {
	r.mu.Lock()
	counts := r.counts
	r.counts, r.known = nil, 0
	r.mu.Unlock()
	all := make([]counted, 0, len(counts))
	for g, count := range counts {
		all = append(all, counted{g, count})
	}
	return all
}

func (c counted) record() Record {
	return Record{
		Action: "guard.refuse", ObjectID: c.keyID, ClientAddress: c.address, Outcome: c.code,
		More: []slog.Attr{slog.Int("count", c.count)},
	}
}
