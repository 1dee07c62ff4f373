package gormrepo_test

import (
	"path/filepath"
	"testing"

	"github.com/ginauth/ginauth/internal/test/migrationtest"
	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/repository/repositorytest"
	ginauthsqlite "github.com/ginauth/ginauth/repository/sqlite"
)

// The other SQL backends have this test too.
func TestPruning(t *testing.T) {
	path := filepath.Join(t.TempDir(), "test.db")
	repo, err := ginauthsqlite.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer repo.Close()
	db := openSQL(t, path)
	repositorytest.RunPruning(t, repo, func(entries []models.Change) error {
		return migrationtest.InsertChanges(t.Context(), db, entries)
	})
}
