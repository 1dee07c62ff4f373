package gormrepo_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/ginauth/ginauth/internal/test/migrationtest"
	"github.com/ginauth/ginauth/repository"
	ginauthsqlite "github.com/ginauth/ginauth/repository/sqlite"
)

// The other SQL backends have this test too.
func TestDamagedSchema(t *testing.T) {
	path := filepath.Join(t.TempDir(), "test.db")
	ginauth := func() (repository.Repository, error) { return ginauthsqlite.Open(t.Context(), path) }
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	migrationtest.Damaged(t, migrationtest.Schema{Dialect: "sqlite", DB: openSQL(t, path), Open: ginauth})
}
