// Package ginauthtest holds what tests of an application with ginauth need: an Auth
// without a database, keys, a clock that the test moves, and a check that every
// route is guarded.
package ginauthtest

import (
	"context"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/ginauth/ginauth"
	"github.com/ginauth/ginauth/internal/guard"
	"github.com/ginauth/ginauth/keys"
	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/repository/memory"
)

// Secret is the admin secret of an Auth that New returns.
const Secret = "the-admin-secret-of-package-ginauthtest"

// farFuture keeps keys in memory valid however far a test moves the clock.
const farFuture = 200 * 365 * 24 * time.Hour

// New returns an Auth over a repository in memory, and its clock, which stands
// still at the present time until the test moves it. The Auth logs to the test's
// output and is closed when the test ends. Each change adjusts its configuration.
func New(t testing.TB, changes ...func(*ginauth.Config)) (*ginauth.Auth, *Clock) {
	t.Helper()
	clock := &Clock{now: time.Now()}
	config := ginauth.Config{
		Secrets: []string{Secret}, Now: clock.Now, StaleLimit: farFuture,
		Logger: slog.New(slog.NewTextHandler(t.Output(), nil)),
	}
	for _, change := range changes {
		change(&config)
	}
	auth, err := ginauth.New(memory.New(clock.Now), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := auth.Close(); err != nil {
			t.Error(err)
		}
	})
	return auth, clock
}

// Issue returns a new service key, whose text is in its field Key.
func Issue(t testing.TB, auth *ginauth.Auth) keys.Issued {
	t.Helper()
	issued, err := auth.Keys().Issue(t.Context(), keys.IssueParams{Name: "test"})
	if err != nil {
		t.Fatal(err)
	}
	return issued
}

// WithKey returns a context in which ginauth.KeyFrom and ginauth.KeyFromContext
// find the key, for the test of a handler without its guard:
//
//	request := httptest.NewRequest(http.MethodGet, "/orders", nil)
//	request = request.WithContext(ginauthtest.WithKey(request.Context(), models.APIKey{ID: "k", UserID: "u"}))
func WithKey(ctx context.Context, key models.APIKey) context.Context { return guard.WithKey(ctx, key) }

// Clock is a clock that a test moves. It is safe for concurrent use.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

// Now returns the time that the clock shows.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Advance moves the clock, such as beyond the expiration of a key.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}
