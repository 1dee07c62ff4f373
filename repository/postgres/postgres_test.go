package postgres_test

import (
	"testing"

	"go.uber.org/goleak"

	"github.com/ginauth/ginauth/internal/test/testdatabase"
	"github.com/ginauth/ginauth/repository"
	"github.com/ginauth/ginauth/repository/postgres"
	"github.com/ginauth/ginauth/repository/repositorytest"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(testdatabase.Tests{M: m, Kind: "postgres"})
}

// open opens an empty database.
func open(t *testing.T) repository.Repository {
	t.Helper()
	repo, err := postgres.Open(t.Context(), testdatabase.New(t, "postgres").String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = repo.Close() })
	return repo
}

func TestConformance(t *testing.T) { repositorytest.Run(t, open) }
