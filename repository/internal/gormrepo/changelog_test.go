package gormrepo_test

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/repository"
)

// withLog returns a database whose log has n entries.
func withLog(t *testing.T, n int) (database, []models.Change) {
	t.Helper()
	d := newDatabase(t)
	for range n {
		d.createKey()
	}
	return d, d.changes(repository.Cursor{})
}

func (d database) changes(after repository.Cursor) []models.Change {
	d.Helper()
	entries, err := d.repo.Changes(d.Context(), after, 100)
	if err != nil {
		d.Fatal(err)
	}
	return entries
}

// isLost reports a cursor from which the log is followed as if it were whole,
// whatever the size of the page.
func (d database) isLost(after repository.Cursor) {
	d.Helper()
	for _, limit := range []int{1, 2, 3, 100} {
		cursor, err := after, error(nil)
		for err == nil {
			var entries []models.Change
			entries, err = d.repo.Changes(d.Context(), cursor, limit)
			if err == nil && len(entries) == 0 {
				d.Errorf("with a limit of %d the log after entry %d seems whole", limit, after.Number)
				break
			}
			for _, entry := range entries {
				if entry.Number != cursor.Number+1 {
					d.Errorf("entry %d follows entry %d", entry.Number, cursor.Number)
				}
				cursor = repository.NewCursor(entry)
			}
		}
		if err != nil && !errors.Is(err, repository.ErrChangesLost) {
			d.Errorf("a broken log gives %v", err)
		}
	}
}

// goesOn reports a log that cannot be followed from the cursor any more.
func (d database) goesOn(after repository.Cursor, want int) {
	d.Helper()
	if got := len(d.changes(after)); got != want {
		d.Errorf("%d entries follow entry %d, want %d", got, after.Number, want)
	}
}

// A log that an operator or a clean-up shortened is followed by whoever stands
// in what is left, and by nobody else: not by who begins, who would take the
// rest for the whole, nor by who stands at an entry that is gone.
func TestLogWithoutBeginning(t *testing.T) {
	d, log := withLog(t, 6)
	d.exec("DELETE FROM ginauth_changes WHERE number <= 3")
	d.isLost(repository.Cursor{})
	for _, gone := range log[:3] {
		d.isLost(repository.NewCursor(gone))
	}
	for i, left := range log[3:] {
		d.goesOn(repository.NewCursor(left), 2-i)
	}
}

func TestLogWithGap(t *testing.T) {
	d, log := withLog(t, 6)
	d.exec("DELETE FROM ginauth_changes WHERE number = 4")
	d.isLost(repository.Cursor{})
	for _, before := range log[:4] {
		d.isLost(repository.NewCursor(before))
	}
	d.goesOn(repository.NewCursor(log[4]), 1)
	d.createKey()
	d.isLost(repository.NewCursor(log[2]))
	d.goesOn(repository.NewCursor(log[4]), 2)
}

// An end that is missing is not seen by who stands before it, until the next
// change leaves a gap.
func TestLogWithoutEnd(t *testing.T) {
	d, log := withLog(t, 4)
	d.exec("DELETE FROM ginauth_changes WHERE number = 4")
	d.isLost(repository.NewCursor(log[3]))
	d.createKey()
	d.isLost(repository.NewCursor(log[2]))
	d.isLost(repository.NewCursor(log[3]))
}

// A database was put back to an older copy and has gone on since: it has the
// number of the cursor again, for another change.
func TestRestoredDatabase(t *testing.T) {
	folder := t.TempDir()
	path, copied := filepath.Join(folder, "test.db"), filepath.Join(folder, "copy.db")
	common := grow(t, path, 3)
	copyFile(t, path, copied)
	ahead := grow(t, path, 2)
	for further := range 4 { // one behind the cursor, level with it, beyond it
		restored := filepath.Join(t.TempDir(), "test.db")
		copyFile(t, copied, restored)
		if further > 0 {
			grow(t, restored, further)
		}
		d := database{t, open(t, restored), nil}
		if _, err := d.repo.Changes(t.Context(), ahead, 10); !errors.Is(err, repository.ErrChangesLost) {
			t.Errorf("%d changes after the restoration the lost ones give %v", further, err)
		}
		d.goesOn(common, further)
	}
}

// grow adds n changes to the file and closes it, which leaves it in one piece;
// it returns the cursor at its end.
func grow(t *testing.T, path string, n int) repository.Cursor {
	t.Helper()
	d := database{t, open(t, path), nil}
	for range n {
		d.createKey()
	}
	end, err := d.repo.LatestChange(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	closed(t, d.repo)
	return end
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	source, err := os.Open(from)
	if err != nil {
		t.Fatal(err)
	}
	defer source.Close()
	target, err := os.Create(to)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(target, source); err != nil {
		t.Fatal(err)
	}
	if err := target.Close(); err != nil {
		t.Fatal(err)
	}
}
