package sqlite

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/ginauth/ginauth/repository"
)

// replaced are the ways in which a file vanishes from under a process.
func replaced() map[string]func(t *testing.T, folder string) {
	return map[string]func(*testing.T, string){
		"deleted": func(t *testing.T, folder string) { remove(t, filepath.Join(folder, "test.db")) },
		"a backup is moved over it": func(t *testing.T, folder string) {
			rename(t, filepath.Join(folder, "backup.db"), filepath.Join(folder, "test.db"))
		},
		"moved away": func(t *testing.T, folder string) {
			rename(t, filepath.Join(folder, "test.db"), filepath.Join(folder, "old.db"))
		},
		"its folder is moved away":       func(t *testing.T, folder string) { rename(t, folder, folder+"-old") },
		"its write-ahead log is deleted": func(t *testing.T, folder string) { remove(t, filepath.Join(folder, "test.db-wal")) },
	}
}

func remove(t *testing.T, path string) {
	t.Helper()
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
}

func rename(t *testing.T, from, to string) {
	t.Helper()
	if err := os.Rename(from, to); err != nil {
		t.Fatal(err)
	}
}

// Reads and writes would be in a file that nobody else sees any more:
// revocations have no effect there, and changes are lost with it.
func TestFileThatIsReplaced(t *testing.T) {
	for name, replace := range replaced() {
		t.Run(name, func(t *testing.T) {
			folder := filepath.Join(t.TempDir(), "data")
			if err := os.Mkdir(folder, 0o700); err != nil {
				t.Fatal(err)
			}
			path := filepath.Join(folder, "test.db")
			repo := open(t, path)
			key := createKey(t, repo)
			change(t, path, "VACUUM INTO '"+filepath.Join(folder, "backup.db")+"'")
			if err := os.Chmod(filepath.Join(folder, "backup.db"), 0o600); err != nil {
				t.Fatal(err)
			}
			expectKey(t, repo, key)
			replace(t, folder)
			for range 2 { // it stays so
				expectAllRefused(t, repo, key.Hash)
			}
		})
	}
}

func expectAllRefused(t *testing.T, repo repository.Repository, hash []byte) {
	t.Helper()
	calls := map[string]func() error{
		"KeyByHash":    func() error { _, err := repo.KeyByHash(t.Context(), hash); return err },
		"LatestChange": func() error { _, err := repo.LatestChange(t.Context()); return err },
		"Changes":      func() error { _, err := repo.Changes(t.Context(), repository.Cursor{}, 10); return err },
		"CreateKey": func() error {
			return repo.CreateKey(t.Context(), attribution(), newKey(), repository.CreateKeyOptions{})
		},
		"AddUsage": func() error { return repo.AddUsage(t.Context(), repository.Flush{Node: "node", Number: 1}) },
		"Clock":    func() error { _, err := repo.Clock(t.Context()); return err },
	}
	for name, call := range calls {
		if err := call(); !errors.Is(err, errReplaced) || errors.Is(err, repository.ErrNotFound) || errors.Is(err, repository.ErrOutcomeUnknown) {
			t.Errorf("%s returns %v", name, err)
		}
	}
}

// A link that leads elsewhere is another file, too.
func TestLinkThatIsChanged(t *testing.T) {
	folder := t.TempDir()
	first, second, link := filepath.Join(folder, "first.db"), filepath.Join(folder, "second.db"), filepath.Join(folder, "link.db")
	for _, path := range []string{first, second} {
		createKey(t, open(t, path))
	}
	if err := os.Symlink(first, link); err != nil {
		t.Fatal(err)
	}
	repo := open(t, link)
	key := createKey(t, repo)
	remove(t, link)
	if err := os.Symlink(second, link); err != nil {
		t.Fatal(err)
	}
	expectAllRefused(t, repo, key.Hash)
}

// A change that is under way when the file goes is not acknowledged, and not
// written if it was not yet.
func TestFileThatIsReplacedDuringAChange(t *testing.T) {
	path := filepath.Join(t.TempDir(), "test.db")
	repo := open(t, path).(erasing)
	place := placeAt(t, path)
	db, err := openPool(place, "?_txlock=immediate", session(busyStep, false), 1)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = closePool(db) }()
	tx := db.Begin()
	if err := tx.Exec("INSERT INTO ginauth_flushes (node, number) VALUES ('late', 1)").Error; err != nil {
		t.Fatal(err)
	}
	rename(t, path, path+".old")
	if err := tx.Commit().Error; !errors.Is(err, errReplaced) || !isUndone(err) {
		t.Errorf("the commit returns %v", err)
	}
	if err := repo.Close(); err != nil {
		t.Error(err)
	}
	if isUndone(uncertainError{errReplaced}) || !errors.Is(uncertainError{errReplaced}, errReplaced) {
		t.Error("a file that was replaced after the commit leaves no doubt")
	}
	rename(t, path+".old", path)
	var n int64
	if err := otherPool(t, path).Raw("SELECT COUNT(*) FROM ginauth_flushes").Scan(&n).Error; err != nil || n != 0 {
		t.Errorf("%d flushes were written (%v)", n, err)
	}
}
