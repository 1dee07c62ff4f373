package faults

import (
	"errors"
	"sync/atomic"

	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/repository"
)

// mostMessages is more than any write needs.
const mostMessages = 40

// The server has committed, and the connection breaks before the caller hears
// of it. A write may be several steps: each of their answers is lost once, and
// that to the last one after everything is in force.
func lostAcknowledgements(s *suite) {
	eachWrite(s, func(s *suite, next func() write) {
		steps := s.countCommits(next())
		for n := range steps {
			a := try(s, next(), n+1, s.backend.IsCommit, lose)
			s.isReportedAsUnknown(a)
			if n+1 == steps && !a.changed() {
				s.Error("what was committed is not there")
			}
			keepsPromises(s, n+1, a)
		}
	})
}

// countCommits returns how many steps a write has, of which the last answer
// comes after everything is in force.
func (s *suite) countCommits(w write) (n int) {
	s.Helper()
	counted := s.proxy.strike(mostMessages, func(message []byte) bool {
		if s.backend.IsCommit(message) {
			n++
		}
		return false
	}, pass)
	s.succeeds(w.name, w.run(s.Context(), s.repo, attribution()))
	counted()
	if n == 0 {
		s.Fatal("the write commits nothing")
	}
	return n
}

func (s *suite) isReportedAsUnknown(a attempt) {
	s.Helper()
	if !a.met {
		s.Error("no answer was lost")
	}
	if a.err == nil && s.backend.RepeatsWrites {
		return
	}
	s.returns(repository.ErrOutcomeUnknown, "a write whose acknowledgement was lost", a.err)
}

// The connection breaks at each of the messages of which a write consists,
// before the server has it.
func cutInTheMiddle(s *suite) {
	eachWrite(s, func(s *suite, next func() write) {
		failures := 0
		for n := 1; ; n++ {
			a := try(s, next(), n, s.isCall, cut)
			keepsPromises(s, n, a)
			if !a.met {
				break
			}
			if a.err != nil {
				failures++
			}
			if n > mostMessages {
				s.Fatal("there is no end of messages")
			}
		}
		if failures == 0 {
			s.Error("no cut made a write fail")
		}
	})
}

// A connection that broke while it was idle is noticed before it is used: the very
// next call succeeds, and so does one on each connection.
func cutWhileIdle(s *suite) {
	s.openProxied()
	key := s.createKey(s.repo)
	s.useEveryConnection(key)
	for range 5 {
		s.useEveryConnection(key)
		s.proxy.cutAll()
		_, err := find(s.Context(), s.repo, key)
		s.succeeds("KeyByHash after idle connections broke", err)
	}
}

// useEveryConnection makes as many calls at once as there are connections.
func (s *suite) useEveryConnection(key models.APIKey) {
	s.Helper()
	var ended atomic.Bool
	s.proxy.hold(contains(key.Hash))
	wait := inBackground(connections, func(int) error {
		defer ended.Store(true)
		_, err := find(s.Context(), s.repo, key)
		return err
	})
	s.waitFor("a call on every connection", func() bool { return ended.Load() || s.proxy.heldAnswers() == connections })
	s.proxy.heal()
	s.succeeds("KeyByHash on every connection", errors.Join(wait()...))
}
