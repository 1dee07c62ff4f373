package mongodb

import (
	"testing"

	"go.uber.org/goleak"

	"github.com/ginauth/ginauth/internal/test/testdatabase"
	"github.com/ginauth/ginauth/repository"
	"github.com/ginauth/ginauth/repository/repositorytest"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(testdatabase.Tests{M: m, Kind: "mongodb"})
}

// newDatabase returns the URI of an empty database.
func newDatabase(t *testing.T) string {
	t.Helper()
	return testdatabase.New(t, "mongodb").String()
}

// open opens an empty database.
func open(t *testing.T) *Repository {
	t.Helper()
	return openURI(t, newDatabase(t))
}

func openURI(t *testing.T, uri string) *Repository {
	t.Helper()
	repo, err := Open(t.Context(), uri)
	succeeds(t, err)
	t.Cleanup(func() { _ = repo.Close() })
	return repo.(*Repository)
}

func TestConformance(t *testing.T) {
	repositorytest.Run(t, func(t *testing.T) repository.Repository { return open(t) })
}
