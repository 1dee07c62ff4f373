package keycache

import (
	"context"
	"encoding/binary"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ginauth/ginauth/internal/usage"
	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/repository"
)

// nowhere is where counts go.
type nowhere struct{}

func (nowhere) AddUsage(context.Context, repository.Flush) error { return nil }

// newKeyFor makes a key of a table.
func (f *fixture) newKeyFor(text string, generation uint64) *Key {
	hash := toHash(text)
	return f.newKey(models.APIKey{ID: text, Hash: hash[:]}, generation, 0)
}

// A table does what a map does, whatever is put in and taken out in whatever
// order.
func TestTableIsAMap(t *testing.T) {
	f := newFixture(t)
	table, want := newTable(1000), map[Hash]*Key{}
	random := rand.New(rand.NewPCG(1, 2))
	for step := range 20_000 {
		key := f.newKeyFor(fmt.Sprint(random.IntN(500)), uint64(step))
		if random.IntN(3) > 0 {
			table.put(key)
			want[key.hash] = key
		} else {
			table.remove(&key.hash, key.generation)
			delete(want, key.hash)
		}
		if got := table.find(&key.hash); got != want[key.hash] {
			t.Fatalf("step %d finds %v, want %v", step, got, want[key.hash])
		}
	}
	for i := range 500 {
		hash := toHash(fmt.Sprint(i))
		if got := table.find(&hash); got != want[hash] {
			t.Errorf("key %d is %v, want %v", i, got, want[hash])
		}
	}
	if table.size.Load() != int64(len(want)) {
		t.Errorf("the table counts %d keys, want %d", table.size.Load(), len(want))
	}
}

// The later load stays.
func TestTableKeepsTheLaterReading(t *testing.T) {
	f := newFixture(t)
	table := newTable(10)
	early, late := f.newKeyFor("a", 1), f.newKeyFor("a", 2)
	table.put(late)
	table.put(early)
	table.remove(&late.hash, 1)
	if table.find(&late.hash) != late || table.size.Load() != 1 {
		t.Error("the earlier load replaced or removed the later one")
	}
	table.remove(&late.hash, 2)
	if table.find(&late.hash) != nil || table.size.Load() != 0 {
		t.Error("the key is still there")
	}
}

// A full table takes the new key in and gives up another, rather one that was
// not used lately.
func TestTableIsBounded(t *testing.T) {
	f := newFixture(t)
	for _, size := range []int{1, 2, 100} {
		table := newTable(size)
		for i := range 20 * size {
			key := f.newKeyFor(fmt.Sprint(size, i), 1)
			table.put(key)
			if table.find(&key.hash) != key {
				t.Fatalf("the newest of %d keys is not there", i)
			}
		}
		held := 0
		for i := range table.shards {
			held += table.shards[i].size
		}
		if held != size || table.size.Load() != int64(size) {
			t.Errorf("a table for %d keys holds %d and counts %d", size, held, table.size.Load())
		}
	}
}

func TestTableGivesUpTheLeastUsed(t *testing.T) {
	f := newFixture(t)
	const size, used = 6400, 640
	recorder := usage.Start(nowhere{}, time.Hour, slog.New(slog.DiscardHandler))
	defer func() { _ = recorder.Close(t.Context()) }()
	table := newTable(size)
	hot := []*Key{}
	for i := range size {
		key := f.newKeyFor(fmt.Sprint(i), 1)
		if table.put(key); i < used {
			recorder.Count(key, "/", noon)
			hot = append(hot, key)
		}
	}
	for i := range size / 2 {
		table.put(f.newKeyFor(fmt.Sprint("new ", i), 1))
	}
	kept := 0
	for _, key := range hot {
		if table.find(&key.hash) != nil {
			kept++
		}
	}
	if kept < used*95/100 {
		t.Errorf("of %d keys that are used %d are kept", used, kept)
	}
}

// A key that is in the table is found whenever one looks, also while it is
// moved since others go.
func TestTableFindsWhatMoves(t *testing.T) {
	f := newFixture(t)
	table := newTable(100)
	inTheWay := []*Key{}
	for i := range 6 {
		inTheWay = append(inTheWay, f.newKeyAt(uint64(i)))
	}
	var newest atomic.Pointer[Key]
	done := make(chan struct{})
	go func() {
		defer close(done)
		for i := range 20_000 {
			for _, key := range inTheWay {
				table.put(key)
			}
			former, key := newest.Load(), f.newKeyAt(uint64(100+i))
			table.put(key)
			if newest.Store(key); former != nil {
				table.remove(&former.hash, 1)
			}
			for _, key := range inTheWay {
				table.remove(&key.hash, 1) // moves the newest
			}
		}
	}()
	for {
		select {
		case <-done:
			return
		default:
		}
		if key := newest.Load(); key != nil && table.find(&key.hash) != key && newest.Load() == key {
			t.Fatal("a key is not found")
		}
	}
}

// newKeyAt makes a key that belongs into the table's first slot, as all do
// that it makes.
func (f *fixture) newKeyAt(number uint64) *Key {
	var hash Hash
	binary.LittleEndian.PutUint64(hash[8:], number)
	return f.newKey(models.APIKey{ID: fmt.Sprint(number), Hash: hash[:]}, 1, 0)
}
