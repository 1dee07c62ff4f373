package mongodb

import (
	"bytes"
	"errors"
	"slices"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/ginauth/ginauth/repository"
)

func writesBatch(message []byte) bool {
	return isCommand(message, "insert") && bytes.Contains(message, []byte("ginauth_batches"))
}

// leave stores the keys of a batch and dies.
func (s scene) leave(b repository.Batch) batchAttempt {
	s.t.Helper()
	a, err := s.r.beginBatch(s.t.Context(), attribution(), b)
	succeeds(s.t, err)
	succeeds(s.t, s.r.reserveKeys(s.t.Context(), &a))
	return a
}

// age makes the keys of a batch so old that no call may still store it.
func (s scene) age(b repository.Batch) {
	s.t.Helper()
	old := field("pending.batch_begin", millis(time.Now().Add(-2*abandonedAfter)))
	_, err := s.r.keys.UpdateMany(s.t.Context(), field("pending.batch", b.ID), field("$set", old))
	succeeds(s.t, err)
}

// The leftovers of a batch that was cut off take no room from the same batch.
func TestRoomForARepeatedBatch(t *testing.T) {
	s := newScene(t, open(t))
	b, again := s.newBatch(), s.newBatch()
	again.ID = b.ID
	s.leave(b)
	succeeds(t, s.r.CreateKeys(t.Context(), attribution(), again, repository.CreateKeyOptions{MaxKeys: 4}))
	if !s.hasBatch("by hash", again) || s.hasBatch("by hash", b) {
		t.Error("the keys of the first attempt are there")
	}
}

// Of two batches with room for one, one is stored.
func TestRoomForOneOfTwoBatches(t *testing.T) {
	for range 5 {
		repos := twice(t)
		s := newScene(t, repos[0])
		batches := [2]repository.Batch{s.newBatch(), s.newBatch()}
		errs := atOnce(2, func(i int) error {
			return repos[i].CreateKeys(t.Context(), attribution(), batches[i], repository.CreateKeyOptions{MaxKeys: 4})
		})
		for i, err := range errs {
			if err != nil {
				failsWith(t, repository.ErrTooManyKeys, err)
			}
			if there := s.hasBatch("in lists", batches[i]); there != (err == nil) {
				t.Errorf("the answer is %v, and the batch is there: %t", err, there)
			}
		}
		if (errs[0] == nil) == (errs[1] == nil) {
			t.Errorf("the answers are %v", errs)
		}
	}
}

// A batch of a date long ago is none that was abandoned: others who read the log while it
// is stored leave its keys alone.
func TestReadingTheLogDuringABatch(t *testing.T) {
	uri := newDatabase(t)
	s := newScene(t, openURI(t, uri))
	b := s.newBatch()
	r := interposed(t, uri, writesBatch, func() error { s.entries(); return nil })
	succeeds(t, s.createKeys(r, b))
	if !s.hasBatch("by hash", b) {
		t.Error("the batch is not there")
	}
}

// A batch whose keys were removed since it took too long is not stored.
func TestLateBatch(t *testing.T) {
	uri := newDatabase(t)
	s := newScene(t, openURI(t, uri))
	b := s.newBatch()
	r := interposed(t, uri, writesBatch, func() error { s.age(b); s.entries(); return nil })
	if err := s.createKeys(r, b); err == nil || errors.Is(err, repository.ErrOutcomeUnknown) {
		t.Errorf("the answer is %v", err)
	}
	if s.hasBatch("by hash", b) {
		t.Error("the batch is there")
	}
	s.repeats(false, b, b)
}

// An attempt that was overtaken by another with the same keys stores nothing, however late.
func TestOvertakenBatch(t *testing.T) {
	s := newScene(t, open(t))
	b := s.newBatch()
	late := s.leave(b)
	succeeds(t, s.createKeys(s.r, b))
	var stored *repository.BatchError
	if err := s.r.storeBatch(t.Context(), late); !errors.As(err, &stored) {
		t.Errorf("the late attempt returns %v", err)
	}
	if !s.hasBatch("by hash", b) {
		t.Error("the batch is not there")
	}
	b = s.newBatch()
	first := s.leave(b)
	second := s.leave(b)
	failsWith(t, errOvertaken, s.r.storeBatch(t.Context(), first))
	succeeds(t, s.r.storeBatch(t.Context(), second))
	if !s.hasBatch("in the log", b) {
		t.Error("the second attempt is not there")
	}
}

// Keys of a batch that was never stored go in time, and open nothing before.
func TestAbandonedBatch(t *testing.T) {
	s := newScene(t, open(t))
	b := s.newBatch()
	s.leave(b)
	for _, want := range []int64{3, 0} {
		if s.hasBatch("in lists", b) {
			t.Error("the batch is there")
		}
		left, err := s.r.keys.CountDocuments(t.Context(), field("pending.batch", b.ID))
		if err != nil || left != want {
			t.Errorf("%d keys are left, want %d (%v)", left, want, err)
		}
		s.age(b)
	}
}

// A withdrawal that fails leaves keys that nobody sees, and that the same batch removes.
func TestFailedWithdrawal(t *testing.T) {
	uri := newDatabase(t)
	s := newScene(t, openURI(t, uri))
	b := s.newBatch()
	r, server := follows(t, uri, nil)
	server.set(func(name string, _ bson.Raw, forward func() bson.D) bson.D {
		if name == "delete" {
			return refusal(interruptedDueToReplChange)
		}
		return forward()
	})
	err := r.CreateKeys(t.Context(), attribution(), b, repository.CreateKeyOptions{MaxKeys: 3})
	failsWith(t, repository.ErrTooManyKeys, err)
	s.repeats(s.hasBatch("in the log", b), b, b)
}

// Two processes that send batches of one id store one of them.
func TestOneBatchOfTwoProcesses(t *testing.T) {
	repos := twice(t)
	s := newScene(t, repos[0])
	for range 10 {
		batches := [2]repository.Batch{s.newBatch(), s.newBatch()}
		batches[1].ID = batches[0].ID
		errs := atOnce(2, func(i int) error { return s.createKeys(repos[i], batches[i]) })
		winner := slices.Index(errs, nil)
		if winner < 0 {
			t.Fatalf("the answers are %v", errs)
		}
		var stored *repository.BatchError
		if !errors.As(errs[1-winner], &stored) || !slices.Equal(stored.KeyIDs, keyIDs(batches[winner])) {
			t.Errorf("the answers are %v", errs)
		}
		if !s.hasBatch("by hash", batches[winner]) || s.hasBatch("in lists", batches[1-winner]) {
			t.Error("the wrong batch is there")
		}
	}
}
