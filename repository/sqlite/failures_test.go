package sqlite

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// expectFailure reports an Open that succeeds, or whose error does not name the
// path, without which an operator does not know which setting is wrong.
func expectFailure(t *testing.T, path, reason string) {
	t.Helper()
	repo, err := Open(t.Context(), path)
	if err == nil {
		t.Errorf("%q is opened", path)
		_ = repo.Close()
		return
	}
	if repo != nil {
		t.Errorf("a repository comes with the error %v", err)
	}
	if !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), reason) {
		t.Errorf("the error does not say %q and %q: %v", path, reason, err)
	}
}

func TestPathsThatCannotBe(t *testing.T) {
	folder := t.TempDir()
	file := filepath.Join(folder, "file")
	write(t, file, nil)
	for reason, path := range map[string]string{
		"folder":    filepath.Join(folder, "missing", "test.db"),
		"is empty":  "",
		"directory": folder,
		"opened":    filepath.Join(file, "test.db"),
	} {
		expectFailure(t, path, reason)
	}
	t.Chdir(folder)
	for path, reason := range map[string]string{
		":memory:": "in memory", "file::memory:?cache=shared": "in memory", "file:test.db?mode=memory": "in memory",
		"file:test.db": "plain path", "FILE:///tmp/test.db": "plain path", "sqlite:///test.db": "plain path", "sqlite+aiosqlite:///x.db": "plain path", "jdbc:sqlite:x.db": "plain path", "Data Source=x.db": "plain path",
		" :memory:": "in memory", "missing/": "directory",
	} {
		expectFailure(t, path, reason)
	}
	if repo, err := Open(t.Context(), "nul\x00byte.db"); err == nil || repo != nil {
		t.Errorf("a path with a zero byte gives %v, %v", repo, err)
	}
	expectFiles(t, folder, "file")
}

func write(t *testing.T, path string, content []byte) {
	t.Helper()
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
}

// A file that is something else is refused and left as it is.
func TestFileThatIsNoDatabase(t *testing.T) {
	for name, content := range map[string][]byte{
		"text":            []byte(strings.Repeat("GINAUTH_SECRET=1\n", 1000)),
		"short":           []byte("A=1"),
		"only the header": []byte("SQLite format 3\x00"),
		"zeros":           make([]byte, 8192),
		"damaged":         append([]byte("SQLite format 3\x00"), bytes.Repeat([]byte{0xff}, 8192)...),
	} {
		path := filepath.Join(t.TempDir(), "test.db")
		write(t, path, content)
		expectFailure(t, path, "database")
		if after, err := os.ReadFile(path); err != nil || !bytes.Equal(after, content) {
			t.Errorf("the file with %s was changed (%v)", name, err)
		}
	}
}

// mktemp and a volume that was prepared leave an empty file.
func TestEmptyFileIsADatabase(t *testing.T) {
	path := filepath.Join(t.TempDir(), "test.db")
	write(t, path, nil)
	expectPersistence(t, path)
}

// An older program must not write into what a newer one has changed.
func TestNewerSchema(t *testing.T) {
	path := filepath.Join(t.TempDir(), "test.db")
	repo := open(t, path)
	key := createKey(t, repo)
	db := otherPool(t, path)
	if err := db.Exec("INSERT INTO ginauth_migrations (number, date) VALUES (1000, 1)").Error; err != nil {
		t.Fatal(err)
	}
	expectFailure(t, path, "newer")
	if err := db.Exec("DELETE FROM ginauth_migrations WHERE number = 1000").Error; err != nil {
		t.Fatal(err)
	}
	expectKey(t, open(t, path), key)
}

// An application may keep its own tables in the same file.
func TestForeignTablesAreLeftAlone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "test.db")
	write(t, path, nil)
	db := otherPool(t, path)
	for _, statement := range []string{
		"CREATE TABLE users (id TEXT PRIMARY KEY)", "INSERT INTO users (id) VALUES ('theirs')",
	} {
		if err := db.Exec(statement).Error; err != nil {
			t.Fatal(err)
		}
	}
	createKey(t, open(t, path))
	var theirs []string
	if err := db.Raw("SELECT id FROM users").Scan(&theirs).Error; err != nil || len(theirs) != 1 {
		t.Errorf("the application's table holds %q (%v)", theirs, err)
	}
}
