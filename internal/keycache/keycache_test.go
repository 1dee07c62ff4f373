package keycache

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/repository"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// store answers when the test lets it: each reading announces itself and waits.
type store struct {
	mu    sync.Mutex
	keys  map[Hash]models.APIKey
	reads int
	err   error
	// begun receives each reading that waits to be let go.
	begun chan *reading
}

// reading has seen the store as it was when it began.
type reading struct{ let chan struct{} }

func (r *reading) goOn() { close(r.let) }

func (s *store) KeyByHash(ctx context.Context, hash []byte) (models.APIKey, error) {
	s.mu.Lock()
	s.reads++
	key, ok := s.keys[Hash(hash)]
	err := s.err
	s.mu.Unlock()
	if !ok && err == nil {
		err = fmt.Errorf("finding: %w", repository.ErrNotFound)
	}
	if s.begun != nil {
		r := &reading{make(chan struct{})}
		s.begun <- r
		select {
		case <-r.let:
		case <-ctx.Done():
			return models.APIKey{}, ctx.Err()
		}
	}
	return key, err
}

func (s *store) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.reads
}

func (s *store) fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.err = err
}

func (s *store) put(key models.APIKey) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keys[Hash(key.Hash)] = key
}

// fixture is a cache over a store with one key.
type fixture struct {
	*testing.T
	*Cache
	store *store
	mu    sync.Mutex
	now   time.Time
	hash  Hash
	key   models.APIKey
}

var noon = time.Date(2030, 1, 1, 12, 0, 0, 0, time.UTC)

func hashOf(text string) Hash { return sha256.Sum256([]byte(text)) }

func newFixture(t *testing.T) *fixture {
	hash := hashOf("secret")
	f := &fixture{T: t, store: &store{keys: map[Hash]models.APIKey{}}, now: noon, hash: hash}
	f.key = models.APIKey{ID: "the-key", Hash: hash[:], Hint: "ga_1a2b", Name: "billing", UserID: "the-user", Username: "Ada", CreationDate: noon, Version: 1}
	f.store.put(f.key)
	f.Cache = New(f.store, Options{MaxKeys: 100, MaxAge: 4 * time.Minute, StaleLimit: 30 * time.Second, Now: f.clock})
	t.Cleanup(f.Close)
	return f
}

func (f *fixture) clock() time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.now
}

// advance moves the clock; changes were followed meanwhile.
func (f *fixture) advance(d time.Duration) {
	f.mu.Lock()
	f.now = f.now.Add(d)
	f.mu.Unlock()
	f.Confirm(f.clock())
}

func (f *fixture) load() (*Key, error) { return f.Load(f.Context(), f.hash) }

func (f *fixture) mustLoad() *Key {
	f.Helper()
	key, err := f.load()
	if err != nil {
		f.Fatal(err)
	}
	return key
}

func (f *fixture) expect(want Answer) {
	f.Helper()
	key, got := f.Lookup(f.hash, f.clock())
	if got != want || (key != nil) != (want == Valid) {
		f.Errorf("the cache answers %d with %v, want %d", got, key, want)
	}
}

// revoke changes the key in the store.
func (f *fixture) revoke() {
	f.key.RevocationDate = noon
	f.key.Version++
	f.store.put(f.key)
}

func (f *fixture) expectRevoked(key *Key, err error) {
	f.Helper()
	if err != nil {
		f.Error(err)
	} else if key.Status(noon) != models.StatusRevoked {
		f.Error("the key from before the revocation is served")
	}
}

func TestReadsOnce(t *testing.T) {
	f := newFixture(t)
	f.expect(Absent)
	f.mustLoad()
	f.expect(Valid)
	if n := f.store.count(); n != 1 {
		t.Errorf("the store was asked %d times", n)
	}
}

func TestKeyIsKeptWhole(t *testing.T) {
	f := newFixture(t)
	f.key.ExpirationDate, f.key.RevocationDate = noon.Add(time.Hour), noon.Add(time.Minute)
	f.store.put(f.key)
	want := f.key
	want.Hash, want.Version = nil, 0
	key := f.mustLoad()
	if got := key.APIKey(); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("the key is %v, want %v", got, want)
	}
	if key.ID() != want.ID || key.UserID() != want.UserID {
		t.Errorf("the ids are %q and %q", key.ID(), key.UserID())
	}
}

func TestAnotherKeyIsAnOutage(t *testing.T) {
	f := newFixture(t)
	other := hashOf("other")
	f.store.keys[f.hash] = models.APIKey{ID: "x", Hash: other[:]}
	if key, err := f.load(); !errors.Is(err, errOtherKey) || key != nil {
		t.Errorf("%v, %v", key, err)
	}
	f.expect(Absent)
}

func TestChangesOutdate(t *testing.T) {
	for name, change := range map[string]func(f *fixture){
		"of the key":    func(f *fixture) { f.Invalidate("other", "the-key") },
		"of its user":   func(f *fixture) { f.Invalidate("the-user") },
		"of everything": func(f *fixture) { f.InvalidateAll() },
		"of its age":    func(f *fixture) { f.advance(4 * time.Minute) },
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			f.mustLoad()
			f.Invalidate("unrelated")
			f.expect(Valid)
			change(f)
			f.expect(Outdated)
			f.revoke()
			f.expectRevoked(f.load())
			f.expect(Valid)
		})
	}
}

// Keys that were read together are not read again together.
func TestAgesDiffer(t *testing.T) {
	f := newFixture(t)
	limits := map[time.Duration]bool{}
	for i := range 256 {
		limit := f.ageLimit(Hash{byte(i)})
		limits[limit] = true
		if limit > f.options.MaxAge || limit < f.options.MaxAge*3/4 {
			t.Errorf("a limit is %v", limit)
		}
	}
	if len(limits) < 256 {
		t.Errorf("there are %d limits", len(limits))
	}
}

func TestAbsenceIsRememberedForAMoment(t *testing.T) {
	for name, end := range map[string]func(f *fixture){
		"until it is over":  func(f *fixture) { f.advance(unknownAge) },
		"until any change":  func(f *fixture) { f.Invalidate("a-new-key") },
		"until all changes": func(f *fixture) { f.InvalidateAll() },
	} {
		after := Missed
		if name == "until it is over" {
			after = Absent
		}
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			f.store.keys = map[Hash]models.APIKey{}
			if _, err := f.load(); !errors.Is(err, repository.ErrNotFound) {
				t.Fatal(err)
			}
			f.advance(unknownAge - 1)
			f.expect(Unknown)
			end(f)
			f.store.put(f.key)
			f.expect(after)
			f.mustLoad()
			f.expect(Valid)
		})
	}
}

// A deleted key is not remembered as one that is there.
func TestDeletedKeyIsForgotten(t *testing.T) {
	f := newFixture(t)
	f.mustLoad()
	f.store.keys = map[Hash]models.APIKey{}
	f.Invalidate("the-key")
	if _, err := f.load(); !errors.Is(err, repository.ErrNotFound) {
		t.Fatal(err)
	}
	f.expect(Unknown)
}

// An outage says nothing about a key.
func TestErrorsAreNotRemembered(t *testing.T) {
	f := newFixture(t)
	down := errors.New("down")
	f.store.fail(down)
	if _, err := f.load(); !errors.Is(err, down) {
		t.Fatal(err)
	}
	f.expect(Absent)
	f.store.fail(nil)
	f.mustLoad()
}

func TestStaleLimit(t *testing.T) {
	f := newFixture(t)
	f.mustLoad()
	f.now = noon.Add(30 * time.Second)
	f.expect(Valid)
	f.now = noon.Add(30*time.Second + 1)
	f.expect(Stale)
	if _, err := f.Load(t.Context(), hashOf("another")); !errors.Is(err, ErrStale) {
		t.Errorf("reading says %v", err)
	}
	f.Confirm(noon.Add(time.Second))
	f.expect(Valid)
	f.Confirm(noon) // an older success takes nothing back
	f.expect(Valid)
}

func TestBoundedSize(t *testing.T) {
	f := newFixture(t)
	for i := range 1000 {
		hash := hashOf(fmt.Sprint(i))
		f.store.put(models.APIKey{ID: fmt.Sprint(i), Hash: hash[:]})
		if _, err := f.Load(t.Context(), hash); err != nil {
			t.Fatal(err)
		}
	}
	f.keys.CleanUp()
	if size := f.keys.EstimatedSize(); size > 100 {
		t.Errorf("%d keys are remembered", size)
	}
}

func TestPanicIsAnError(t *testing.T) {
	c := New(panicking{}, Options{MaxKeys: 1, MaxAge: time.Minute, StaleLimit: time.Minute, Now: time.Now})
	defer c.Close()
	if _, err := c.Load(t.Context(), Hash{}); err == nil {
		t.Error("a store that panics is no error")
	}
}

type panicking struct{}

func (panicking) KeyByHash(context.Context, []byte) (models.APIKey, error) { panic("help") }
