package gormrepo

import (
	"gorm.io/gorm"
	"gorm.io/gorm/schema"
)

// addLists is step 5: what lists of keys and of users are narrowed and sorted by has
// an index, however many there are. A status is stored with each key and with its
// usage, so that one index has the order of a list of one status. Sums of days by
// route and by user are added to with each flush.
func addLists(tx *gorm.DB) error {
	if err := addStatuses(tx); err != nil {
		return err
	}
	if err := createSums(tx); err != nil {
		return err
	}
	if !tx.Migrator().HasTable(&batch5{}) {
		if err := tx.Migrator().CreateTable(&batch5{}); err != nil {
			return err
		}
	}
	for _, replaced := range []string{"idx_ginauth_usage_latest", "idx_ginauth_usage_total"} {
		if tx.Migrator().HasIndex(&usage1{}, replaced) {
			if err := tx.Migrator().DropIndex(&usage1{}, replaced); err != nil {
				return err
			}
		}
	}
	return createIndexes(tx)
}

func addStatuses(tx *gorm.DB) error {
	for _, added := range []struct {
		table  any
		column string
	}{{&key5{}, "IssuedBy"}, {&key5{}, "EndDate"}, {&key5{}, "Status"}, {&usage5{}, "Status"}} {
		if tx.Migrator().HasColumn(added.table, added.column) {
			continue
		}
		if err := tx.Migrator().AddColumn(added.table, added.column); err != nil {
			return err
		}
	}
	return fillStatuses(tx)
}

// fillStatuses stores end and status of each key. Which keys have expired is left to
// MarkExpired.
func fillStatuses(tx *gorm.DB) error {
	for _, statement := range []string{
		`UPDATE ginauth_keys SET end_date = CASE WHEN expiration_date = 0 THEN 4611686018427387904 ELSE expiration_date END WHERE end_date = 0`,
		`UPDATE ginauth_keys SET end_date = (SELECT u.access_until FROM ginauth_users AS u WHERE u.id = ginauth_keys.user_id)
			WHERE user_id IN (SELECT u.id FROM ginauth_users AS u WHERE u.access_until <> 0 AND u.access_until < ginauth_keys.end_date)`,
		`UPDATE ginauth_keys SET status = CASE WHEN revocation_date <> 0 THEN 3
			WHEN user_id IN (SELECT u.id FROM ginauth_users AS u WHERE u.disabled_date <> 0) THEN 4 ELSE 1 END WHERE status = 0`,
		`UPDATE ginauth_usage SET status = COALESCE((SELECT k.status FROM ginauth_keys AS k WHERE k.id = ginauth_usage.key_id), 0) WHERE status = 0`,
	} {
		if err := tx.Exec(statement).Error; err != nil {
			return err
		}
	}
	return nil
}

// key5 is what a key has beside key4, and the indexes of the lists of keys.
type key5 struct {
	ID           text1 `gorm:"primaryKey;size:64;index:,composite:status,priority:2;index:,composite:end,priority:3;index:,composite:creation,priority:3"`
	Hint         text1 `gorm:"size:64;not null;index"`
	Name         text1 `gorm:"size:1024;not null;index"`
	CreationDate int64 `gorm:"not null;index:,composite:creation,priority:2"`
	IssuedBy     text1 `gorm:"size:128;not null;default:'';index"`
	EndDate      int64 `gorm:"not null;default:0;index:,composite:end,priority:2"`
	Status       int16 `gorm:"not null;default:0;index:,composite:status,priority:1;index:,composite:end,priority:1;index:,composite:creation,priority:1"`
}

func (key5) TableName() string { return "ginauth_keys" }

// usage5 is what usage has beside usage1, and its indexes.
type usage5 struct {
	KeyID           text1 `gorm:"primaryKey;size:64;index:,composite:status_latest,priority:3;index:,composite:status_total,priority:3"`
	TotalQueries    int64 `gorm:"not null;index:,composite:status_total,priority:2"`
	LatestQueryDate int64 `gorm:"not null;index:,composite:status_latest,priority:2"`
	Status          int16 `gorm:"not null;default:0;index:,composite:status_latest,priority:1;index:,composite:status_total,priority:1"`
}

func (usage5) TableName() string { return "ginauth_usage" }

// user5 has the indexes of the lists of users.
type user5 struct {
	ID               text1 `gorm:"primaryKey;size:64;index:,composite:disabled,priority:2;index:,composite:confirmed,priority:2"`
	DisabledDate     int64 `gorm:"not null;default:0;index:,composite:disabled,priority:1"`
	ConfirmationDate int64 `gorm:"not null;default:0;index:,composite:confirmed,priority:1"`
}

func (user5) TableName() string { return "ginauth_users" }

// deletedUsage5 is the index of deleted keys by their ids.
type deletedUsage5 struct {
	KeyID  text1 `gorm:"primaryKey;size:64;index:,composite:deleted,priority:2"`
	Status int16 `gorm:"not null;default:0;index:,composite:deleted,priority:1"`
}

func (deletedUsage5) TableName() string { return "ginauth_usage" }

// day5 has the index of the days of a route.
type day5 struct {
	Date  int64 `gorm:"primaryKey;autoIncrement:false;index:,composite:route,priority:2"`
	KeyID text1 `gorm:"primaryKey;size:64;index:,composite:route,priority:3"`
	Route text1 `gorm:"primaryKey;size:512;index:,composite:route,priority:1"`
}

func (day5) TableName() string { return "ginauth_usage_days" }

// createIndexes makes the indexes that are missing. PostgreSQL, which enters each
// row that a flush writes into every index, has an index of deleted keys alone.
func createIndexes(tx *gorm.DB) error {
	models := []struct {
		table any
		names []string
	}{
		{&key5{}, []string{"status", "end", "creation", "hint", "name", "issued_by"}},
		{&usage5{}, []string{"status_latest", "status_total"}},
		{&user5{}, []string{"disabled", "confirmed"}},
		{&day5{}, []string{"route"}},
	}
	if tx.Name() == "postgres" {
		if err := leaveRoom(tx); err != nil {
			return err
		}
		if err := tx.Exec("CREATE INDEX IF NOT EXISTS idx_ginauth_usage_deleted ON ginauth_usage (status, key_id) WHERE status = 0").Error; err != nil {
			return err
		}
	} else {
		models = append(models, struct {
			table any
			names []string
		}{&deletedUsage5{}, []string{"deleted"}})
	}
	for _, model := range models {
		table := model.table.(interface{ TableName() string }).TableName()
		for _, name := range model.names {
			index := "idx_" + table + "_" + name
			if tx.Migrator().HasIndex(model.table, index) {
				continue
			}
			if err := tx.Migrator().CreateIndex(model.table, index); err != nil {
				return err
			}
		}
	}
	return nil
}

// batch5 remembers which keys belong to a batch.
type batch5 struct {
	ID     text1 `gorm:"primaryKey;size:64"`
	KeyIDs long5 `gorm:"not null"`
	Date   int64 `gorm:"not null"`
}

func (batch5) TableName() string { return "ginauth_batches" }

// long5 is a text of up to 64,000 bytes and more.
type long5 string

// GormDataType implements schema.GormDataTypeInterface.
func (long5) GormDataType() string { return "string" }

// GormDBDataType implements migrator.GormDataTypeInterface.
func (long5) GormDBDataType(db *gorm.DB, _ *schema.Field) string {
	if db.Name() == "mysql" {
		return "mediumblob"
	}
	return "text"
}

// leaveRoom has PostgreSQL leave half of each page free for new versions of its rows,
// which flushes write again and again. A version that fits into its page enters no
// index (a heap-only tuple), which makes flushes three times as fast.
func leaveRoom(tx *gorm.DB) error {
	for _, table := range []string{"ginauth_usage_hours", "ginauth_usage_days", "ginauth_usage_day_routes", "ginauth_usage_day_users"} {
		if err := tx.Exec("ALTER TABLE " + table + " SET (fillfactor = 50)").Error; err != nil {
			return err
		}
	}
	return nil
}

// createSums makes the sums of days, and fills them.
func createSums(tx *gorm.DB) error {
	for _, sum := range []struct {
		table       any
		name, group string
	}{{&dayRoute5{}, "ginauth_usage_day_routes", "route"}, {&dayUser5{}, "ginauth_usage_day_users", "user_id"}} {
		if !tx.Migrator().HasTable(sum.table) {
			if err := tx.Migrator().CreateTable(sum.table); err != nil {
				return err
			}
		}
		err := tx.Exec("INSERT INTO " + sum.name + " (date, " + sum.group + ", total_queries) SELECT d.date, d." + sum.group +
			", SUM(d.total_queries) FROM ginauth_usage_days AS d WHERE NOT EXISTS (SELECT 1 FROM " + sum.name + " AS s WHERE s.date = d.date AND s." +
			sum.group + " = d." + sum.group + ") GROUP BY d.date, d." + sum.group).Error
		if err != nil {
			return err
		}
	}
	return nil
}

type dayRoute5 struct {
	Date         int64 `gorm:"primaryKey;autoIncrement:false"`
	Route        text1 `gorm:"primaryKey;size:512"`
	TotalQueries int64 `gorm:"not null"`
}

func (dayRoute5) TableName() string { return "ginauth_usage_day_routes" }

type dayUser5 struct {
	Date         int64 `gorm:"primaryKey;autoIncrement:false;index:,composite:user,priority:2"`
	UserID       text1 `gorm:"primaryKey;size:64;index:,composite:user,priority:1"`
	TotalQueries int64 `gorm:"not null"`
}

func (dayUser5) TableName() string { return "ginauth_usage_day_users" }
