package mysql_test

import (
	"context"
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/ginauth/ginauth/internal/testdatabase"
	"github.com/ginauth/ginauth/repository/mysql"
)

// failsToOpen reports a database that is opened, and an error that holds the
// password hunter2.
func failsToOpen(t *testing.T, ctx context.Context, uri string) error {
	t.Helper()
	repo, err := mysql.Open(ctx, uri)
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
	err := failsToOpen(t, ctx, "mysql://ada:hunter2@"+silentServer(t)+"/name")
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
	_ = failsToOpen(t, t.Context(), "mysql://ada:hunter2@"+silentServer(t)+"/name")
	if took := time.Since(begin); took > 15*time.Second {
		t.Errorf("it takes %v", took)
	}
}

// The driver would make statements of such parameters, SET password among
// them, and servers quote the statements that they refuse.
func TestPasswordInTheQuery(t *testing.T) {
	uri := testdatabase.New(t, "mysql")
	for _, query := range []string{
		"password=hunter2", "PASSWORD=h%75nter2", "password=%27hunter2%27", "user=ada&password=hunter2", "tls=false&Password=hunter2",
		"passwd=hunter2", "sslpassword=hunter2",
	} {
		uri.RawQuery = query
		_ = failsToOpen(t, t.Context(), uri.String())
	}
}
