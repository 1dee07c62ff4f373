package users_test

import (
	"context"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"github.com/ginauth/ginauth/internal/audit"
	"github.com/ginauth/ginauth/internal/hashpool"
	"github.com/ginauth/ginauth/keys"
	"github.com/ginauth/ginauth/problem"
	"github.com/ginauth/ginauth/repository/sqlite"
	"github.com/ginauth/ginauth/security"
	"github.com/ginauth/ginauth/users"
)

const password = "Analytical-1_Engine"

// newService returns a service on a database of its own.
func newService(t *testing.T, pool *hashpool.Pool) *users.Service {
	t.Helper()
	repo, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "test.db"))
	if err != nil {
		t.Fatal(err)
	}
	records := audit.Start(slog.New(slog.DiscardHandler))
	t.Cleanup(func() { records.Close(); _ = repo.Close() })
	policy := keys.Policy{Prefixes: security.Prefixes{"ga"}, AutomaticExpiration: time.Hour, MaxKeysPerUser: 100, Now: time.Now}
	return users.New(users.Options{
		Repository: repo, Keys: keys.New(repo, records, policy), Records: records, Hashing: pool,
		PasswordPolicy: security.CheckPassword, Logger: slog.New(slog.DiscardHandler), Now: time.Now,
	})
}

// While unknown clients take the memory that they get, registrations wait, and so
// do guesses. A client is not kept waiting from where the password was right.
func TestFloodsLeaveRoomToLogIn(t *testing.T) {
	t.Parallel()
	pool := hashpool.New(40)
	service := newService(t, pool)
	if _, err := service.Register(t.Context(), users.RegisterParams{Username: "ada", Email: "ada@example.com", Password: password}); err != nil {
		t.Fatal(err)
	}
	ada := users.Credentials{Username: "ada", Password: password, ClientAddress: "192.0.2.1"}
	if _, err := service.Authenticate(t.Context(), ada); err != nil {
		t.Fatal(err)
	}
	release, err := pool.Take(t.Context(), 19456, hashpool.Unknown)
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	patience := func() context.Context {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		t.Cleanup(cancel)
		return ctx
	}
	if _, err := service.Register(patience(), users.RegisterParams{Username: "bob", Email: "bob@example.com", Password: password}); !problem.Is(err, "busy") {
		t.Errorf("a registration gets %v", err)
	}
	guess := users.Credentials{Username: "ada", Password: password, ClientAddress: "192.0.2.7"}
	if _, err := service.Authenticate(patience(), guess); !problem.Is(err, "busy") {
		t.Errorf("a guess from elsewhere gets %v", err)
	}
	if user, err := service.Authenticate(t.Context(), ada); err != nil || user.Username != "ada" {
		t.Errorf("a known client gets %v, %v", user, err)
	}
}
