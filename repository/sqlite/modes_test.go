//go:build unix

package sqlite

import (
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// openMask runs the test without a umask, which otherwise hides a mode that is
// too wide. The umask is the process's, so such a test is not parallel.
func openMask(t *testing.T) {
	t.Helper()
	old := syscall.Umask(0)
	t.Cleanup(func() { syscall.Umask(old) })
}

func expectModes(t *testing.T, path string, want fs.FileMode) {
	t.Helper()
	for _, file := range []string{path, path + "-wal", path + "-shm"} {
		info, err := os.Stat(file)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode() != want {
			t.Errorf("%s has the mode %v, want %v", filepath.Base(file), info.Mode(), want)
		}
	}
}

// The file holds addresses and password hashes: nobody else on the host may
// read it, nor the companions, through which everything passes.
func TestNewFileIsPrivate(t *testing.T) {
	path := filepath.Join(t.TempDir(), "test.db")
	openMask(t)
	createKey(t, open(t, path))
	expectModes(t, path, 0o600)
}

// An operator who lets a group read the file knows why.
func TestModeOfExistingFileStays(t *testing.T) {
	path := filepath.Join(t.TempDir(), "test.db")
	openMask(t)
	write(t, path, nil)
	if err := os.Chmod(path, 0o640); err != nil {
		t.Fatal(err)
	}
	createKey(t, open(t, path))
	expectModes(t, path, 0o640)
}

// A link to a volume is followed, also where nothing is there yet, and the
// companions lie beside the target.
func TestSymbolicLink(t *testing.T) {
	folder, volume := t.TempDir(), t.TempDir()
	openMask(t)
	link, target := filepath.Join(folder, "link.db"), filepath.Join(volume, "target.db")
	if err := os.Symlink(target, link); err != nil {
		t.Fatal(err)
	}
	repo := open(t, link)
	key := createKey(t, repo)
	expectKey(t, open(t, target), key)
	expectModes(t, target, 0o600)
	expectFiles(t, folder, "link.db")
	expectFiles(t, volume, "target.db")
}
