package keycache

import (
	"context"
	"crypto/sha256"
	"fmt"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/repository"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// store answers when the test lets it: each load announces itself and waits.
type store struct {
	mu    sync.Mutex
	keys  map[Hash]models.APIKey
	reads int
	err   error
	// begun receives each load that waits to be let go.
	begun chan *load
}

// load has seen the store as it was when it began.
type load struct{ let chan struct{} }

func (l *load) goOn() { close(l.let) }

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
		r := &load{make(chan struct{})}
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

func toHash(text string) Hash { return sha256.Sum256([]byte(text)) }

func newFixture(t *testing.T) *fixture {
	hash := toHash("secret")
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

// admitted lets every load begin.
func admitted(context.Context) (func(bool), error) { return func(bool) {}, nil }

func (f *fixture) load() (*Key, error) { return f.Load(f.Context(), f.hash, admitted) }

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
	if got != want || (key != nil) != (want == Hit) {
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

func (panicking) KeyByHash(context.Context, []byte) (models.APIKey, error) { panic("help") }
