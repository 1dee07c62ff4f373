package mongodb

import (
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/repository"
)

// newBatch returns a batch of two keys of the user and one of nobody.
func (s scene) newBatch() repository.Batch {
	b := repository.Batch{ID: newKey().ID, Keys: []models.APIKey{newKey(), newKey(), newKey()}}
	for _, i := range []int{0, 2} {
		b.Keys[i].UserID, b.Keys[i].UserVersion = s.user.ID, s.user.Version
	}
	return b
}

func keyIDs(b repository.Batch) []string {
	ids := []string{}
	for _, key := range b.Keys {
		ids = append(ids, key.ID)
	}
	return ids
}

func (s scene) createKeys(r *Repository, b repository.Batch) error {
	return r.CreateKeys(s.t.Context(), attribution(), b, repository.CreateKeyOptions{})
}

// views are the ways to see which keys of a batch are there.
func (s scene) views() map[string]func(b repository.Batch) []string {
	return map[string]func(b repository.Batch) []string{"by hash": s.byHash, "in lists": s.inLists, "in the log": s.inLog}
}

func (s scene) byHash(b repository.Batch) (ids []string) {
	s.t.Helper()
	for _, key := range b.Keys {
		found, err := s.r.KeyByHash(s.t.Context(), key.Hash)
		if err == nil {
			ids = append(ids, found.ID)
		} else if !errors.Is(err, repository.ErrNotFound) {
			s.t.Errorf("the key is found with %v", err)
		}
	}
	return ids
}

func (s scene) inLists(b repository.Batch) (ids []string) {
	s.t.Helper()
	for _, id := range keyIDs(b) {
		for _, row := range s.listedBy(s.r, repository.KeyFilter{KeyID: id}) {
			ids = append(ids, row.KeyID)
		}
	}
	return ids
}

func (s scene) inLog(b repository.Batch) (ids []string) {
	s.t.Helper()
	for _, id := range s.entries() {
		if slices.Contains(keyIDs(b), id) {
			ids = append(ids, id)
		}
	}
	return ids
}

// hasBatch looks at a batch in one way first, then in all, since looking finishes what was
// left. It reports whether the batch is there.
func (s scene) hasBatch(first string, b repository.Batch) bool {
	s.t.Helper()
	there := len(s.views()[first](b)) > 0
	want := []string(nil)
	if there {
		want = keyIDs(b)
	}
	for name, view := range s.views() {
		if got := view(b); !slices.Equal(got, want) {
			s.t.Errorf("the keys %s are %v, want %v; seen %s first", name, got, want, first)
		}
	}
	return there
}

// repeats sends a batch once more: it is stored if it is not there, and else the answer
// names its keys.
func (s scene) repeats(there bool, b, again repository.Batch) {
	s.t.Helper()
	err := s.createKeys(s.r, again)
	var stored *repository.BatchError
	if named := errors.As(err, &stored); named != there || !there && err != nil {
		s.t.Errorf("the batch is there: %t, and repeating it returns %v", there, err)
	} else if named && !slices.Equal(stored.KeyIDs, keyIDs(b)) {
		s.t.Errorf("the answer names the keys %v, want %v", stored.KeyIDs, keyIDs(b))
	}
	if there {
		again = b
	}
	if !s.hasBatch("by hash", again) {
		s.t.Error("the batch is not there after it was repeated")
	}
}

// loses opens a database for a process that is answered no more after a write was made.
func loses(t *testing.T, uri string, writes int64) (r *Repository, lost func() bool) {
	t.Helper()
	left := atomic.Int64{}
	left.Store(writes)
	r, server := follows(t, uri, nil)
	server.set(func(name string, _ bson.Raw, forward func() bson.D) bson.D {
		reply := forward()
		if isWrite(name) && left.Add(-1) == -1 {
			return refusal(interruptedDueToReplChange)
		}
		return reply
	})
	return r, func() bool { return left.Load() < 0 }
}

// Wherever a batch is cut off, or an answer is lost, others see all its keys or none.
// It can be repeated, with the same keys or with others.
func TestInterruptionOfABatch(t *testing.T) {
	for name, interrupt := range map[string]func(*testing.T, string, int64) (*Repository, func() bool){"dead": openMortal, "lost answer": loses} {
		for _, first := range []string{"by hash", "in lists", "in the log"} {
			for _, sameKeys := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s, seen %s, same keys %t", name, first, sameKeys), func(t *testing.T) {
					uri := newDatabase(t)
					healthy := openURI(t, uri)
					outcomes := map[bool]int{}
					for writes, met := int64(0), true; met; writes++ {
						s := newScene(t, healthy)
						b := s.newBatch()
						r, wasMet := interrupt(t, uri, writes)
						err := s.createKeys(r, b)
						met = wasMet()
						there := s.hasBatch(first, b)
						if !errors.Is(err, repository.ErrOutcomeUnknown) && (err == nil) != there {
							t.Errorf("after %d writes it returns %v, and the batch is there: %t", writes, err, there)
						}
						outcomes[there]++
						again := s.newBatch()
						if again.ID = b.ID; sameKeys {
							again = b
						}
						s.repeats(there, b, again)
					}
					if outcomes[false] == 0 || outcomes[true] < 3 {
						t.Errorf("the outcomes are %v", outcomes)
					}
				})
			}
		}
	}
}
