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
type shard struct {
	mu    sync.RWMutex
	slots []*Key
	size  int
	_     [8]byte // keeps the locks of two shards out of one cache line
}

func newTable(size int) *table {
	t := &table{max: int64(size)}
	for i := range t.shards {
		t.shards[i].slots = make([]*Key, minSlots)
	}
	return t
}

func (t *table) shardOf(hash *Hash) *shard { return &t.shards[hash[0]%shardCount] }

// find returns the key with the hash, nil if there is none.
func (t *table) find(hash *Hash) *Key {
	s := t.shardOf(hash)
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.slots[s.placeOf(hash)]
}

// put takes the key in, unless a reading of it is there that began later.
func (t *table) put(key *Key) {
	if t.shardOf(&key.hash).put(key) && t.size.Add(1) > t.max {
		t.evict(key)
	}
}

// remove takes a key out, unless its reading began after the given one.
func (t *table) remove(hash *Hash, reading uint64) {
	s := t.shardOf(hash)
	s.mu.Lock()
	defer s.mu.Unlock()
	if i := s.placeOf(hash); s.slots[i] != nil && s.slots[i].reading <= reading {
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

// placeOf returns the slot where the key with the hash is, or would be.
func (s *shard) placeOf(hash *Hash) int {
	mask := len(s.slots) - 1
	i := int(binary.LittleEndian.Uint32(hash[4:])) & mask
	for s.slots[i] != nil && s.slots[i].hash != *hash {
		i = (i + 1) & mask
	}
	return i
}

// put reports whether there is one key more.
func (s *shard) put(key *Key) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := s.placeOf(&key.hash)
	if old := s.slots[i]; old != nil {
		if old.reading <= key.reading {
			s.slots[i] = key
		}
		return false
	}
	s.slots[i] = key
	if s.size++; s.size > len(s.slots)/2 {
		s.grow()
	}
	return true
}

func (s *shard) grow() {
	keys := s.slots
	s.slots = make([]*Key, 2*len(keys))
	for _, key := range keys {
		if key != nil {
			s.slots[s.placeOf(&key.hash)] = key
		}
	}
}

// empty takes the key out of a slot, and places those again that may have been
// put further on because of it.
func (s *shard) empty(i int) {
	s.slots[i] = nil
	s.size--
	mask := len(s.slots) - 1
	for i = (i + 1) & mask; s.slots[i] != nil; i = (i + 1) & mask {
		key := s.slots[i]
		s.slots[i] = nil
		s.slots[s.placeOf(&key.hash)] = key
	}
}

// evict takes another key than the newest out, and reports whether there was
// one.
func (s *shard) evict(newest *Key) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	least, seen := -1, 0
	begin := rand.IntN(len(s.slots)) //nolint:gosec // which key goes is no secret
	for i := begin; i < begin+len(s.slots) && seen < samples; i++ {
		place := i & (len(s.slots) - 1)
		if key := s.slots[place]; key != nil && key != newest {
			seen++
			if least < 0 || key.tally.Latest() < s.slots[least].tally.Latest() {
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
