package repository

import (
	"time"

	"github.com/ginauth/ginauth/models"
)

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
