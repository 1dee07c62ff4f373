package ginauth_test

import (
	"net/http"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/ginauth/ginauth"
)

// Requests that pass the guard while the disk is full are counted when there is
// room again, each once.
func TestUsageOutlastsAFullDisk(t *testing.T) {
	t.Parallel()
	disk := t.TempDir()
	if err := syscall.Mount("tmpfs", disk, "tmpfs", 0, "size=4m,mode=0700"); err != nil {
		t.Skipf("no file system can be mounted: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(disk, 0); err != nil {
			t.Error(err)
		}
	})
	a := newNode(t, filepath.Join(disk, "test.db"), func(c *ginauth.Config) { c.StaleLimit = time.Hour })
	key, id := a.issueKey()
	counted := func() int { return int(a.rows("/auth/logs?id=" + id)[0]["total_queries"].(float64)) }
	a.guarded(key)
	eventually(t, "the first request is counted", func() bool { return counted() == 1 })
	filler := filepath.Join(disk, "filler")
	fillDisk(t, filler)
	const requests = 500
	for range requests {
		if code := a.guarded(key).Code; code != http.StatusOK {
			t.Fatalf("on a full disk a good key is answered %d", code)
		}
	}
	answer := a.call("/auth/new", `{"name":"other"}`)
	for range 100 { // until the room that is left is used up
		if answer.Code != http.StatusCreated {
			break
		}
		answer = a.call("/auth/new", `{"name":"other"}`)
	}
	expectProblem(t, answer, http.StatusServiceUnavailable, "store_unavailable", "")
	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	eventually(t, "all requests are counted", func() bool { return counted() == 1+requests })
	a.expectStatus(a.call("/auth/new", `{"name":"other"}`), http.StatusCreated)
}

// fillDisk writes until nothing fits any more.
func fillDisk(t *testing.T, path string) {
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
