package postgres_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/ginauth/ginauth/internal/gormrepo"
	"github.com/ginauth/ginauth/internal/testdatabase"
	"github.com/ginauth/ginauth/repository/postgres"
)

// refuses reports a database that is opened, and an error that holds the
// password hunter2, however it was written.
func refuses(t *testing.T, uri string) error {
	t.Helper()
	repo, err := postgres.Open(t.Context(), uri)
	if err == nil {
		_ = repo.Close()
		t.Fatalf("%s is opened", uri)
	}
	if strings.Contains(err.Error(), "unter") {
		t.Errorf("the error holds the password: %v", err)
	}
	return err
}

// A server where nothing can be revoked must not be relied on.
func TestReadOnlyServer(t *testing.T) {
	uri := testdatabase.New(t, "postgres")
	query := uri.Query()
	query.Set("default_transaction_read_only", "on")
	uri.RawQuery = query.Encode()
	if err := refuses(t, uri.String()); !errors.Is(err, gormrepo.ErrReadOnly) {
		t.Errorf("the error is %v", err)
	}
}

func TestMissingDatabase(t *testing.T) {
	uri := testdatabase.New(t, "postgres")
	uri.Path = "/missing"
	if err := refuses(t, uri.String()); !strings.Contains(err.Error(), "missing") {
		t.Errorf("the error does not name the database: %v", err)
	}
}

func TestURIsThatCannotBeUsed(t *testing.T) {
	for _, uri := range []string{
		"", "hunter2", "mysql://ada:hunter2@127.0.0.1/name", "postgresql://ada:hunter2@127.0.0.1:99999/name",
		"postgresql://ada:hunter2@[::1/name", "postgresql://ada:hunter2%zz@127.0.0.1/name",
		"postgresql://ada:hunter2@127.0.0.1:1/name", "postgresql://ada:h%75nter2@127.0.0.1:1/name",
		"postgresql://127.0.0.1:1/name?user=ada&password=hunter2", "postgresql://127.0.0.1:1/name?password=hunter2&sslmode=perhaps",
		"host=127.0.0.1 port=1 user=ada password=hunter2", "postgresql://ada:hunter2@127.0.0.1:1,127.0.0.1:2/name",
	} {
		_ = refuses(t, uri)
	}
}

// The first of several hosts that answers is used.
func TestSeveralHosts(t *testing.T) {
	uri := testdatabase.New(t, "postgres")
	uri.Host = "127.0.0.1:1," + uri.Host
	repo, err := postgres.Open(t.Context(), uri.String())
	if err != nil {
		t.Fatal(err)
	}
	_ = repo.Close()
}
