package postgres_test

import (
	"testing"

	gormpostgres "gorm.io/driver/postgres"
	"gorm.io/gorm"

	"github.com/ginauth/ginauth/internal/test/testdatabase"
	"github.com/ginauth/ginauth/repository"
	"github.com/ginauth/ginauth/repository/postgres"
	"github.com/ginauth/ginauth/repository/repositorytest"
)

// An application's handle names the server, and goes on working beside ginauth,
// whatever its sessions are set to.
func TestUse(t *testing.T) {
	uri := testdatabase.New(t, "postgres")
	query := uri.Query()
	query.Set("default_transaction_isolation", "serializable")
	uri.RawQuery = query.Encode()
	handle, err := gorm.Open(gormpostgres.Open(uri.String()), &gorm.Config{})
	if err != nil {
		t.Fatal(err)
	}
	pool, err := handle.DB()
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	repositorytest.RunUse(t,
		func() (repository.Repository, error) { return postgres.Use(t.Context(), handle) },
		func() (repository.Repository, error) { return postgres.Use(t.Context(), pool) },
		pool.Ping)
}
