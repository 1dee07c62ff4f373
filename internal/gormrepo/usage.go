package gormrepo

import (
	"cmp"
	"context"
	"slices"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/repository"
)

// rowsPerStatement keeps an insert of three columns well below SQLite's limit
// of 32,766 variables.
const rowsPerStatement = 1000

// AddUsage implements repository.Repository. Rows are written in the order of
// their ids, so that nodes that flush the same keys never deadlock.
func (r *Repository) AddUsage(ctx context.Context, flush repository.Flush) error {
	rows := slices.SortedFunc(slices.Values(flush.Usages), func(a, b models.Usage) int {
		return cmp.Compare(a.KeyID, b.KeyID)
	})
	err := r.transaction(ctx, func(tx *gorm.DB) error {
		isNew, err := recordFlush(tx, flush)
		if err != nil || !isNew || len(rows) == 0 {
			return err
		}
		return tx.Clauses(addToTotals(tx.Name())).CreateInBatches(rows, rowsPerStatement).Error
	})
	return wrap("adding usage", err)
}

// flushRecord is a node's latest flush that was added.
type flushRecord struct {
	Node   string `gorm:"primaryKey"`
	Number int64
}

func (flushRecord) TableName() string { return "ginauth_flushes" }

// recordFlush reports whether the flush is new, and if so records it.
func recordFlush(tx *gorm.DB, flush repository.Flush) (isNew bool, err error) {
	node := flushRecord{Node: flush.Node}
	err = tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&node).Error
	if err != nil {
		return false, err
	}
	result := tx.Model(&node).Where("number < ?", flush.Number).Update("number", flush.Number)
	return result.RowsAffected > 0, result.Error
}

// addToTotals adds a row to the one that is there. MySQL has a word of its own
// for the value that was to be inserted.
func addToTotals(dialect string) clause.OnConflict {
	inserted := func(column string) string { return "excluded." + column }
	if dialect == "mysql" {
		inserted = func(column string) string { return "VALUES(" + column + ")" }
	}
	total, latest := inserted("total_queries"), inserted("latest_query_date")
	return clause.OnConflict{
		Columns: []clause.Column{{Name: "key_id"}},
		DoUpdates: clause.Assignments(map[string]any{
			"total_queries": gorm.Expr("ginauth_usage.total_queries + " + total),
			"latest_query_date": gorm.Expr("CASE WHEN " + latest + " > ginauth_usage.latest_query_date " +
				"THEN " + latest + " ELSE ginauth_usage.latest_query_date END"),
		}),
	}
}
