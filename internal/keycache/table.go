package keycache

import (
	"encoding/binary"
	"math/rand/v2"
	"sync"
	"sync/atomic"
)

const (
	// shardCount is how many locks the table is spread over.
	shardCount = 64
	// minSlots is the size of a shard at first; it is a power of two.
	minSlots = 16
	// samples is of how many keys, taken from a random place, the least lately
	// used one goes when the table is full. Redis does the same with as many:
	// https://redis.io/docs/latest/develop/reference/eviction/
	samples = 5
)

// table holds at most a given number of keys by their hashes. It is written for
// one purpose, a million keys of which any may be next: what such a look-up
// costs is waiting for memory, and here that is for one slot and for the key.
type table struct {
	shards [shardCount]shard
	max    int64
	size   atomic.Int64
}

// shard is a hash table with open addressing and linear probing (Knuth, The Art
// of Computer Programming, volume 3, section 6.4), at most half full. Hashes
// need no hashing: they are random, and nobody can choose those of keys.
//
// It is changed under its lock and read without. A reader may meet a key that
// was replaced or removed just now, which is as if it had come earlier, and may
// miss one that is being moved, so it looks for that once more under the lock.
type shard struct {
	slots atomic.Pointer[slots]
	mu    sync.Mutex
	size  int
	_     [40]byte // keeps two shards out of one cache line
}

// slots are as many as a power of two.
type slots []atomic.Pointer[Key]

func newTable(size int) *table {
	t := &table{max: int64(size)}
	for i := range t.shards {
		t.shards[i].slots.Store(newSlots(minSlots))
	}
	return t
}

func (t *table) findShard(hash *Hash) *shard { return &t.shards[hash[0]%shardCount] }

// find returns the key with the hash, nil if there is none.
func (t *table) find(hash *Hash) *Key {
	s := t.findShard(hash)
	if key, _ := s.slots.Load().find(hash); key != nil {
		return key
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	key, _ := s.slots.Load().find(hash)
	return key
}

// put takes the key in, unless a load of it is there that began later.
func (t *table) put(key *Key) {
	if t.findShard(&key.hash).put(key) && t.size.Add(1) > t.max {
		t.evict(key)
	}
}

// remove takes a key out, unless its load began after the given one.
func (t *table) remove(hash *Hash, generation uint64) {
	s := t.findShard(hash)
	s.mu.Lock()
	defer s.mu.Unlock()
	if key, i := s.slots.Load().find(hash); key != nil && key.generation <= generation {
		s.empty(i)
		t.size.Add(-1)
	}
}

// evict makes room for a key that has come.
func (t *table) evict(newest *Key) {
	for i := range shardCount {
		if t.shards[(int(newest.hash[0])+i)%shardCount].evict(newest) {
			t.size.Add(-1)
			return
		}
	}
}

func newSlots(size int) *slots {
	s := make(slots, size)
	return &s
}

// find returns the key with the hash and its place, or where it would be.
func (s *slots) find(hash *Hash) (*Key, int) {
	mask := len(*s) - 1
	i := int(binary.LittleEndian.Uint32(hash[4:])) & mask
	for {
		if key := (*s)[i].Load(); key == nil || key.hash == *hash {
			return key, i
		}
		i = (i + 1) & mask
	}
}

// place puts a key where it belongs.
func (s *slots) place(key *Key) {
	_, i := s.find(&key.hash)
	(*s)[i].Store(key)
}

// put reports whether there is one key more.
func (s *shard) put(key *Key) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	slots := s.slots.Load()
	if old, _ := slots.find(&key.hash); old != nil {
		if old.generation <= key.generation {
			slots.place(key)
		}
		return false
	}
	slots.place(key)
	if s.size++; s.size > len(*slots)/2 {
		s.grow()
	}
	return true
}

func (s *shard) grow() {
	old := *s.slots.Load()
	larger := newSlots(2 * len(old))
	for i := range old {
		if key := old[i].Load(); key != nil {
			larger.place(key)
		}
	}
	s.slots.Store(larger)
}

// empty takes the key out of a slot, and places those again that may have been
// put further on because of it.
func (s *shard) empty(i int) {
	slots := *s.slots.Load()
	slots[i].Store(nil)
	s.size--
	mask := len(slots) - 1
	for i = (i + 1) & mask; slots[i].Load() != nil; i = (i + 1) & mask {
		slots.place(slots[i].Swap(nil))
	}
}

// evict takes another key than the newest out, and reports whether there was
// one.
func (s *shard) evict(newest *Key) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	slots := *s.slots.Load()
	least, seen := -1, 0
	begin := rand.IntN(len(slots)) //nolint:gosec // which key goes is no secret
	for i := begin; i < begin+len(slots) && seen < samples; i++ {
		place := i & (len(slots) - 1)
		if key := slots[place].Load(); key != nil && key != newest {
			seen++
			if least < 0 || key.counter.Latest() < slots[least].Load().counter.Latest() {
				least = place
			}
		}
	}
	if least < 0 {
		return false
	}
	s.empty(least)
	return true
}
