package gormrepo

import "gorm.io/gorm"

// createSeries is step 2: usage by hour and by day. Dates are when the interval
// began. The primary key is in the order of series, so that a page of one is
// read, and what is old removed, from one end.
func createSeries(tx *gorm.DB) error {
	for _, table := range []any{&usageHour2{}, &usageDay2{}} {
		if tx.Migrator().HasTable(table) {
			continue
		}
		if err := tx.Migrator().CreateTable(table); err != nil {
			return err
		}
	}
	return nil
}

// usageHour2 points at no key, as usage1 does: it outlives the key.
type usageHour2 struct {
	Date         int64 `gorm:"primaryKey;autoIncrement:false;index:,composite:key,priority:2;index:,composite:user,priority:2"`
	KeyID        text1 `gorm:"primaryKey;size:64;index:,composite:key,priority:1"`
	Route        text1 `gorm:"primaryKey;size:512"`
	UserID       text1 `gorm:"size:64;not null;index:,composite:user,priority:1"`
	TotalQueries int64 `gorm:"not null"`
}

func (usageHour2) TableName() string { return "ginauth_usage_hours" }

type usageDay2 struct {
	Date         int64 `gorm:"primaryKey;autoIncrement:false;index:,composite:key,priority:2;index:,composite:user,priority:2"`
	KeyID        text1 `gorm:"primaryKey;size:64;index:,composite:key,priority:1"`
	Route        text1 `gorm:"primaryKey;size:512"`
	UserID       text1 `gorm:"size:64;not null;index:,composite:user,priority:1"`
	TotalQueries int64 `gorm:"not null"`
}

func (usageDay2) TableName() string { return "ginauth_usage_days" }
