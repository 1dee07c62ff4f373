//go:build unix

package sqlite

import (
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
)

// folderVariable names the folder in which the test, run once more in a
// process of its own, finds what it has no right to write to.
const folderVariable = "GINAUTH_TEST_FOLDER"

// A file or a folder that may be read but not written stops the start, rather
// than the first request that issues a key.
func TestMissingRights(t *testing.T) {
	if folder := os.Getenv(folderVariable); folder != "" {
		dropRights(t)
		expectFailure(t, filepath.Join(folder, "missing.db"), "permission denied")
		expectFailure(t, filepath.Join(folder, "missing.db"), "the folder "+folder+" cannot be written")
		expectFailure(t, filepath.Join(folder, "writable", "readonly.db"), "the file cannot be written")
		expectFailure(t, filepath.Join(folder, "own.db"), "the folder "+folder+" cannot be written")
		expectFailure(t, filepath.Join(folder, "readable.db"), "readonly")
		expectFailure(t, filepath.Join(folder, "closed.db"), "unable to open")
		return
	}
	folder := newFolderWithoutRights(t)
	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestMissingRights$")
	child.Env = append(os.Environ(), folderVariable+"="+folder, "GORACE=atexit_sleep_ms=0")
	if output, err := child.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, output)
	}
}

// dropRights makes nobody of the superuser, who may write everywhere.
func dropRights(t *testing.T) {
	t.Helper()
	if os.Getuid() != 0 {
		return
	}
	if err := syscall.Setuid(65534); err != nil {
		t.Fatal(err)
	}
}

func newFolderWithoutRights(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	repo := open(t, filepath.Join(folder, "readable.db"))
	if err := repo.Close(); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(folder, "closed.db"), nil)
	write(t, filepath.Join(folder, "own.db"), nil)
	if os.Getuid() == 0 {
		if err := os.Chown(filepath.Join(folder, "own.db"), 65534, 65534); err != nil {
			t.Fatal(err)
		}
	}
	writable := filepath.Join(folder, "writable")
	if err := os.Mkdir(writable, 0o700); err != nil {
		t.Fatal(err)
	}
	readonly := open(t, filepath.Join(writable, "readonly.db"))
	if err := readonly.Close(); err != nil {
		t.Fatal(err)
	}
	chmod(t, filepath.Join(writable, "readonly.db"), 0o400)
	if os.Getuid() == 0 {
		for _, name := range []string{writable, filepath.Join(writable, "readonly.db")} {
			if err := os.Chown(name, 65534, 65534); err != nil {
				t.Fatal(err)
			}
		}
	}
	t.Cleanup(func() { chmod(t, folder, 0o700) })
	chmod(t, filepath.Dir(folder), 0o755) // so that others come this far
	chmod(t, folder, 0o555)
	chmod(t, filepath.Join(folder, "readable.db"), 0o444)
	chmod(t, filepath.Join(folder, "closed.db"), 0o000)
	return folder
}

func chmod(t *testing.T, path string, mode os.FileMode) {
	t.Helper()
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
}
