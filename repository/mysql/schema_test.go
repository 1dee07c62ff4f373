package mysql_test

import (
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/ginauth/ginauth/internal/test/migrationtest"
	"github.com/ginauth/ginauth/internal/test/testdatabase"
	"github.com/ginauth/ginauth/repository"
	"github.com/ginauth/ginauth/repository/mysql"
)

func schemaAt(t *testing.T, uri *url.URL) migrationtest.Schema {
	t.Helper()
	db, err := sql.Open("mysql", fmt.Sprintf("%s@tcp(%s)%s?%s", uri.User, uri.Host, uri.Path, uri.RawQuery))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return migrationtest.Schema{Dialect: "mysql", DB: db, Open: func() (repository.Repository, error) {
		return mysql.Open(t.Context(), uri.String())
	}}
}

func TestDamagedSchema(t *testing.T) {
	migrationtest.Damaged(t, schemaAt(t, testdatabase.New(t, "mysql")))
}

func TestAccountWithoutDDL(t *testing.T) {
	uri := testdatabase.New(t, "mysql")
	admin, database := asAdmin(t, uri.String()), strings.TrimPrefix(uri.Path, "/")
	account := fmt.Sprintf("ginauth_test_%d", os.Getpid())
	run := func(t *testing.T, statement string) {
		t.Helper()
		if _, err := admin.Exec(statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
	run(t, "CREATE USER "+account+" IDENTIFIED BY 'plain'")
	t.Cleanup(func() { run(t, "DROP USER "+account) })
	restricted := *uri
	restricted.User = url.UserPassword(account, "plain")
	migrationtest.WithoutDDL(t, schemaAt(t, uri), schemaAt(t, &restricted), func(t *testing.T, rights string) {
		t.Helper()
		run(t, "GRANT "+rights+" ON "+database+".* TO "+account)
	})
}
