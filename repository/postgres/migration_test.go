package postgres_test

import (
	"database/sql"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver that database/sql is asked for

	"github.com/ginauth/ginauth/internal/migrationtest"
	"github.com/ginauth/ginauth/internal/testdatabase"
	"github.com/ginauth/ginauth/repository"
	"github.com/ginauth/ginauth/repository/postgres"
)

func TestFromSchema1(t *testing.T) {
	uri := testdatabase.New(t, "postgres").String()
	db, err := sql.Open("pgx", uri)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	migrationtest.FromSchema1(t, db, func() (repository.Repository, error) { return postgres.Open(t.Context(), uri) })
}
