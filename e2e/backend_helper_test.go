package e2e

import (
	"path/filepath"
	"testing"

	"github.com/ginauth/ginauth/internal/test/testdatabase"
)

// onEachBackend runs a test with an empty database of each kind. Examples that
// are started with the environment share it.
func onEachBackend(t *testing.T, test func(t *testing.T, environment []string)) {
	t.Parallel()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		test(t, []string{"GINAUTH_SECRET=" + secret, "GINAUTH_DB_LOCATION=" + filepath.Join(t.TempDir(), "shared.db")})
	})
	onEachServer(t, func(t *testing.T, kind string) {
		test(t, environmentFrom(kind, testdatabase.New(t, kind).String()))
	})
}

// onEachServer runs a test with each kind of database that has a server.
func onEachServer(t *testing.T, test func(t *testing.T, kind string)) {
	for _, kind := range []string{"postgres", "mysql", "mongodb"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			test(t, kind)
		})
	}
}

// environmentFrom is what an example is started with to use a server.
func environmentFrom(kind, uri string) []string {
	return []string{"GINAUTH_SECRET=" + secret, "DATABASE_MODE=" + kind, "URI=" + uri}
}
