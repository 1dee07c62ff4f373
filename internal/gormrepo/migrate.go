package gormrepo

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"
)

// migration is one numbered step of the schema. A step that was released is
// never edited: it works on copies of the models as they were. It may find part
// of itself done, by a process that died where the database cannot roll a
// change of the schema back (MySQL).
type migration func(tx *gorm.DB) error

// migrations returns every step; the first has number 1.
func migrations() []migration {
	return []migration{createTables, createSeries, addAccounts, addTokens}
}

// appliedMigration records that a step was taken.
type appliedMigration struct {
	Number int       `gorm:"primaryKey;autoIncrement:false"`
	Date   time.Time `gorm:"type:bigint;not null;serializer:ginauth_date"`
}

func (appliedMigration) TableName() string { return "ginauth_migrations" }

// migrate takes the steps that the database lacks. Of several processes that
// start at once one does the work, and the others wait for it and find it done.
func migrate(ctx context.Context, backend Backend) error {
	err := backend.Migrate(backend.Write.WithContext(ctx), applyMissing)
	if err != nil {
		return fmt.Errorf("migrating the schema: %w", wrapEnd(ctx, err))
	}
	return nil
}

func applyMissing(tx *gorm.DB) error {
	done, err := schemaVersion(tx)
	if err != nil {
		return err
	}
	steps := migrations()
	if done > len(steps) {
		return fmt.Errorf("the database has schema %d and this version of ginauth knows %d: a newer one has been here", done, len(steps))
	}
	for i := done; i < len(steps); i++ {
		if err := apply(tx, i+1, steps[i]); err != nil {
			return fmt.Errorf("step %d: %w", i+1, err)
		}
	}
	return nil
}

func schemaVersion(tx *gorm.DB) (int, error) {
	if !tx.Migrator().HasTable(appliedMigration{}) {
		return 0, tx.Migrator().CreateTable(appliedMigration{})
	}
	var version int
	err := tx.Model(appliedMigration{}).Select("COALESCE(MAX(number), 0)").Scan(&version).Error
	return version, err
}

func apply(tx *gorm.DB, number int, step migration) error {
	if err := step(tx); err != nil {
		return err
	}
	return tx.Create(&appliedMigration{Number: number, Date: time.Now()}).Error
}
