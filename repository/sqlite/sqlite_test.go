package sqlite

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/uuid"
	"go.uber.org/goleak"

	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/repository"
	"github.com/ginauth/ginauth/repository/repositorytest"
)

// TestMain lets the test binary play the other processes, and otherwise checks
// that all tests together leave no goroutine behind.
func TestMain(m *testing.M) {
	if role := os.Getenv(roleVariable); role != "" {
		os.Exit(playRole(role, os.Getenv(pathVariable)))
	}
	goleak.VerifyTestMain(m)
}

func TestConformance(t *testing.T) {
	repositorytest.Run(t, func(t *testing.T) repository.Repository {
		return open(t, filepath.Join(t.TempDir(), "test.db"))
	})
}

// open opens the database until the test ends.
func open(t *testing.T, path string) repository.Repository {
	t.Helper()
	repo, err := Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := repo.Close(); err != nil {
			t.Error(err)
		}
	})
	return repo
}

func attribution() repository.Attribution {
	return repository.Attribution{Actor: "admin", At: time.Date(2026, time.July, 1, 12, 0, 0, 0, time.UTC)}
}

// newKey makes a service key that is unlike any other, in any process.
func newKey() models.APIKey {
	id := uuid.Must(uuid.NewV7())
	return models.APIKey{ID: id.String(), Hash: append(id[:], id[:]...), Name: "billing"}
}

func createKey(t *testing.T, repo repository.Repository) models.APIKey {
	t.Helper()
	key := newKey()
	if err := repo.CreateKey(t.Context(), attribution(), key, repository.CreateKeyOptions{}); err != nil {
		t.Fatal(err)
	}
	return key
}

// expectKey reports a key that cannot be found.
func expectKey(t *testing.T, repo repository.Repository, key models.APIKey) {
	t.Helper()
	if _, err := repo.KeyByHash(t.Context(), key.Hash); err != nil {
		t.Errorf("the key %s: %v", key.ID, err)
	}
}

func countKeys(t *testing.T, repo repository.Repository) int {
	t.Helper()
	page, err := repo.ListKeys(t.Context(), repository.KeyFilter{}, repository.Page{Sort: repository.SortID, Limit: repository.MaxLimit})
	if err != nil {
		t.Fatal(err)
	}
	return len(page.Rows)
}

// readLog reads the whole change log, which is thereby known to have no gap.
func readLog(t *testing.T, repo repository.Repository) []models.Change {
	t.Helper()
	entries, err := repo.Changes(t.Context(), repository.Cursor{}, 10_000)
	if err != nil {
		t.Fatal(err)
	}
	for i, entry := range entries {
		if entry.Number != int64(i+1) {
			t.Fatalf("entry %d has the number %d", i+1, entry.Number)
		}
	}
	return entries
}
