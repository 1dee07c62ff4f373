package sqlite

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// A file system of its own that is full makes the COMMIT itself fail: that is
// when SQLite writes.
func TestFullDisk(t *testing.T) {
	disk := t.TempDir()
	if err := syscall.Mount("tmpfs", disk, "tmpfs", 0, "size=4m,mode=0700"); err != nil {
		t.Skipf("no file system can be mounted: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(disk, 0); err != nil {
			t.Error(err)
		}
	})
	path, filler := filepath.Join(disk, "test.db"), filepath.Join(disk, "filler")
	repo := open(t, path)
	createKey(t, repo)
	fill(t, filler)
	if err := os.Truncate(filler, size(t, filler)-32<<10); err != nil {
		t.Fatal(err)
	}
	expectFull(t, repo)
	remove(t, filler)
	expectRoom(t, repo, path)
}

func fill(t *testing.T, path string) {
	t.Helper()
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for page := make([]byte, 4096); err == nil; {
		_, err = file.Write(page)
	}
}

func size(t *testing.T, path string) int64 {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.Size()
}
