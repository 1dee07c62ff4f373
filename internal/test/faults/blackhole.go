package faults

import (
	"context"
	"errors"
	"time"

	"github.com/ginauth/ginauth/internal/test/testdatabase"
	"github.com/ginauth/ginauth/repository"
)

// Whatever Open waits for, it ends with its context. The database is empty, so
// that it has much to do.
func silentDuringOpen(s *suite) {
	uri := testdatabase.New(s.T, s.backend.Kind)
	s.proxy = startProxy(s.T, uri.Host)
	s.proxied = s.throughProxy(uri)
	for n := 1; endsOpen(s, n); n++ {
		if n > 1000 {
			s.Fatal("Open sends too many messages")
		}
	}
}

// endsOpen cancels an Open when the server has fallen silent at its n-th
// message, and reports whether it had so many.
func endsOpen(s *suite, n int) bool {
	s.Helper()
	ctx, cancel := context.WithCancel(s.Context())
	defer cancel()
	struck := make(chan struct{})
	s.proxy.obey(silentFrom(s, n, struck))
	var repo repository.Repository
	done := make(chan error, 1)
	go func() {
		var err error
		repo, err = s.backend.Open(ctx, s.proxied)
		done <- err
	}()
	select {
	case err := <-done:
		s.succeeds("Open", err)
		s.proxy.heal()
		s.succeeds("Close", repo.Close())
		return false
	case <-struck:
	}
	cancel()
	err := s.endsPromptly("Open", func() error { return <-done })
	s.proxy.heal()
	if !errors.Is(err, context.Canceled) {
		s.Errorf("Open that was cancelled at message %d returns %v", n, err)
	}
	return true
}

// silentFrom holds all answers from that to the n-th message on.
func silentFrom(s *suite, n int, struck chan struct{}) rule {
	return func(message []byte) fate {
		if message == nil || !s.isCall(message) {
			return pass
		}
		if n--; n == 0 {
			close(struck)
		}
		if n <= 0 {
			return hold
		}
		return pass
	}
}

// A server that was silent, to new connections too, has forgotten them when it
// is back. They give way to others.
func silentConnections(s *suite) {
	s.openProxied()
	key := s.createKey(s.direct)
	ctx, stop := context.WithTimeout(s.Context(), shortly)
	defer stop()
	s.proxy.obey(func([]byte) fate { return hold })
	wait := inBackground(2*connections, func(int) error {
		_, err := find(ctx, s.repo, key)
		return err
	})
	s.waitFor("silent connections", func() bool { return s.proxy.heldAnswers() > 0 })
	s.proxy.cutAll() // who waits for a connection has one made, in no call's context
	for _, err := range wait() {
		if err == nil {
			s.Error("a silent server has answered")
		}
	}
	s.proxy.abandon()
	s.waitFor("an answer", func() bool {
		ctx, stop := context.WithTimeout(s.Context(), time.Second)
		defer stop()
		_, err := find(ctx, s.repo, key)
		return err == nil
	})
}
