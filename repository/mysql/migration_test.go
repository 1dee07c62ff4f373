package mysql_test

import (
	"database/sql"
	"fmt"
	"testing"

	_ "github.com/go-sql-driver/mysql" // the driver that database/sql is asked for

	"github.com/ginauth/ginauth/internal/migrationtest"
	"github.com/ginauth/ginauth/internal/testdatabase"
	"github.com/ginauth/ginauth/repository"
	"github.com/ginauth/ginauth/repository/mysql"
)

func TestFromSchema1(t *testing.T) {
	uri := testdatabase.New(t, "mysql")
	db, err := sql.Open("mysql", fmt.Sprintf("%s@tcp(%s)%s?%s", uri.User, uri.Host, uri.Path, uri.RawQuery))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	migrationtest.FromSchema1(t, db, func() (repository.Repository, error) { return mysql.Open(t.Context(), uri.String()) })
}
