package gormrepo_test

import (
	"path/filepath"
	"testing"

	"github.com/ginauth/ginauth/internal/test/migrationtest"
	"github.com/ginauth/ginauth/repository"
	ginauthsqlite "github.com/ginauth/ginauth/repository/sqlite"
)

// The other SQL backends have this test too.
func TestFromSchema1(t *testing.T) {
	path := filepath.Join(t.TempDir(), "test.db")
	migrationtest.FromSchema1(t, openSQL(t, path), func() (repository.Repository, error) { return ginauthsqlite.Open(t.Context(), path) })
}
