package sqlite

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// POSIX takes all locks of a process on a file away as soon as it closes any
// descriptor of that file. If opening a database a second time did so, another
// process that leaves would think itself the last one and remove the
// write-ahead log, and with it what the first repository writes from then on.
// Only recent versions of SQLite notice.
func TestOpeningAgainKeepsLocks(t *testing.T) {
	path := filepath.Join(t.TempDir(), "test.db")
	open(t, path)
	if !holdsLock(t, path) {
		t.Fatal("an open database holds no lock on its file")
	}
	if err := open(t, path).Close(); err != nil {
		t.Fatal(err)
	}
	if !holdsLock(t, path) {
		t.Error("opening and closing the database again took the lock away")
	}
}

// holdsLock asks the kernel whether this process has a lock on the file.
func holdsLock(t *testing.T, path string) bool {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	locks, err := os.ReadFile("/proc/locks")
	if err != nil {
		t.Fatal(err)
	}
	inode := fmt.Sprintf(":%d ", info.Sys().(*syscall.Stat_t).Ino)
	for line := range strings.Lines(string(locks)) {
		if strings.Contains(line, inode) && strings.Contains(line, fmt.Sprintf(" %d ", os.Getpid())) {
			return true
		}
	}
	return false
}
