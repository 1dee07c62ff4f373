package gormrepo

import (
	"context"

	"gorm.io/gorm"

	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/repository"
)

// PruneChanges implements repository.Repository. It reads the oldest entries and
// removes them up to the first one that stays, so that the log never has a gap.
// Any number of processes may do so at once; nobody who makes a change waits.
func (r changeLog) PruneChanges(ctx context.Context) (more bool, err error) {
	var last int64
	var n int
	err = r.read(ctx, r.backend.Read, func(db *gorm.DB) error {
		last, n, err = r.prunable(db)
		return err
	})
	if err != nil || n == 0 {
		return false, wrap("reading the change log", err)
	}
	err = r.transaction(ctx, func(tx *gorm.DB) error {
		return tx.Delete(&models.Change{}, "number <= ?", last).Error
	})
	return n == removedAtOnce, wrap("pruning the change log", err)
}

// prunable reads the oldest entries, see repository.Prunable.
func (r changeLog) prunable(db *gorm.DB) (last int64, n int, err error) {
	var now int64
	if err := db.Raw(r.backend.Clock).Scan(&now).Error; err != nil {
		return 0, 0, err
	}
	newest := db.Model(&models.Change{}).Select("COALESCE(MAX(number), 0)")
	query := db.Model(&models.Change{}).Where("number <= (?) - ?", newest, repository.ChangesKept).Order("number").Limit(removedAtOnce)
	oldest, err := ask[models.Change](r.database, db, query, "number", "q.number")
	if err != nil {
		return 0, 0, err
	}
	last, n = repository.Prunable(oldest, fromMillis(now))
	return last, n, nil
}
