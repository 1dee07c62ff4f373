package postgres_test

import (
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"testing"

	"github.com/ginauth/ginauth/internal/test/migrationtest"
	"github.com/ginauth/ginauth/internal/test/testdatabase"
	"github.com/ginauth/ginauth/repository"
	"github.com/ginauth/ginauth/repository/postgres"
)

func schemaAt(t *testing.T, uri *url.URL) migrationtest.Schema {
	t.Helper()
	db, err := sql.Open("pgx", uri.String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return migrationtest.Schema{Dialect: "postgres", DB: db, Open: func() (repository.Repository, error) {
		return postgres.Open(t.Context(), uri.String())
	}}
}

func TestDamagedSchema(t *testing.T) {
	migrationtest.Damaged(t, schemaAt(t, testdatabase.New(t, "postgres")))
}

func TestRoleWithoutDDL(t *testing.T) {
	uri := testdatabase.New(t, "postgres")
	owner, schema := schemaAt(t, uri), uri.Query().Get("search_path")
	role := fmt.Sprintf("ginauth_test_role_%d", os.Getpid())
	run := func(t *testing.T, statements ...string) {
		t.Helper()
		for _, statement := range statements {
			if _, err := owner.DB.Exec(statement); err != nil {
				t.Fatalf("%s: %v", statement, err)
			}
		}
	}
	run(t, "CREATE ROLE "+role+" LOGIN", "GRANT USAGE ON SCHEMA "+schema+" TO "+role)
	t.Cleanup(func() { run(t, "DROP OWNED BY "+role, "DROP ROLE "+role) })
	restricted := *uri
	restricted.User = url.User(role)
	migrationtest.WithoutDDL(t, owner, schemaAt(t, &restricted), func(t *testing.T, rights string) {
		t.Helper()
		run(t, "GRANT "+rights+" ON ALL TABLES IN SCHEMA "+schema+" TO "+role)
	})
}
