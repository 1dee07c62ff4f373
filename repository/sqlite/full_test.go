package sqlite

import (
	"errors"
	"path/filepath"
	"testing"

	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/repository"
)

func newFlush(number int64, keys int) repository.Flush {
	flush := repository.Flush{Node: "node", Number: number}
	for range keys {
		flush.Usages = append(flush.Usages, models.Usage{KeyID: newKey().ID, TotalQueries: 1, LatestQueryDate: attribution().At})
	}
	return flush
}

// expectFull makes changes until one fails, which says that nothing was changed,
// and then a flush.
func expectFull(t *testing.T, repo repository.Repository) {
	t.Helper()
	var err error
	for range 10_000 {
		if err = repo.CreateKey(t.Context(), attribution(), newKey(), repository.CreateKeyOptions{}); err != nil {
			break
		}
	}
	for name, err := range map[string]error{"a change": err, "a flush": repo.AddUsage(t.Context(), newFlush(1, 3000))} {
		if resultCode(err) != codeFull || errors.Is(err, repository.ErrOutcomeUnknown) {
			t.Errorf("%s on a disk that is full returns %v", name, err)
		}
	}
}

// expectRoom repeats the flush, which is counted once.
func expectRoom(t *testing.T, repo repository.Repository, path string) {
	t.Helper()
	keys := len(readLog(t, repo))
	createKey(t, repo)
	for range 2 {
		if err := repo.AddUsage(t.Context(), newFlush(1, 3000)); err != nil {
			t.Error(err)
		}
	}
	var usage int
	if err := otherPool(t, path).Raw("SELECT COUNT(*) FROM ginauth_usage").Scan(&usage).Error; err != nil || usage != keys+1+3000 {
		t.Errorf("there are %d keys with usage (%v), want %d", usage, err, keys+1+3000)
	}
	expectIntegrity(t, path)
}

// SQLite's own bound on the size of a file has the effect of a disk that is full,
// in the middle of a transaction.
func TestFullFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "test.db")
	repo := open(t, path)
	pool := repo.(erasing).write
	if err := pool.Exec("PRAGMA max_page_count = 1").Error; err != nil { // as large as it is
		t.Fatal(err)
	}
	expectFull(t, repo)
	if err := pool.Exec("PRAGMA max_page_count = 1000000").Error; err != nil {
		t.Fatal(err)
	}
	expectRoom(t, repo, path)
}
