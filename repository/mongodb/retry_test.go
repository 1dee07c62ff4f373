package mongodb

import (
	"errors"
	"strings"
	"sync/atomic"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/ginauth/ginauth/repository"
)

// refusing answers every write with a reply, the first times that it is made.
func refusing(times int64, reply bson.D) script {
	tried := map[string]int64{}
	return func(name string, _ bson.Raw, forward func() bson.D) bson.D {
		if !isWrite(name) {
			return forward()
		}
		if tried[name]++; tried[name]%(times+1) != 0 {
			return reply
		}
		return forward()
	}
}

// A write that the server has rolled back, or never begun, is done again, by
// every call: nobody is told of it.
func TestRolledBackWritesAreRepeated(t *testing.T) {
	for name, reply := range map[string]bson.D{
		"a conflict of writers":      writeError(writeConflict),
		"the whole command":          refusal(writeConflict),
		"a transient error":          refusal(writeConflict, "TransientTransactionError"),
		"a lock":                     refusal(lockTimeout),
		"of two attempts none wrote": refusal(primarySteppedDown, "RetryableWriteError", "NoWritesPerformed"),
	} {
		t.Run(name, func(t *testing.T) {
			r, server := follows(t, newDatabase(t), nil)
			server.set(refusing(2, reply))
			exercise(t, r)
		})
	}
}

// A server that refuses for ever ends the call with an error, and not late.
func TestRepeatingEnds(t *testing.T) {
	r, server := follows(t, newDatabase(t), nil)
	server.set(refusing(1<<60, writeError(writeConflict)))
	if err := r.CreateKey(t.Context(), attribution(), newKey(), repository.CreateKeyOptions{}); err == nil || errors.Is(err, repository.ErrOutcomeUnknown) {
		t.Errorf("the error is %v", err)
	}
}

// An unknown outcome is not done again by itself.
func TestUnknownOutcomes(t *testing.T) {
	for name, reply := range map[string]bson.D{
		"an interruption":                    refusal(interruptedDueToReplChange),
		"a shutdown":                         refusal(shutdownInProgress),
		"a time limit":                       refusal(exceededTimeLimit),
		"an attempt before that":             refusal(notWritablePrimary, "RetryableWriteError"),
		"no code":                            refusal(0),
		"written, and not yet by a majority": {{Key: "ok", Value: 1}, {Key: "n", Value: 1}, {Key: "writeConcernError", Value: bson.D{{Key: "code", Value: 64}}}},
	} {
		t.Run(name, func(t *testing.T) {
			r, server := follows(t, newDatabase(t), nil)
			var tried atomic.Int64
			server.set(func(name string, _ bson.Raw, forward func() bson.D) bson.D {
				if isWrite(name) {
					tried.Add(1)
					return reply
				}
				return forward()
			})
			err := r.CreateKey(t.Context(), attribution(), newKey(), repository.CreateKeyOptions{})
			failsWith(t, repository.ErrOutcomeUnknown, err)
			if tried.Load() != 1 || strings.Contains(err.Error(), "secret") {
				t.Errorf("after %d attempts the error is %v", tried.Load(), err)
			}
		})
	}
}

// A full disk is a refusal: nothing was written, and it can be repeated.
func TestFullDisk(t *testing.T) {
	for name, reply := range map[string]bson.D{"a write error": writeError(outOfDiskSpace), "the command": refusal(outOfDiskSpace)} {
		t.Run(name, func(t *testing.T) {
			r, server := follows(t, newDatabase(t), nil)
			key := newKey()
			server.set(refusing(1<<60, reply))
			err := r.CreateKey(t.Context(), attribution(), key, repository.CreateKeyOptions{})
			if err == nil || errors.Is(err, repository.ErrOutcomeUnknown) || !strings.Contains(err.Error(), "disk is full") {
				t.Errorf("the error is %v", err)
			}
			if err := r.AddUsage(t.Context(), newFlush("node", 1, key)); err == nil || errors.Is(err, repository.ErrOutcomeUnknown) {
				t.Errorf("the error of a flush is %v", err)
			}
			server.set(nil)
			succeeds(t, r.CreateKey(t.Context(), attribution(), key, repository.CreateKeyOptions{}))
		})
	}
}

// A unique index of somebody else's refuses what ginauth writes; that ends, and
// is no conflict of ginauth's.
func TestForeignUniqueIndex(t *testing.T) {
	r := open(t)
	create(t, r)
	_, err := r.keys.Indexes().CreateOne(t.Context(), unique("key.creation_date"))
	succeeds(t, err)
	err = r.CreateKey(t.Context(), attribution(), newKey(), repository.CreateKeyOptions{}) // of the same moment
	if err == nil || errors.Is(err, repository.ErrConflict) || errors.Is(err, repository.ErrOutcomeUnknown) {
		t.Errorf("the error is %v", err)
	}
}

// Two processes that make the same document at once both succeed.
func TestUpsertsThatMeet(t *testing.T) {
	r, server := follows(t, newDatabase(t), nil)
	server.set(refusing(1, writeError(11000)))
	succeeds(t, r.changeLog.entries.raiseFloor(t.Context(), 7))
	if floor, err := r.changeLog.entries.floor(t.Context()); err != nil || floor != 7 {
		t.Errorf("the floor is %d (%v)", floor, err)
	}
}
