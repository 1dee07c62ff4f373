package mysql_test

import (
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/ginauth/ginauth/internal/test/faults"
	"github.com/ginauth/ginauth/internal/test/testdatabase"
	"github.com/ginauth/ginauth/repository"
	"github.com/ginauth/ginauth/repository/internal/gormrepo"
	"github.com/ginauth/ginauth/repository/mysql"
)

// refuses returns the error with which a database is not opened.
func refuses(t *testing.T, uri string) error {
	t.Helper()
	return faults.Opener(mysql.Open).Refuses(t, t.Context(), uri)
}

// A server where nothing can be revoked must not be relied on, though the
// account of this test might write all the same.
func TestReadOnlyServer(t *testing.T) {
	server := testdatabase.OwnServer(t, "mysql")
	admin := asAdmin(t, server.URI)
	if _, err := admin.ExecContext(t.Context(), "SET GLOBAL read_only = 1"); err != nil {
		t.Fatal(err)
	}
	if err := refuses(t, server.URI); !errors.Is(err, gormrepo.ErrReadOnly) {
		t.Errorf("the error is %v", err)
	}
}

// A server may be made a replica under connections that go on. It must not be
// read any more then, nor its change log followed; and it is used again when it
// takes writes again.
func TestServerBecomesReadOnly(t *testing.T) {
	server := testdatabase.OwnServer(t, "mysql")
	repo, err := mysql.Open(t.Context(), server.URI)
	if err != nil {
		t.Fatal(err)
	}
	defer repo.Close()
	admin := asAdmin(t, server.URI)
	for value, want := range map[int]error{0: nil, 1: gormrepo.ErrReadOnly} {
		if _, err := admin.ExecContext(t.Context(), fmt.Sprint("SET GLOBAL read_only = ", value)); err != nil {
			t.Fatal(err)
		}
		_, latest := repo.LatestChange(t.Context())
		_, changes := repo.Changes(t.Context(), repository.Cursor{}, 1)
		if !errors.Is(latest, want) || !errors.Is(changes, want) {
			t.Errorf("with read_only = %d the change log is %v and %v", value, latest, changes)
		}
	}
	if _, err := admin.ExecContext(t.Context(), "SET GLOBAL read_only = 0"); err != nil {
		t.Fatal(err)
	}
	if _, err := repo.LatestChange(t.Context()); err != nil {
		t.Errorf("the server that takes writes again is answered with %v", err)
	}
}

// asAdmin leads to the server as its administrator.
func asAdmin(t *testing.T, serverURI string) *sql.DB {
	t.Helper()
	uri, err := url.Parse(serverURI)
	if err != nil {
		t.Fatal(err)
	}
	admin, err := sql.Open("mysql", fmt.Sprintf("%s@tcp(%s)/", uri.User, uri.Host))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = admin.Close() })
	return admin
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

// The driver would make statements of such parameters, SET password among
// them, and servers quote the statements that they refuse.
func TestPasswordInTheQuery(t *testing.T) {
	uri := testdatabase.New(t, "mysql")
	for _, query := range []string{
		"password=hunter2", "PASSWORD=h%75nter2", "password=%27hunter2%27", "user=ada&password=hunter2", "tls=false&Password=hunter2",
		"passwd=hunter2", "sslpassword=hunter2",
	} {
		uri.RawQuery = query
		_ = refuses(t, uri.String())
	}
}
