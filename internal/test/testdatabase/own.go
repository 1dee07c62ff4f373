package testdatabase

import (
	"testing"

	"github.com/ginauth/ginauth/internal/test/testservers"
)

// OwnServer starts a server of a kind that the test may kill or configure, with
// options for the program, and stops it when the test ends. Tests with one are
// skipped by -short, and where New would skip.
func OwnServer(t *testing.T, kind string, options ...string) *testservers.Server {
	t.Helper()
	needsOwn(t, kind)
	return Started(t)(testservers.Start(t.Context(), kind, options...))
}

// OwnGalera starts a Galera cluster of three nodes, under the rules of OwnServer.
func OwnGalera(t *testing.T) []*testservers.Server {
	t.Helper()
	needsOwn(t, "mysql")
	nodes, err := testservers.StartGalera(t.Context())
	t.Cleanup(func() {
		if err := testservers.StopAll(nodes); err != nil {
			t.Error(err)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return nodes
}

// needsOwn skips the test where it may not start a server of a kind.
func needsOwn(t *testing.T, kind string) {
	t.Helper()
	if testing.Short() {
		t.Skip("it starts a server of its own")
	}
	serverURI(t, kind)
}

// Started stops a server that was started when the test ends.
func Started(t *testing.T) func(*testservers.Server, error) *testservers.Server {
	return func(server *testservers.Server, err error) *testservers.Server {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := server.Stop(); err != nil {
				t.Error(err)
			}
		})
		return server
	}
}
