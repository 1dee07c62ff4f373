package gormrepo

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"
)

// counterRow is the one row whose number grows with each change.
type counterRow struct {
	ID     int `gorm:"primaryKey;autoIncrement:false"`
	Number int64
}

func (counterRow) TableName() string { return "ginauth_change_counter" }

// noCounter stands for the number of a counter whose row is missing.
const noCounter = -1

// counterState is the counter beside the change log, read in one statement.
type counterState struct {
	Counter, Newest int64
	InUse           bool
}

// repairCounter makes sure that every change gets a number that no change ever
// had. Without its row each change would fail, and below the log's newest entry
// it would repeat a number.
func (s *schemaStart) repairCounter() error {
	var state counterState
	err := s.tx.Raw(`SELECT COALESCE((SELECT number FROM ginauth_change_counter WHERE id = 1), ?) AS counter,
		COALESCE((SELECT MAX(number) FROM ginauth_changes), 0) AS newest,
		EXISTS (SELECT 1 FROM ginauth_usage) OR EXISTS (SELECT 1 FROM ginauth_users) AS in_use`, noCounter).Scan(&state).Error
	if err != nil {
		return fmt.Errorf("reading the counter of the change log: %w", err)
	}
	number := state.Newest
	switch {
	case state.Counter > 0 && state.Counter >= state.Newest, state.Counter == 0 && state.Newest == 0 && !state.InUse:
		return nil
	case state.Newest == 0: // nobody makes a change each microsecond
		if err := s.tx.Raw(s.clock).Scan(&number).Error; err != nil {
			return fmt.Errorf("reading the clock: %w", err)
		}
		number *= 1000
	}
	if err := s.raiseCounter(number); err != nil {
		return fmt.Errorf("repairing the counter of the change log: %w", err)
	}
	s.repairs = append(s.repairs, fmt.Sprintf("the counter of the change log was missing or below the log; it goes on from %d now. "+
		"Make sure that the database was restored completely", number))
	return nil
}

// raiseCounter never lowers the counter, which another process may have moved.
func (s *schemaStart) raiseCounter(number int64) error {
	row := counterRow{1, number}
	if err := s.tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&row).Error; err != nil {
		return err
	}
	return s.tx.Model(&counterRow{}).Where("id = 1 AND number < ?", number).Update("number", number).Error
}

// requireRights makes sure that the account may write every table: it does so
// without touching a row. SQLite knows no accounts.
func (s *schemaStart) requireRights() error {
	if s.tx.Name() == "sqlite" {
		return nil
	}
	for _, table := range slices.Sorted(maps.Keys(s.final)) {
		if table == (appliedMigration{}).TableName() {
			continue
		}
		columns := slices.Sorted(maps.Keys(s.final[table].columns))
		if err := tryWrites(s.tx, table, columns); err != nil {
			return fmt.Errorf("the account must have SELECT, INSERT, UPDATE and DELETE on the table %q: %w", table, err)
		}
	}
	return nil
}

func tryWrites(tx *gorm.DB, table string, columns []string) error {
	list := strings.Join(columns, ", ")
	for _, statement := range []string{
		"INSERT INTO " + table + " (" + list + ") SELECT " + list + " FROM " + table + " WHERE 1 = 0",
		"UPDATE " + table + " SET " + columns[0] + " = " + columns[0] + " WHERE 1 = 0",
		"DELETE FROM " + table + " WHERE 1 = 0",
	} {
		if err := tx.Exec(statement).Error; err != nil {
			return err
		}
	}
	return nil
}
