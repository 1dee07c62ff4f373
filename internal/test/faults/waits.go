package faults

import (
	"bytes"
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/ginauth/ginauth/repository"
)

// shortly is a deadline that a healthy server would easily keep.
const shortly = 300 * time.Millisecond

// contains returns whether a message carries a value.
func contains(value []byte) func(message []byte) bool {
	return func(message []byte) bool { return bytes.Contains(message, value) }
}

// call is anything that a repository is asked to do.
type call struct {
	name string
	run  func(ctx context.Context, repo repository.Repository) error
}

// calls returns every verb.
func calls(s *suite) []call {
	s.Helper()
	all := reads(s)
	for _, verb := range verbs() {
		w := verb(s)
		all = append(all, call{w.name, func(ctx context.Context, repo repository.Repository) error {
			return w.run(ctx, repo, attribution())
		}})
	}
	return all
}

func reads(s *suite) []call {
	s.Helper()
	user, key := newUser(newID())
	s.succeeds("CreateUser", s.direct.CreateUser(s.Context(), attribution(), user, key))
	return []call{
		{"KeyByHash", func(ctx context.Context, repo repository.Repository) error {
			_, err := find(ctx, repo, key)
			return err
		}},
		{"UserByUsername", func(ctx context.Context, repo repository.Repository) error {
			_, err := repo.UserByUsername(ctx, user.CanonicalUsername)
			return err
		}},
		{"ListKeys", func(ctx context.Context, repo repository.Repository) error {
			_, err := repo.ListKeys(ctx, repository.KeyFilter{}, repository.Page{Sort: repository.SortID, Limit: 10})
			return err
		}},
		{"LatestChange", func(ctx context.Context, repo repository.Repository) error {
			_, err := repo.LatestChange(ctx)
			return err
		}},
		{"Changes", func(ctx context.Context, repo repository.Repository) error {
			_, err := repo.Changes(ctx, repository.Cursor{}, 10)
			return err
		}},
	}
}

// Calls that wait for answers hold every connection. Further calls wait
// until their deadline, and all go on when the answers come.
func exhaustedPool(s *suite) {
	s.openProxied()
	key := s.createKey(s.direct)
	isExhaustedBy(s, call{"KeyByHash", func(ctx context.Context, repo repository.Repository) error {
		_, err := find(ctx, repo, key)
		return err
	}}, key.Hash)
	mark := uuid.NewString()[:18]
	isExhaustedBy(s, call{"AddUsage", func(ctx context.Context, repo repository.Repository) error {
		return repo.AddUsage(ctx, newFlush(newID(), 1, mark+newID()))
	}}, []byte(mark))
}

// isExhaustedBy holds the answers to messages that carry a value of the call.
func isExhaustedBy(s *suite, c call, value []byte) {
	s.Helper()
	s.proxy.hold(contains(value))
	wait := inBackground(connections, func(int) error { return c.run(s.Context(), s.repo) })
	s.waitFor("a call on every connection", func() bool { return s.proxy.heldAnswers() == connections })
	meetsDeadline(s, c)
	if held := s.proxy.heldAnswers(); held != connections {
		s.Errorf("%s: %d connections are in use, want %d", c.name, held, connections)
	}
	s.proxy.heal()
	s.succeeds(c.name+" whose answer was late", errors.Join(wait()...))
	s.succeeds(c.name+" on a free connection", c.run(s.Context(), s.repo))
}

// meetsDeadline reports a call that does not end when its deadline is over.
func meetsDeadline(s *suite, c call) {
	s.Helper()
	ctx, stop := context.WithTimeout(s.Context(), shortly)
	defer stop()
	err := s.endsPromptly(c.name, func() error { return c.run(ctx, s.repo) })
	s.returns(context.DeadlineExceeded, c.name, err)
}

// The caller gives up while an answer is awaited: that to a call's first
// message, or that to a commit.
func cancelledCalls(s *suite) {
	for name, awaited := range map[string]func(message []byte) bool{
		"at first": s.isCall, "at the commit": s.backend.IsCommit,
	} {
		s.Run(name, func(t *testing.T) {
			t.Parallel()
			own := &suite{T: t, backend: s.backend}
			own.openProxied()
			for _, c := range calls(own) {
				endsWhenCancelled(own, c, awaited)
			}
		})
	}
}

// endsWhenCancelled cancels a call once an answer to it is held; calls that
// have no such answer are through before.
func endsWhenCancelled(s *suite, c call, awaited func(message []byte) bool) {
	s.Helper()
	ctx, cancel := context.WithCancel(s.Context())
	defer cancel()
	s.proxy.hold(awaited)
	done := make(chan error, 1)
	go func() { done <- c.run(ctx, s.repo) }()
	s.waitFor(c.name, func() bool { return s.proxy.heldAnswers() > 0 || len(done) > 0 })
	cancelled := s.proxy.heldAnswers() > 0
	cancel()
	err := s.endsPromptly(c.name, func() error { return <-done })
	if cancelled {
		s.returns(context.Canceled, c.name, err)
	} else {
		s.succeeds(c.name, err)
	}
	s.proxy.heal()
	works(s)
}

// works reports a repository that does not read and write.
func works(s *suite) {
	s.Helper()
	key := s.createKey(s.repo)
	_, err := find(s.Context(), s.repo, key)
	s.succeeds("KeyByHash", err)
	s.succeeds("AddUsage", s.repo.AddUsage(s.Context(), newFlush(newID(), 1, key.ID)))
}

// A server that takes everything and says nothing holds nobody for longer than
// they want to wait, whether it falls silent before a call or at its commit.
func silentServer(s *suite) {
	s.openProxied()
	calls := calls(s)
	s.createKey(s.repo)
	s.proxy.obey(func([]byte) fate { return hold })
	for _, c := range calls {
		meetsDeadline(s, c)
	}
	s.proxy.heal()
	works(s)
	for _, verb := range verbs() {
		isSilentAtCommit(s, verb(s))
	}
	s.proxy.obey(func([]byte) fate { return hold })
	s.returns(context.DeadlineExceeded, "Open", opensNot(s))
	s.proxy.heal()
}

func isSilentAtCommit(s *suite, w write) {
	s.Helper()
	s.proxy.hold(s.backend.IsCommit)
	meetsDeadline(s, call{w.name, func(ctx context.Context, repo repository.Repository) error {
		return w.run(ctx, repo, attribution())
	}})
	s.proxy.heal()
	if again := w.run(s.Context(), s.repo, attribution()); again != nil {
		s.returns(w.repeated, "repeating "+w.name, again)
	}
}

// A server that ends every connection is an outage for as long as it lasts.
func refusingServer(s *suite) {
	s.openProxied()
	calls := calls(s)
	s.proxy.refuse()
	for _, c := range calls {
		ctx, stop := context.WithTimeout(s.Context(), shortly)
		err := s.endsPromptly(c.name, func() error { return c.run(ctx, s.repo) })
		stop()
		isOutage(s, c.name, err)
	}
	isOutage(s, "Open", opensNot(s))
	s.proxy.heal()
	works(s)
}

// isOutage reports an error that claims to know more than that the store
// failed, or none. That a write may have come into force is no such claim: the
// MongoDB driver does not say whether it has sent one.
func isOutage(s *suite, name string, err error) {
	s.Helper()
	if err == nil {
		s.Errorf("%s succeeds without a server", name)
	}
	for _, claim := range []error{
		repository.ErrNotFound, repository.ErrConflict, repository.ErrRevoked,
		repository.ErrInvalidCursor, repository.ErrChangesLost,
	} {
		if errors.Is(err, claim) {
			s.Errorf("%s returns %v, which claims %q", name, err, claim)
		}
	}
}

// opensNot reports an Open that succeeds or does not meet its deadline.
func opensNot(s *suite) error {
	s.Helper()
	ctx, stop := context.WithTimeout(s.Context(), shortly)
	defer stop()
	err := s.endsPromptly("Open", func() error {
		repo, err := s.backend.Open(ctx, s.proxied)
		if err == nil {
			s.Error("Open succeeds without a server")
			return repo.Close()
		}
		return err
	})
	return err
}
