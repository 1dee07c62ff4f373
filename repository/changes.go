package repository

import (
	"context"
	"time"

	"github.com/ginauth/ginauth/models"
)

// Changes is the part of a Repository that keeps the change log. Reading it fails
// on a server that takes no writes, which may lag behind.
type Changes interface {
	// LatestChange returns the cursor of the newest entry of the change log,
	// the zero Cursor while it is empty.
	LatestChange(ctx context.Context) (Cursor, error)

	// Changes returns the entries that follow after, in the order of their
	// numbers and without a gap, at most limit of them, which is at least 1;
	// never nil. An entry that is still being written ends the list. The zero
	// Cursor is the beginning of the log. ErrChangesLost if the log does not hold
	// the entries that follow: it has a gap, was pruned or cut by hand, or the
	// database was restored from a copy that differs. The caller then reloads all
	// that it holds and continues from LatestChange, taken before that.
	Changes(ctx context.Context, after Cursor, limit int) ([]models.Change, error)

	// PruneChanges removes the entries of the change log that are older than
	// ChangesKeptFor by the database's clock, from the beginning up to the first
	// entry that is not, and never one of the newest ChangesKept. It removes some
	// of them in one call, and reports whether there may be more. Numbers are never
	// used again.
	PruneChanges(ctx context.Context) (more bool, err error)

	// Clock returns the database's time. No date is set by it; callers compare it
	// with their own.
	Clock(ctx context.Context) (time.Time, error)
}

// Cursor is a place in the change log: the number and the id of the entry
// that was read last. The zero Cursor stands before the first entry.
type Cursor struct {
	Number int64
	ID     string
}

// NewCursor returns the cursor that stands at the given entry.
func NewCursor(change models.Change) Cursor {
	return Cursor{Number: change.Number, ID: change.ID}
}

const (
	// ChangesKept is how many of the newest entries of the change log stay,
	// whatever their age.
	ChangesKept = 1000
	// ChangesKeptFor is the age beyond which PruneChanges removes the others.
	ChangesKeptFor = 7 * 24 * time.Hour
)

// Prunable says how many of the oldest entries of the change log, which are in
// the order of their numbers, are too old at the given time, and the number of
// the last of these. It ends at the first entry that is not too old: what is
// left has no gap.
func Prunable(oldest []models.Change, now time.Time) (last int64, n int) {
	for _, entry := range oldest {
		if now.Sub(entry.Date) <= ChangesKeptFor {
			break
		}
		last, n = entry.Number, n+1
	}
	return last, n
}
