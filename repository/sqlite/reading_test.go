//go:build cgo

package sqlite

import (
	"path/filepath"
	"testing"
)

// A key is read by a statement that stays as it was prepared: SQLite plans a statement
// anew whenever a value that its plan looked at changes, which takes longer than to read,
// and the driver then asks for the names of all columns again.
func TestAKeyIsReadByOnePlan(t *testing.T) {
	repo := open(t, filepath.Join(t.TempDir(), "keys.db"))
	key := createKey(t, repo)
	allocations := testing.AllocsPerRun(100, func() {
		if _, err := repo.KeyByHash(t.Context(), key.Hash); err != nil {
			t.Fatal(err)
		}
	})
	if allocations > 40 {
		t.Errorf("reading a key takes %.0f allocations, want at most 40", allocations)
	}
}
