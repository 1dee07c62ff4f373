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

// rowsPerStatement keeps an insert of five columns below SQLite's limit of 32,766
// variables, and below the packet that MySQL takes (mysql's leastPacket): a row of
// the longest texts, each byte of them quoted, has some 1,300 bytes.
const rowsPerStatement = 2000

// AddUsage implements repository.Repository. Rows are written in the order of
// their primary keys, so that nodes that flush the same keys never deadlock.
func (r usageStore) AddUsage(ctx context.Context, flush repository.Flush) error {
	err := r.transaction(ctx, func(tx *gorm.DB) error {
		isNew, err := recordFlush(tx, flush)
		if err != nil || !isNew {
			return err
		}
		if err := addTotals(tx, flush.Usages); err != nil {
			return err
		}
		for _, interval := range []repository.Interval{repository.IntervalHour, repository.IntervalDay} {
			if err := addToSeries(tx, interval, flush.Hours); err != nil {
				return err
			}
		}
		return nil
	})
	return wrap("adding usage", err)
}

func addTotals(tx *gorm.DB, usages []models.Usage) error {
	rows := slices.SortedFunc(slices.Values(usages), func(a, b models.Usage) int {
		return cmp.Compare(a.KeyID, b.KeyID)
	})
	if len(rows) == 0 {
		return nil
	}
	return tx.Clauses(addToTotals(tx.Name())).CreateInBatches(rows, rowsPerStatement).Error
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

// inserted is the value that was to be inserted where a row is there already.
// MySQL has a word of its own for it.
func inserted(dialect, column string) string {
	if dialect == "mysql" {
		return "VALUES(" + column + ")"
	}
	return "excluded." + column
}

// addToTotals adds a row to the one that is there.
func addToTotals(dialect string) clause.OnConflict {
	total, latest := inserted(dialect, "total_queries"), inserted(dialect, "latest_query_date")
	return clause.OnConflict{
		Columns: []clause.Column{{Name: "key_id"}},
		DoUpdates: clause.Assignments(map[string]any{
			"total_queries": gorm.Expr("ginauth_usage.total_queries + " + total),
			"latest_query_date": gorm.Expr("CASE WHEN " + latest + " > ginauth_usage.latest_query_date " +
				"THEN " + latest + " ELSE ginauth_usage.latest_query_date END"),
		}),
	}
}
