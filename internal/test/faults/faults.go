// Package faults checks that the backends on servers survive what networks and
// servers do: connections that break at any point, answers that never come,
// servers that are killed, and other processes that do the same at once.
//
// Package repositorytest has the promises of every backend; this package checks
// them under faults that an embedded database does not know.
package faults

import (
	"net/url"
	"testing"

	"github.com/ginauth/ginauth/internal/test/testdatabase"
	"github.com/ginauth/ginauth/repository"
)

// Backend is what the suite has to know of one.
type Backend struct {
	// Kind is that of testdatabase: postgres, mysql or mongodb.
	Kind string
	Open Opener
	// IsCommit reports whether a client's message brings a write into force, or
	// one step of it.
	IsCommit func(message []byte) bool
	// IsHeartbeat reports whether the driver sends the message of its own
	// accord; nil if it sends none.
	IsHeartbeat func(message []byte) bool
	// Options are added to the URI of what goes through the proxy. A pool that
	// holds connections for one purpose must end up with eight.
	Options url.Values
	// RepeatsWrites is set if the driver may repeat a write whose answer was
	// lost, so that the caller hears of nothing.
	RepeatsWrites bool
	// FlushedKeys is how many keys two processes flush at once.
	FlushedKeys int
}

// connections is how many a pool has at most.
const connections = 8

// Run puts the backend through every fault. Tests run in parallel.
func Run(t *testing.T, backend Backend) {
	if backend.IsHeartbeat == nil {
		backend.IsHeartbeat = func([]byte) bool { return false }
	}
	for _, test := range []struct {
		name string
		run  func(s *suite)
	}{
		{"the answer to a commit is lost", lostAcknowledgements},
		{"the connection breaks in the middle of a call", cutInTheMiddle},
		{"idle connections break", cutWhileIdle},
		{"every connection is busy", exhaustedPool},
		{"the caller gives up", cancelledCalls},
		{"the server is silent", silentServer},
		{"the server is silent from the start", silentAtStart},
		{"the server is silent and nobody says for how long", silentWithoutDeadline},
		{"the server falls silent during Open", silentDuringOpen},
		{"connections are silent for ever", silentConnections},
		{"the server takes no connections", refusingServer},
		{"the server is killed and started again", killedServer},
		{"one of many gets a username", raceForUsername},
		{"renewals by two processes take turns", raceToRenew},
		{"flushes in opposite orders", oppositeFlushes},
		{"many start on an empty database", startAtOnce},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			test.run(&suite{T: t, backend: backend})
		})
	}
}

// suite is what a test has at hand. Tests that need no server of their own
// begin with one of the methods that open.
type suite struct {
	*testing.T
	backend Backend
	proxy   *proxy
	// repo goes through the proxy, direct past it to the same database.
	repo, direct repository.Repository
	proxied      string // the URI of repo
}

// openProxied opens an empty database on both ways.
func (s *suite) openProxied() {
	s.Helper()
	uri := testdatabase.New(s.T, s.backend.Kind)
	s.proxy = startProxy(s.T, uri.Host)
	s.direct = s.open(uri.String())
	s.proxied = s.throughProxy(uri)
	s.repo = s.open(s.proxied)
}

// throughProxy returns a database's URI by way of the proxy.
func (s *suite) throughProxy(uri *url.URL) string {
	proxied, query := *uri, uri.Query()
	for name, values := range s.backend.Options {
		query[name] = values
	}
	proxied.Host, proxied.RawQuery = s.proxy.address(), query.Encode()
	return proxied.String()
}

// openTwice opens an empty database twice, as two processes would.
func (s *suite) openTwice() [2]repository.Repository {
	s.Helper()
	uri := testdatabase.New(s.T, s.backend.Kind).String()
	return [2]repository.Repository{s.open(uri), s.open(uri)}
}

func (s *suite) open(uri string) repository.Repository {
	s.Helper()
	repo, err := s.backend.Open(s.Context(), uri)
	s.succeeds("Open", err)
	s.Cleanup(func() { _ = repo.Close() })
	return repo
}

// isCall reports whether a message belongs to a call.
func (s *suite) isCall(message []byte) bool { return !s.backend.IsHeartbeat(message) }
