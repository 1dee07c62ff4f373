package sqlite

import (
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// names are file names in which a part may be taken for something else: an
// option, a fragment, an escape, a scheme, a database in memory.
func names() []string {
	names := []string{
		"plain.db", "no-extension", "with space.db", " ", "100%.db", "%41.db", "%00.db", "%2e%2e%2fup.db", "a#b.db",
		"a&b=c;d.db", "a+b.db", "quote's.db", "ключ-鍵-😀.db", "[x].db", "~.db", "$HOME.db", "file.db-wal.db",
	}
	if runtime.GOOS != "windows" { // which allows none of these characters
		names = append(names, "what?.db", "?mode=memory", "x.db?_query_only=true", ":memory:", "file:x.db",
			"file::memory:?cache=shared", "http://x", `back\slash.db`, `double".db`, "line\nbreak.db", "*.db")
		for i, name := range names {
			names[i] = strings.ReplaceAll(name, "/", "-")
		}
	}
	return names
}

// The data is in that file, and no other file appears.
func TestPathIsTakenLiterally(t *testing.T) {
	for _, name := range names() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			folder := t.TempDir()
			expectPersistence(t, filepath.Join(folder, name))
			expectFiles(t, folder, name)
		})
	}
}

// expectPersistence writes, closes and reads again.
func expectPersistence(t *testing.T, path string) {
	t.Helper()
	repo := open(t, path)
	key := createKey(t, repo)
	if err := repo.Close(); err != nil {
		t.Fatal(err)
	}
	expectKey(t, open(t, path), key)
}

// expectFiles reports files in the folder other than the database and its
// companions.
func expectFiles(t *testing.T, folder, name string) {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	found := []string{}
	for _, entry := range entries {
		found = append(found, entry.Name())
	}
	expected := []string{name, name + "-shm", name + "-wal"}
	others := slices.DeleteFunc(slices.Clone(found), func(f string) bool { return slices.Contains(expected, f) })
	if len(others) > 0 || !slices.Contains(found, name) {
		t.Errorf("the folder holds %q, want %q", found, expected)
	}
}

func TestFoldersAreTakenLiterally(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "a b", "50%?#", "ключ")
	if runtime.GOOS == "windows" {
		folder = filepath.Join(t.TempDir(), "a b", "50%#", "ключ")
	}
	if err := os.MkdirAll(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	expectPersistence(t, filepath.Join(folder, "test.db"))
	expectFiles(t, folder, "test.db")
}

// A path may be written in more than one way, and begins with two slashes when
// a folder from a setting ends with one.
func TestRelativeAndRoundaboutPaths(t *testing.T) {
	folder := t.TempDir()
	if err := os.Mkdir(filepath.Join(folder, "sub"), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Chdir(filepath.Join(folder, "sub"))
	key := createKey(t, open(t, "test.db"))
	separator := string(filepath.Separator)
	for _, path := range []string{
		"./test.db", "../sub/test.db", ".//test.db", folder + "/sub/../sub/test.db",
		folder + separator + separator + "sub" + separator + "test.db", separator + folder + "/sub/test.db",
	} {
		t.Run(path, func(t *testing.T) { expectKey(t, open(t, path), key) })
	}
	expectFiles(t, filepath.Join(folder, "sub"), "test.db")
}

// Pools open connections when they need them, so a relative path that were
// resolved each time would lead elsewhere after the working directory changed.
func TestWorkingDirectoryMayChange(t *testing.T) {
	for _, name := range []string{"test.db", "a b.db"} {
		first, second := t.TempDir(), t.TempDir()
		t.Chdir(first)
		repo := open(t, name)
		key := createKey(t, repo)
		t.Chdir(second)
		found := make(chan error)
		for range 20 {
			go func() {
				_, err := repo.KeyByHash(t.Context(), key.Hash)
				found <- err
			}()
		}
		for range 20 {
			if err := <-found; err != nil {
				t.Errorf("after the working directory changed: %v", err)
			}
		}
		expectFiles(t, first, name)
		if entries, _ := os.ReadDir(second); len(entries) > 0 {
			t.Errorf("%v appears in the new working directory", entries)
		}
	}
}
