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

// AddUsage implements repository.Repository. Rows are written in the order of
// their primary keys, so that nodes that flush the same keys never deadlock.
func (r usageStore) AddUsage(ctx context.Context, flush repository.Flush) error {
	rows := flushRows(flush)
	err := r.transaction(ctx, func(tx *gorm.DB) error {
		isNew, err := recordFlush(tx, flush)
		if err != nil || !isNew {
			return err
		}
		for _, table := range rows {
			if err := table.run(tx); err != nil {
				return err
			}
		}
		return nil
	})
	return wrap("adding usage", err)
}

// flushRows says a flush in rows of the tables that it adds to.
func flushRows(flush repository.Flush) []upsert {
	tables := []upsert{totals(flush.Usages)}
	for _, interval := range []repository.Interval{repository.IntervalHour, repository.IntervalDay} {
		tables = append(tables, series(interval, flush.Hours))
	}
	return slices.DeleteFunc(append(tables, sumsByRoute(flush.Hours), sumsByUser(flush.Hours)), upsert.isEmpty)
}

func totals(usages []models.Usage) upsert {
	sorted := slices.SortedFunc(slices.Values(usages), func(a, b models.Usage) int { return cmp.Compare(a.KeyID, b.KeyID) })
	ids, sums, dates := make([]string, len(sorted)), make([]int64, len(sorted)), make([]int64, len(sorted))
	for i, usage := range sorted {
		ids[i], sums[i], dates[i] = usage.KeyID, usage.TotalQueries, millis(usage.LatestQueryDate)
	}
	const latest = "ginauth_usage.latest_query_date"
	return upsert{
		"ginauth_usage", []string{"key_id"}, []upsertColumn{{"key_id", ids, nil}, {"total_queries", nil, sums}, {"latest_query_date", nil, dates}},
		addition("ginauth_usage") + ", latest_query_date = CASE WHEN VALUES(latest_query_date) > " + latest + " THEN VALUES(latest_query_date) ELSE " + latest + " END",
	}
}

// addition adds the total of a row to the one that is there.
func addition(table string) string {
	return "total_queries = " + table + ".total_queries + VALUES(total_queries)"
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
