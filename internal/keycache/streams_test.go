package keycache

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/repository"
)

// shelf is a store in memory that fails or falls silent as a test says.
type shelf struct {
	mu     sync.Mutex
	keys   map[Hash]models.APIKey
	fault  error
	silent bool
	asked  int
}

func (s *shelf) KeyByHash(ctx context.Context, hash []byte) (models.APIKey, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked++
	if s.silent {
		s.mu.Unlock()
		<-ctx.Done()
		s.mu.Lock()
		return models.APIKey{}, ctx.Err()
	}
	if s.fault != nil {
		return models.APIKey{}, s.fault
	}
	key, ok := s.keys[Hash(hash)]
	if !ok {
		return key, repository.ErrNotFound
	}
	return key, nil
}

func (s *shelf) change(hash Hash, change func(key *models.APIKey)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	key := s.keys[hash]
	change(&key)
	s.keys[hash] = key
}

// library is a cache over a shelf with so many keys, all of which are read.
type library struct {
	*Cache
	shelf *shelf
	keys  []*Key
}

func newLibrary(t *testing.T, keys, maxKeys int) *library {
	t.Helper()
	l := &library{shelf: &shelf{keys: map[Hash]models.APIKey{}}}
	l.Cache = New(l.shelf, Options{MaxKeys: maxKeys, MaxAge: time.Hour, StaleLimit: 30 * time.Second, Now: time.Now})
	for i := range keys {
		hash := Hash{byte(i), byte(i >> 8), 1}
		l.shelf.keys[hash] = models.APIKey{ID: fmt.Sprint("key-", i), UserID: fmt.Sprint("user-", i), Hash: hash[:]}
		key, err := l.Load(t.Context(), hash, admitAll)
		if err != nil {
			t.Fatal(err)
		}
		l.keys = append(l.keys, key)
	}
	return l
}

func (l *library) confirm() { l.Confirm(time.Now()) }

// endsAfter returns how long the stream lasts, and -1 for one that lasts longer
// than an hour.
func endsAfter(stream *Stream) time.Duration {
	begin := time.Now()
	select {
	case <-stream.Revoked():
		return time.Since(begin)
	case <-time.After(time.Hour):
		return -1
	}
}

// A stream ends for whatever reason the guard would refuse its key, within the
// time that is stated.
func TestStreamsEnd(t *testing.T) {
	revoke := func(key *models.APIKey) { key.RevocationDate = time.Now() }
	tests := map[string]struct {
		do   func(l *library, hash Hash)
		most time.Duration
	}{
		"revoked": {func(l *library, hash Hash) { l.shelf.change(hash, revoke); l.Invalidate("key-0") }, 50 * time.Millisecond},
		"revoked, and the key is in no cache any more": {func(l *library, hash Hash) {
			l.Cache.keys.remove(&hash, 1<<60)
			l.shelf.change(hash, revoke)
			l.Invalidate("key-0")
		}, 50 * time.Millisecond},
		"user disabled": {func(l *library, hash Hash) {
			l.shelf.change(hash, func(key *models.APIKey) { key.DisabledDate = time.Now() })
			l.Invalidate("user-0")
		}, 50 * time.Millisecond},
		"deleted": {func(l *library, hash Hash) {
			l.shelf.mu.Lock()
			delete(l.shelf.keys, hash)
			l.shelf.mu.Unlock()
			l.Invalidate("key-0")
		}, 50 * time.Millisecond},
		"anything may have changed": {func(l *library, hash Hash) { l.shelf.change(hash, revoke); l.InvalidateAll() }, 50 * time.Millisecond},
		"made shorter": {func(l *library, hash Hash) {
			l.shelf.change(hash, func(key *models.APIKey) { key.ExpirationDate = time.Now().Add(700 * time.Millisecond) })
			l.Invalidate("key-0")
		}, 710 * time.Millisecond},
		"the store fails": {func(l *library, _ Hash) {
			l.shelf.mu.Lock()
			l.shelf.fault = errors.New("down")
			l.shelf.mu.Unlock()
			l.Invalidate("key-0")
		}, 1300 * time.Millisecond},
		"the store is silent": {func(l *library, _ Hash) {
			l.shelf.mu.Lock()
			l.shelf.silent = true
			l.shelf.mu.Unlock()
			l.Invalidate("key-0")
		}, 1300 * time.Millisecond},
		"changes cannot be followed": {func(*library, Hash) { time.Sleep(29 * time.Second) }, 2 * time.Second},
		"closed":                     {func(l *library, _ Hash) { go l.Close() }, 10 * time.Millisecond},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := newLibrary(t, 1, 10)
				stream := l.keys[0].Watch(t.Context())
				synctest.Wait()
				test.do(l, l.keys[0].hash)
				if after := endsAfter(stream); after < 0 || after > test.most {
					t.Errorf("it ends after %v", after)
				}
				if name != "closed" {
					l.Close()
				}
				synctest.Wait()
			})
		})
	}
}

// A stream goes on as long as its key is good, whatever is done to others, and
// also if the store is away for less than a second.
func TestStreamsGoOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLibrary(t, 2, 10)
		defer l.Close()
		stream := l.keys[0].Watch(t.Context())
		done := make(chan struct{})
		go func() {
			defer close(done)
			for i := range 3 * 3600 {
				time.Sleep(time.Second)
				l.confirm()
				l.Invalidate("key-1", fmt.Sprint("x", i))
				if i%60 == 0 {
					l.Invalidate("key-0")
				}
				if i == 100 {
					l.shelf.mu.Lock()
					l.shelf.fault = errors.New("down")
					l.shelf.mu.Unlock()
					l.Invalidate("key-0")
					time.Sleep(700 * time.Millisecond)
					l.shelf.mu.Lock()
					l.shelf.fault = nil
					l.shelf.mu.Unlock()
				}
				if i == 200 { // renewed just before it expires
					l.shelf.change(l.keys[0].hash, func(key *models.APIKey) { key.ExpirationDate = time.Now().Add(time.Second) })
					l.Invalidate("key-0")
					time.Sleep(900 * time.Millisecond)
					l.shelf.change(l.keys[0].hash, func(key *models.APIKey) { key.ExpirationDate = time.Time{} })
					l.Invalidate("key-0")
				}
			}
		}()
		select {
		case <-stream.Revoked():
			t.Error("the stream ends")
		case <-done:
		}
		<-done
	})
}

// A change by hand shows when the key has reached its age.
func TestStreamsAreRereadAtMaxAge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLibrary(t, 1, 10)
		defer l.Close()
		stream := l.keys[0].Watch(t.Context())
		l.shelf.change(l.keys[0].hash, func(key *models.APIKey) { key.RevocationDate = time.Now() })
		for range 2 * 3600 {
			l.confirm()
			time.Sleep(500 * time.Millisecond)
		}
		select {
		case <-stream.Revoked():
		default:
			l.confirm()
			time.Sleep(time.Second)
			select {
			case <-stream.Revoked():
			default:
				t.Error("the stream goes on")
			}
		}
	})
}

// A request that ends takes its stream with it.
func TestStreamsOfEndedRequests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLibrary(t, 1, 10)
		defer l.Close()
		ctx, cancel := context.WithCancel(t.Context())
		ended, other := l.keys[0].Watch(ctx), l.keys[0].Watch(t.Context())
		cancel()
		if after := endsAfter(ended); after < 0 || after > time.Second {
			t.Errorf("it ends after %v", after)
		}
		l.streams.mu.Lock()
		left := len(l.streams.watched[l.keys[0].hash].streams)
		l.streams.mu.Unlock()
		select {
		case <-other.Revoked():
			t.Error("another request's stream ends")
		default:
		}
		if left != 1 {
			t.Errorf("%d streams are watched", left)
		}
	})
}

// Nothing is watched after Close, and without a stream nothing runs.
func TestStreamsAfterClose(t *testing.T) {
	l := newLibrary(t, 1, 10)
	if l.streams.started {
		t.Error("a goroutine runs without a stream")
	}
	l.Close()
	<-l.keys[0].Watch(t.Context()).Revoked()
}

// Ten thousand streams of as many keys cost one goroutine and little memory, and
// end together when all their keys are revoked.
func TestManyStreams(t *testing.T) {
	const many = 10_000
	l := newLibrary(t, many, many)
	defer l.Close()
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	goroutines := runtime.NumGoroutine()
	streams := make([]*Stream, many)
	for i, key := range l.keys {
		streams[i] = key.Watch(t.Context())
	}
	if n := runtime.NumGoroutine() - goroutines; n > 1 {
		t.Errorf("%d goroutines serve them", n)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if each := int64(after.HeapAlloc-before.HeapAlloc) / many; each > 1000 {
		t.Errorf("each takes %d bytes", each)
	}
	for _, key := range l.keys {
		l.shelf.change(key.hash, func(key *models.APIKey) { key.RevocationDate = time.Now() })
	}
	l.InvalidateAll()
	for _, stream := range streams {
		<-stream.Revoked()
	}
}
