package faults

import (
	"context"
	"errors"
	"sync/atomic"

	"github.com/ginauth/ginauth/internal/test/testdatabase"
	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/repository"
)

// The server is killed while it is being written to, and started again. The
// repository goes on as it is, and what was acknowledged is there.
func killedServer(s *suite) {
	server := testdatabase.OwnServer(s.T, s.backend.Kind)
	repo := s.openWhenReady(server.URI)
	var acknowledged atomic.Int64
	writers := make([]writer, 4)
	ctx, giveUp := context.WithCancel(s.Context())
	defer giveUp()
	wait := inBackground(len(writers), func(i int) error { return writers[i].writeUntilItFails(ctx, repo, &acknowledged) })
	s.waitFor("writes", func() bool { return acknowledged.Load() > 100 })
	server.Kill()
	giveUp() // some drivers wait for the server to come back
	for _, err := range wait() {
		if errors.Is(err, repository.ErrConflict) || errors.Is(err, repository.ErrNotFound) {
			s.Errorf("a writer ends with %v", err)
		}
	}
	s.succeeds("Restart", server.Restart(s.Context()))
	s.waitFor("the server to recover", func() bool { _, err := repo.LatestChange(s.Context()); return err == nil })
	for _, w := range writers {
		w.findsAll(s, repo)
	}
}

// openWhenReady opens the database of a server that may still be starting.
func (s *suite) openWhenReady(uri string) (repo repository.Repository) {
	s.Helper()
	s.waitFor("the server to be ready", func() (ready bool) {
		opened, err := s.backend.Open(s.Context(), uri)
		repo = opened
		return err == nil
	})
	s.Cleanup(func() { _ = repo.Close() })
	return repo
}

// writer remembers its keys as they were acknowledged, in order. Of the last
// one there may be a later version, whose acknowledgement was lost.
type writer struct{ keys []models.APIKey }

// writeUntilItFails makes keys, and renews and revokes them.
func (w *writer) writeUntilItFails(ctx context.Context, repo repository.Repository, acknowledged *atomic.Int64) error {
	for {
		key := newKey()
		if err := repo.CreateKey(ctx, attribution(), key, repository.CreateKeyOptions{}); err != nil {
			return err
		}
		key.IssuedBy = attribution().Actor
		w.keys = append(w.keys, key)
		renewed, _, err := repo.RenewKey(ctx, attribution(), key.ID, repository.Renewal{Expiration: hour(20)})
		if err != nil {
			return err
		}
		w.keys[len(w.keys)-1] = renewed
		revoked, err := repo.RevokeKey(ctx, attribution(), key.ID)
		if err != nil {
			return err
		}
		w.keys[len(w.keys)-1] = revoked
		acknowledged.Add(3)
	}
}

func (w *writer) findsAll(s *suite, repo repository.Repository) {
	s.Helper()
	for i, key := range w.keys {
		found, err := find(s.Context(), repo, key)
		s.succeeds("KeyByHash of an acknowledged key", err)
		isLast := i == len(w.keys)-1
		if !same(found, key) && (!isLast || found.Version != key.Version+1) {
			s.Errorf("the key is\n%+v, and acknowledged was\n%+v", found, key)
		}
	}
}
