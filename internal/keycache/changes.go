package keycache

import (
	"hash/maphash"
	"sync"
	"sync/atomic"
)

// places is how many places remember changes. It is a power of two, and large
// enough for a change to outdate few keys beside its own: with a million keys
// remembered about 15.
const places = 1 << 16

// place is where changes to an id are remembered.
type place uint16

// changes remembers what has changed since when: each change takes the next
// number and leaves it in the place of its id. Ids share places, so that a key
// may look changed because another was, and is read once too often; but one
// that has changed never looks as if it had not, nothing has to be cleaned up,
// and asking costs two loads.
type changes struct {
	seed   maphash.Seed // nobody outside can tell which ids share a place
	last   atomic.Uint64
	all    atomic.Uint64
	keys   atomic.Uint64 // that of the last change that may have created any key
	latest [places]atomic.Uint64
	adding sync.Mutex
}

func newChanges() *changes { return &changes{seed: maphash.MakeSeed()} }

// generation is the number of the last change.
func (c *changes) generation() uint64 { return c.last.Load() }

// fingerprint is the same for the same id.
func (c *changes) fingerprint(id string) uint32 { return uint32(maphash.String(c.seed, id)) }

func (c *changes) toPlace(id string) place { return place(c.fingerprint(id)) }

func (c *changes) add(ids ...string) {
	if len(ids) == 0 {
		return
	}
	c.adding.Lock()
	defer c.adding.Unlock()
	c.set(c.last.Add(1), ids)
}

// addKeys is add for keys of which some may be new.
func (c *changes) addKeys(ids ...string) {
	c.adding.Lock()
	defer c.adding.Unlock()
	number := c.last.Add(1)
	c.keys.Store(number)
	c.set(number, ids)
}

func (c *changes) set(number uint64, ids []string) {
	for _, id := range ids {
		c.latest[c.toPlace(id)].Store(number)
	}
}

// isNegative reports whether no key with the hash can have been created since the
// given number.
func (c *changes) isNegative(hash Hash, number uint64) bool {
	return c.keys.Load() <= number && c.all.Load() <= number && c.latest[c.toPlace(string(hash[:]))].Load() <= number
}

func (c *changes) addAll() {
	c.adding.Lock()
	defer c.adding.Unlock()
	c.all.Store(c.last.Add(1))
}

// isCurrent reports whether neither the key nor its user has changed since the
// key began to be read. Mostly nothing has changed at all, which takes one load.
func (c *changes) isCurrent(key *Key) bool {
	if c.generation() <= key.generation {
		return true
	}
	return c.latest[place(key.fingerprint)].Load() <= key.generation &&
		c.latest[key.userPlace].Load() <= key.generation &&
		c.all.Load() <= key.generation
}
