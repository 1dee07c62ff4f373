package mysql_test

import (
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/ginauth/ginauth/internal/gormrepo"
	"github.com/ginauth/ginauth/internal/testdatabase"
	"github.com/ginauth/ginauth/internal/testservers"
	"github.com/ginauth/ginauth/repository/mysql"
)

// refuses reports a database that is opened, and an error that holds the
// password hunter2, however it was written.
func refuses(t *testing.T, uri string) error {
	t.Helper()
	repo, err := mysql.Open(t.Context(), uri)
	if err == nil {
		_ = repo.Close()
		t.Fatalf("%s is opened", uri)
	}
	if strings.Contains(err.Error(), "unter") {
		t.Errorf("the error holds the password: %v", err)
	}
	return err
}

// A server where nothing can be revoked must not be relied on, though the
// account of this test might write all the same.
func TestReadOnlyServer(t *testing.T) {
	if testing.Short() {
		t.Skip("needs a server of its own")
	}
	server, err := testservers.Start(t.Context(), "mysql")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Stop() })
	uri, err := url.Parse(server.URI)
	if err != nil {
		t.Fatal(err)
	}
	admin, err := sql.Open("mysql", fmt.Sprintf("%s@tcp(%s)/", uri.User, uri.Host))
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close()
	if _, err := admin.ExecContext(t.Context(), "SET GLOBAL read_only = 1"); err != nil {
		t.Fatal(err)
	}
	if err := refuses(t, server.URI); !errors.Is(err, gormrepo.ErrReadOnly) {
		t.Errorf("the error is %v", err)
	}
}

func TestMissingDatabaseAndRefusedLogin(t *testing.T) {
	uri := testdatabase.New(t, "mysql")
	missing, login := *uri, *uri
	missing.Path = "/missing"
	if err := refuses(t, missing.String()); !strings.Contains(err.Error(), "missing") {
		t.Errorf("the error does not name the database: %v", err)
	}
	login.User = url.UserPassword("nobody", "hunter2")
	if err := refuses(t, login.String()); !strings.Contains(err.Error(), "nobody") {
		t.Errorf("the error does not name the account: %v", err)
	}
}

func TestURIsThatCannotBeUsed(t *testing.T) {
	for _, uri := range []string{
		"", "hunter2", "postgresql://ada:hunter2@127.0.0.1/name", "mysql://ada:hunter2@127.0.0.1:99999/name", "mysql://ada:hunter2@/name",
		"mysql://ada:hunter2@[::1/name", "mysql://ada:hunter2%zz@127.0.0.1/name", "ada:hunter2@tcp(127.0.0.1:1)/name",
		"mysql://ada:hunter2@127.0.0.1:1/name", "mysql://ada:h%75nter2@127.0.0.1:1/name", "mysql://ada:hunter2@127.0.0.1:1/name?tls=perhaps",
	} {
		_ = refuses(t, uri)
	}
}
