package postgres_test

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"net/url"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib"

	"github.com/ginauth/ginauth/repository"
	"github.com/ginauth/ginauth/repository/postgres"
	"github.com/ginauth/ginauth/repository/repositorytest"
)

// server is the test server; each test has a schema of its own there.
type server struct {
	uri   string
	admin *sql.DB
}

func newServer(t *testing.T) *server {
	t.Helper()
	uri := repositorytest.ServerURI(t, "postgres")
	admin, err := sql.Open("pgx", uri)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = admin.Close() })
	return &server{uri, admin}
}

// open opens an empty schema, which is dropped at the test's end.
func (s *server) open(t *testing.T) repository.Repository {
	t.Helper()
	repo, err := postgres.Open(t.Context(), s.schema(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = repo.Close() })
	return repo
}

// schema makes an empty schema and returns its URI.
func (s *server) schema(t *testing.T) string {
	t.Helper()
	name := fmt.Sprintf("ginauth_test_%x", rand.Uint64())
	s.exec(t, "CREATE SCHEMA "+name)
	t.Cleanup(func() { s.exec(t, "DROP SCHEMA "+name+" CASCADE") })
	uri, err := url.Parse(s.uri)
	if err != nil {
		t.Fatal("the test server's URI cannot be understood")
	}
	query := uri.Query()
	query.Set("search_path", name)
	uri.RawQuery = query.Encode()
	return uri.String()
}

func (s *server) exec(t *testing.T, statement string) {
	t.Helper()
	if _, err := s.admin.ExecContext(context.WithoutCancel(t.Context()), statement); err != nil {
		t.Error(err)
	}
}

func TestConformance(t *testing.T) {
	s := newServer(t)
	repositorytest.Run(t, s.open)
}
