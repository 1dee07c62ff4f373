package mysql_test

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"net/url"
	"testing"

	_ "github.com/go-sql-driver/mysql"

	"github.com/ginauth/ginauth/repository"
	"github.com/ginauth/ginauth/repository/mysql"
	"github.com/ginauth/ginauth/repository/repositorytest"
)

// server is the test server; each test has a database of its own there.
type server struct {
	uri   *url.URL
	admin *sql.DB
}

func newServer(t *testing.T) *server {
	t.Helper()
	uri, err := url.Parse(repositorytest.ServerURI(t, "mysql"))
	if err != nil {
		t.Fatal("the test server's URI cannot be understood")
	}
	admin, err := sql.Open("mysql", fmt.Sprintf("%s@tcp(%s)/", uri.User, uri.Host))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = admin.Close() })
	return &server{uri, admin}
}

// open opens an empty database, which is dropped at the test's end.
func (s *server) open(t *testing.T) repository.Repository {
	t.Helper()
	repo, err := mysql.Open(t.Context(), s.database(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = repo.Close() })
	return repo
}

// database makes an empty database and returns its URI.
func (s *server) database(t *testing.T) string {
	t.Helper()
	name := fmt.Sprintf("ginauth_test_%x", rand.Uint64())
	s.exec(t, "CREATE DATABASE "+name)
	t.Cleanup(func() { s.exec(t, "DROP DATABASE "+name) })
	return s.uri.JoinPath(name).String()
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
