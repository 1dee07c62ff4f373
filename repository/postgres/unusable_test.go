package postgres_test

import (
	"context"
	"errors"
	"net"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/ginauth/ginauth/internal/gormrepo"
	"github.com/ginauth/ginauth/internal/testdatabase"
	"github.com/ginauth/ginauth/internal/testservers"
	"github.com/ginauth/ginauth/repository/postgres"
)

// failsToOpen reports a database that is opened, and an error that holds the
// password hunter2.
func failsToOpen(t *testing.T, ctx context.Context, uri string) error {
	t.Helper()
	repo, err := postgres.Open(ctx, uri)
	if err == nil {
		_ = repo.Close()
		t.Fatalf("%s is opened", uri)
	}
	if strings.Contains(err.Error(), "unter") {
		t.Errorf("the error holds the password: %v", err)
	}
	return err
}

// silentServer is the address of a server that takes connections and says
// nothing.
func silentServer(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	return listener.Addr().String()
}

func TestSilentServer(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	begin := time.Now()
	err := failsToOpen(t, ctx, "postgresql://ada:hunter2@"+silentServer(t)+"/name")
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("the error is %v", err)
	}
	if took := time.Since(begin); took > 5*time.Second {
		t.Errorf("it takes %v", took)
	}
}

// A caller without a deadline waits for ten seconds.
func TestStartTimeout(t *testing.T) {
	if testing.Short() {
		t.Skip("waits for ten seconds")
	}
	t.Parallel()
	begin := time.Now()
	_ = failsToOpen(t, t.Context(), "postgresql://ada:hunter2@"+silentServer(t)+"/name")
	if took := time.Since(begin); took > 15*time.Second {
		t.Errorf("it takes %v", took)
	}
}

func TestRefusedLogin(t *testing.T) {
	uri := testdatabase.New(t, "postgres")
	uri.User = url.UserPassword("nobody", "hunter2")
	if err := failsToOpen(t, t.Context(), uri.String()); !strings.Contains(err.Error(), "nobody") {
		t.Errorf("the error does not name the account: %v", err)
	}
}

func TestPasswordsInTheQuery(t *testing.T) {
	for _, query := range []string{
		"password=h%75nter2", "sslmode=prefer&sslpassword=hunter2", "sslmode=require&sslkey=/missing&sslcert=/missing&sslpassword=hunter2",
		"password=hunter2&connect_timeout=soon", "passfile=/missing&password=hunter2",
	} {
		_ = failsToOpen(t, t.Context(), "postgresql://ada@127.0.0.1:1/name?"+query)
	}
}

// A standby answers every read and would never let a key be revoked.
func TestHotStandby(t *testing.T) {
	if testing.Short() {
		t.Skip("needs servers of its own")
	}
	primary := started(t)(testservers.Start(t.Context(), "postgres"))
	standby := started(t)(testservers.StartStandby(t.Context(), primary))
	if err := failsToOpen(t, t.Context(), standby.URI); !errors.Is(err, gormrepo.ErrReadOnly) {
		t.Errorf("the error is %v", err)
	}
}

// started stops a server when the test ends.
func started(t *testing.T) func(*testservers.Server, error) *testservers.Server {
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
