package mongodb

import (
	"net/url"
	"testing"

	"go.uber.org/goleak"

	"github.com/ginauth/ginauth/internal/testdatabase"
	"github.com/ginauth/ginauth/repository"
	"github.com/ginauth/ginauth/repository/repositorytest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(checked{m}) }

// checked are the tests of which no database may be left.
type checked struct{ *testing.M }

func (c checked) Run() int { return testdatabase.Run(c.M, "mongodb") }

// newDatabase returns the URI of an empty database.
func newDatabase(t *testing.T) string {
	t.Helper()
	return testdatabase.New(t, "mongodb").String()
}

// byWayOf returns a database's URI with another address.
func byWayOf(t *testing.T, uri, address string) string {
	t.Helper()
	parsed, err := url.Parse(uri)
	succeeds(t, err)
	parsed.Host, parsed.RawQuery = address, "directConnection=true"
	return parsed.String()
}

func hostOf(t *testing.T, uri string) string {
	t.Helper()
	parsed, err := url.Parse(uri)
	succeeds(t, err)
	return parsed.Host
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

// openTwo opens an empty database twice, as two processes would.
func openTwo(t *testing.T) (one, other *Repository) {
	t.Helper()
	uri := newDatabase(t)
	return openURI(t, uri), openURI(t, uri)
}

func TestConformance(t *testing.T) {
	repositorytest.Run(t, func(t *testing.T) repository.Repository { return open(t) })
}
