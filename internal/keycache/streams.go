package keycache

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/repository"
)

const (
	// streamInterval is how often streams are looked at when nothing tells of a
	// change: for requests that have ended, a clock that was set and a change log
	// that cannot be followed. streamPause is the least time between two looks.
	streamInterval, streamPause = 500 * time.Millisecond, 10 * time.Millisecond
	// maxReloads is how many keys of streams are reloaded at once.
	maxReloads = 4
	// outageLimit is how long a stream lasts whose key has to be reloaded while
	// the store fails, and queueLimit while other keys are reloaded first.
	outageLimit, queueLimit = time.Second, 5 * time.Second
	// retryInterval is how long after a failed reload the next one begins.
	retryInterval = 100 * time.Millisecond
)

// Stream is a request that was let through and goes on.
type Stream struct {
	revoked chan struct{}
	request context.Context
}

// Revoked is closed as soon as the request would not be let in any more, and
// soon after it has ended.
func (s *Stream) Revoked() <-chan struct{} { return s.revoked }

// Watch follows whether a request with the key would still be let in, until the
// request's context ends. One goroutine serves all streams; it begins with the
// first one.
func (k *Key) Watch(request context.Context) *Stream {
	stream := &Stream{make(chan struct{}), request}
	k.cache.streams.add(k, stream)
	return stream
}

// streams are the requests that are watched, by their keys.
type streams struct {
	cache *Cache
	wake  chan struct{}

	mu              sync.Mutex // guards what follows
	watched         map[Hash]*watched
	started, closed bool
	reloads         int  // under way
	failing         bool // the latest reload failed for want of an answer

	running sync.WaitGroup
}

// watched is a key with its streams.
type watched struct {
	key     *Key // the latest load
	streams []*Stream
	// outdated is since when the load cannot be used, zero if it can, and
	// retry when the next reload may begin.
	outdated, retry time.Time
	reloading       bool
}

func newStreams(cache *Cache) *streams {
	return &streams{cache: cache, wake: make(chan struct{}, 1), watched: map[Hash]*watched{}}
}

// notify has the streams looked at. It never waits.
func (s *streams) notify() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

func (s *streams) add(key *Key, stream *Stream) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		close(stream.revoked)
		return
	}
	w := s.watched[key.hash]
	if w == nil {
		w = &watched{key: key}
		s.watched[key.hash] = w
	}
	w.streams = append(w.streams, stream)
	if !s.started {
		s.started = true
		s.running.Go(s.run)
	}
	s.notify()
}

// has reports whether a key with the hash is watched.
func (s *streams) has(hash Hash) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.watched[hash] != nil
}

// close ends all streams, and waits for what runs once the cache's context has
// ended.
func (s *streams) close() {
	s.mu.Lock()
	s.closed = true
	for hash, w := range s.watched {
		s.end(hash, w)
	}
	s.mu.Unlock()
	s.running.Wait()
}

func (s *streams) end(hash Hash, w *watched) {
	for _, stream := range w.streams {
		close(stream.revoked)
	}
	delete(s.watched, hash)
}

func (s *streams) run() {
	timer := time.NewTimer(streamInterval)
	defer timer.Stop()
	for {
		select {
		case <-s.cache.ctx.Done():
			return
		case <-s.wake:
		case <-timer.C:
		}
		timer.Reset(max(s.look(), streamPause))
		select {
		case <-s.cache.ctx.Done():
		case <-time.After(streamPause):
		}
	}
}

// look ends the streams that the guard would not let in any more, begins to
// reload keys, and returns how long nothing has to be done unless there is a
// change.
func (s *streams) look() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	next, now := streamInterval, s.cache.options.Now()
	for hash, w := range s.watched {
		w.dropEnded()
		if len(w.streams) == 0 {
			delete(s.watched, hash)
			continue
		}
		wait, ok := s.judge(hash, w, now)
		if !ok {
			s.end(hash, w)
			continue
		}
		next = min(next, wait)
	}
	return next
}

// dropEnded leaves the requests that have not ended.
func (w *watched) dropEnded() {
	left := w.streams[:0]
	for _, stream := range w.streams {
		if stream.request.Err() == nil {
			left = append(left, stream)
		} else {
			close(stream.revoked)
		}
	}
	clear(w.streams[len(left):])
	w.streams = left
}

// judge decides as the guard would, and says when to do so again.
func (s *streams) judge(hash Hash, w *watched, now time.Time) (wait time.Duration, ok bool) {
	elapsed := s.cache.clock.at(now)
	if s.cache.isStale(elapsed) {
		return 0, false
	}
	if latest := s.cache.keys.find(&hash); latest != nil && latest.generation >= w.key.generation {
		w.key = latest
	}
	if !s.cache.isUsable(w.key, elapsed) {
		return retryInterval, s.reload(hash, w)
	}
	w.outdated = time.Time{}
	if w.key.Status(now) != models.StatusActive {
		return 0, false
	}
	if w.key.expiration == 0 {
		return streamInterval, true
	}
	return time.Duration(w.key.expiration-now.UnixMilli()) * time.Millisecond, true
}

// reload begins to read the key again, if it is its turn, and reports whether
// its streams may wait for that.
func (s *streams) reload(hash Hash, w *watched) bool {
	now := time.Now()
	if w.outdated.IsZero() {
		w.outdated = now
	}
	waited := now.Sub(w.outdated)
	if waited > queueLimit || (s.failing && waited > outageLimit) {
		return false
	}
	if w.reloading || s.reloads == maxReloads || now.Before(w.retry) || s.closed {
		return true
	}
	w.reloading = true
	s.reloads++
	s.running.Go(func() {
		ctx, cancel := context.WithTimeout(s.cache.ctx, outageLimit)
		defer cancel()
		key, err := s.cache.Load(ctx, hash, admitAll)
		s.reloaded(hash, w, key, err)
	})
	return true
}

// admitAll is for keys that were let in before.
func admitAll(context.Context) (func(bool), error) { return func(bool) {}, nil }

// reloaded takes the result of a reload. The streams are judged anew at
// once.
func (s *streams) reloaded(hash Hash, w *watched, key *Key, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	defer s.notify()
	s.reloads--
	w.reloading = false
	isGone := errors.Is(err, repository.ErrNotFound)
	s.failing = err != nil && !isGone
	switch {
	case isGone && s.watched[hash] == w:
		s.end(hash, w)
	case err != nil:
		w.retry = time.Now().Add(retryInterval)
	default:
		w.key, w.outdated = key, time.Time{}
	}
}
