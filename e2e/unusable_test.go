package e2e

import (
	"net"
	"net/url"
	"testing"
	"time"

	"github.com/ginauth/ginauth/internal/test/testdatabase"
)

// expectUnusable checks that a database stops the start, within ten seconds
// and a moment, in words that do not give the password away.
func expectUnusable(t *testing.T, kind, uri string, hides ...string) {
	t.Helper()
	dir, begin := t.TempDir(), time.Now()
	p := launch(t, examplePath, dir, "PORT="+freePort(t), "DATABASE_MODE="+kind, "URI="+uri)
	expectRefusal(t, p, "URI", hides...)
	expectNoDatabase(t, dir)
	if took := time.Since(begin); took > 15*time.Second {
		t.Errorf("it takes %v to say so", took)
	}
}

// Servers that are not there, are silent, or have an address that cannot be
// understood.
func TestServersThatCannotBeReached(t *testing.T) {
	t.Parallel()
	silent := listenSilently(t)
	onEachServer(t, func(t *testing.T, kind string) {
		for _, rest := range []string{"127.0.0.1:1/db", silent + "/db", "[::1", "h:port/"} {
			t.Run(rest, func(t *testing.T) {
				t.Parallel()
				expectUnusable(t, kind, kind+"://ada:hunter2@"+rest, "hunter2")
			})
		}
		expectUnusable(t, kind, kind+"://ada:hunter2%zz@h/", "hunter2")
	})
}

// listenSilently returns an address where connections are accepted, and
// nothing is ever said.
func listenSilently(t *testing.T) (address string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	return listener.Addr().String()
}

// Servers that refuse the login or lack the database. The throwaway PostgreSQL
// believes every password, and FerretDB makes every database.
func TestServersThatRefuse(t *testing.T) {
	t.Parallel()
	onEachServer(t, func(t *testing.T, kind string) {
		unknown := *testdatabase.New(t, kind)
		unknown.User = url.UserPassword("ada", "hunter2")
		expectUnusable(t, kind, unknown.String(), "hunter2")
		if kind == "mongodb" {
			return
		}
		missing := *testdatabase.New(t, kind)
		missing.Path = "/missing"
		password, _ := missing.User.Password()
		expectUnusable(t, kind, missing.String(), ":"+password)
	})
}
