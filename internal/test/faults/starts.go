package faults

import (
	"context"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/ginauth/ginauth/repository"
)

// Opener is a backend's Open.
type Opener func(ctx context.Context, uri string, options ...repository.Option) (repository.Repository, error)

// Refuses opens what cannot be used and returns the error. It reports success,
// and an error that holds the password hunter2, however that was written.
func (open Opener) Refuses(t *testing.T, ctx context.Context, uri string) error {
	t.Helper()
	repo, err := open(ctx, uri)
	if err == nil {
		_ = repo.Close()
		t.Fatalf("%s is opened", uri)
	}
	if strings.Contains(err.Error(), "unter") {
		t.Errorf("the error holds the password: %v", err)
	}
	return err
}

// A server that takes the connection and says nothing: Open ends with its
// context.
func silentAtStart(s *suite) {
	ctx, stop := context.WithTimeout(s.Context(), shortly)
	defer stop()
	begin := time.Now()
	s.returns(context.DeadlineExceeded, "Open", s.backend.Open.Refuses(s.T, ctx, s.silentURI()))
	s.tookLessThan(promptly, begin)
}

// A caller without a deadline waits for ten seconds.
func silentWithoutDeadline(s *suite) {
	if testing.Short() {
		s.Skip("it waits for ten seconds")
	}
	begin := time.Now()
	_ = s.backend.Open.Refuses(s.T, s.Context(), s.silentURI())
	s.tookLessThan(10*time.Second+promptly, begin)
}

// silentURI is where connections are accepted and nothing is ever said.
func (s *suite) silentURI() string {
	s.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	s.succeeds("listening", err)
	s.Cleanup(func() { _ = listener.Close() })
	return s.backend.Kind + "://ada:hunter2@" + listener.Addr().String() + "/name"
}

func (s *suite) tookLessThan(limit time.Duration, begin time.Time) {
	s.Helper()
	if took := time.Since(begin); took > limit {
		s.Errorf("it takes %v", took)
	}
}
