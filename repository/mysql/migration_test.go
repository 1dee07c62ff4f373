package mysql_test

import (
	"database/sql"
	"fmt"
	"testing"

	_ "github.com/go-sql-driver/mysql" // the driver that database/sql is asked for

	"github.com/ginauth/ginauth/internal/test/migrationtest"
	"github.com/ginauth/ginauth/internal/test/testdatabase"
	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/repository"
	"github.com/ginauth/ginauth/repository/mysql"
	"github.com/ginauth/ginauth/repository/repositorytest"
)

func TestFromSchema1(t *testing.T) {
	uri, db := openSQL(t)
	migrationtest.FromSchema1(t, db, func() (repository.Repository, error) { return mysql.Open(t.Context(), uri) })
}

func TestPruning(t *testing.T) {
	uri, db := openSQL(t)
	repo, err := mysql.Open(t.Context(), uri)
	if err != nil {
		t.Fatal(err)
	}
	defer repo.Close()
	repositorytest.RunPruning(t, repo, func(entries []models.Change) error {
		return migrationtest.InsertChanges(t.Context(), db, entries)
	})
}

// openSQL makes an empty database that is reached past ginauth, too.
func openSQL(t *testing.T) (uri string, db *sql.DB) {
	t.Helper()
	made := testdatabase.New(t, "mysql")
	db, err := sql.Open("mysql", fmt.Sprintf("%s@tcp(%s)%s?%s", made.User, made.Host, made.Path, made.RawQuery))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return made.String(), db
}
