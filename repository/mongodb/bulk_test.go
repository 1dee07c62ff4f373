package mongodb

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/repository"
)

// idle asks for keys that are unused since noon; those of a scene are older.
func idle() repository.KeyFilter { return repository.KeyFilter{UnusedSince: noon().Add(time.Minute)} }

// use counts a use of a key after that.
func (s scene) use(key models.APIKey) {
	s.t.Helper()
	flush := newFlush(newKey().ID, 1, key)
	flush.Usages[0].LatestQueryDate = noon().Add(time.Hour)
	succeeds(s.t, s.r.AddUsage(s.t.Context(), flush))
}

// threeKeys are the two of a scene and one that is in use.
func (s scene) threeKeys() (ids []string, used models.APIKey) {
	s.t.Helper()
	used = create(s.t, s.r)
	s.use(used)
	return []string{s.first.ID, s.next.ID, used.ID}, used
}

// areRevokedOnce checks that each of the idle keys was revoked once and logged once, and
// that the key in use was left alone.
func (s scene) areRevokedOnce(used models.APIKey) {
	s.t.Helper()
	for _, key := range s.keys() {
		if !key.IsRevoked() || key.Version != 2 {
			s.t.Errorf("the key is %+v", key)
		}
	}
	if key := s.found(used); key.IsRevoked() || key.Version != 1 {
		s.t.Errorf("the key in use is %+v", key)
	}
	got, want := s.entries(), []string{s.first.ID, s.next.ID, used.ID}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) { // that in use was created
		s.t.Errorf("the log names %v, want %v", got, want)
	}
}

// Wherever RevokeKeys is cut off, or an answer is lost, repeating it revokes the others.
func TestInterruptionOfRevokeKeys(t *testing.T) {
	for name, interrupt := range map[string]func(*testing.T, string, int64) (*Repository, func() bool){"dead": openMortal, "lost answer": loses} {
		t.Run(name, func(t *testing.T) {
			uri := newDatabase(t)
			healthy := openURI(t, uri)
			for writes, met := int64(0), true; met; writes++ {
				s := newScene(t, healthy)
				ids, used := s.threeKeys()
				r, wasMet := interrupt(t, uri, writes)
				revoked, err := r.RevokeKeys(t.Context(), attribution(), idle(), ids)
				if met = wasMet(); met && err != nil {
					failsWith(t, repository.ErrOutcomeUnknown, err)
				} else if len(revoked) != 2 {
					t.Errorf("after %d writes the answer is %v (%v)", writes, revoked, err)
				}
				_, err = healthy.RevokeKeys(t.Context(), attribution(), idle(), ids)
				succeeds(t, err)
				s.areRevokedOnce(used)
			}
		})
	}
}

// Some keys are revoked, and the server refuses the others: the caller is told to repeat.
func TestHalfRefusedRevokeKeys(t *testing.T) {
	uri := newDatabase(t)
	s := newScene(t, openURI(t, uri))
	ids, used := s.threeKeys()
	r, server := follows(t, uri, nil)
	server.set(func(name string, _ bson.Raw, forward func() bson.D) bson.D {
		if name != "update" {
			return forward()
		}
		server.set(nil)
		_, err := s.r.RevokeKeys(t.Context(), attribution(), idle(), ids[:1]) // in the place of the server
		succeeds(t, err)
		return with(writeError(outOfDiskSpace), bson.E{Key: "n", Value: 1})
	})
	_, err := r.RevokeKeys(t.Context(), attribution(), idle(), ids)
	failsWith(t, repository.ErrOutcomeUnknown, err)
	_, err = r.RevokeKeys(t.Context(), attribution(), idle(), ids)
	succeeds(t, err)
	s.areRevokedOnce(used)
}

// A key that is used, or changed, just before it is revoked is looked at again.
func TestKeysChangeDuringRevokeKeys(t *testing.T) {
	uri := newDatabase(t)
	s := newScene(t, openURI(t, uri))
	ids, used := s.threeKeys()
	late := create(t, s.r)
	r := interposed(t, uri, func(message []byte) bool { return isCommand(message, "update") }, func() error {
		s.use(late)
		_, _, err := s.r.RenewKey(t.Context(), attribution(), s.next.ID, repository.Renewal{})
		return err
	})
	revoked, err := r.RevokeKeys(t.Context(), attribution(), idle(), append(ids, late.ID))
	succeeds(t, err)
	slices.Sort(revoked)
	if want := ids[:2]; !slices.Equal(revoked, want) {
		t.Errorf("the answer names %v, want %v", revoked, want)
	}
	for _, key := range []models.APIKey{used, late} {
		if found := s.found(key); found.IsRevoked() {
			t.Errorf("a key in use is %+v", found)
		}
	}
}

// The answer names keys whose entries a reader of the log has appended meanwhile.
func TestReadingTheLogDuringRevokeKeys(t *testing.T) {
	uri := newDatabase(t)
	s := newScene(t, openURI(t, uri))
	ids, used := s.threeKeys()
	asksForMarkers := func(message []byte) bool {
		return isCommand(message, "find") && bytes.Contains(message, []byte("pending.id")) && bytes.Contains(message, []byte("$in"))
	}
	r := interposed(t, uri, asksForMarkers, func() error { s.entries(); return nil })
	revoked, err := r.RevokeKeys(t.Context(), attribution(), idle(), ids)
	succeeds(t, err)
	if len(revoked) != 2 {
		t.Errorf("the answer names %v", revoked)
	}
	s.areRevokedOnce(used)
}

// A context that ends after some keys were revoked is no sign that none was.
func TestContextEndsDuringRevokeKeys(t *testing.T) {
	uri := newDatabase(t)
	s := newScene(t, openURI(t, uri))
	ids, _ := s.threeKeys()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	r := interposed(t, uri, func(message []byte) bool { return isCommand(message, "update") }, func() error {
		_, _, err := s.r.RenewKey(t.Context(), attribution(), s.next.ID, repository.Renewal{}) // needs a second look
		cancel()
		return err
	})
	_, err := r.RevokeKeys(ctx, attribution(), idle(), ids)
	failsWith(t, repository.ErrOutcomeUnknown, err)
	if !errors.Is(err, context.Canceled) || !s.found(s.first).IsRevoked() || s.found(s.next).IsRevoked() {
		t.Errorf("the answer is %v", err)
	}
}
