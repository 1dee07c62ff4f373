package usage

import (
	"maps"
	"sync"
	"sync/atomic"
)

// maxRoutes is how many routes have a number. Beyond it there are none that
// fewer bytes would stand for; the table tells those apart.
const maxRoutes = 4096

// routes numbers the application's routes in the order in which they are used.
type routes struct {
	known    atomic.Pointer[map[string]uint64] // never changed, but exchanged
	learning sync.Mutex
	names    atomic.Pointer[[]string] // by number
}

// number returns that of a route; not ok if there are too many.
func (r *routes) number(route string) (number uint64, ok bool) {
	if known := r.known.Load(); known != nil {
		if number, ok = (*known)[route]; ok {
			return number, true
		}
	}
	return r.learn(route)
}

func (r *routes) learn(route string) (uint64, bool) {
	r.learning.Lock()
	defer r.learning.Unlock()
	known, names := map[string]uint64{}, []string{}
	if r.known.Load() != nil {
		known, names = maps.Clone(*r.known.Load()), *r.names.Load()
	}
	if number, ok := known[route]; ok || len(names) == maxRoutes {
		return number, ok
	}
	known[route] = uint64(len(names))
	names = append(names, storable(route))
	r.names.Store(&names) // first: who finds the number finds the name
	r.known.Store(&known)
	return known[route], true
}

func (r *routes) name(number uint64) string { return (*r.names.Load())[number] }
