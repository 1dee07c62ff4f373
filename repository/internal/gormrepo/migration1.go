package gormrepo

import (
	"fmt"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"
	"gorm.io/gorm/schema"
)

// createTables is step 1: the schema at its birth. Dates are milliseconds
// since 1970, 0 for none; text has the size that MySQL needs to index it.
func createTables(tx *gorm.DB) error {
	tables := []any{&user1{}, &key1{}, &usage1{}, &flush1{}, &change1{}, &changeCounter1{}}
	for _, table := range tables {
		if tx.Migrator().HasTable(table) {
			continue
		}
		if err := tx.Migrator().CreateTable(table); err != nil {
			return err
		}
	}
	return tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&changeCounter1{ID: 1}).Error
}

// text1 is text that is compared byte by byte, by whatever means the database
// has: SQLite does so by itself; PostgreSQL in the collation "C"; in MySQL and
// MariaDB every collation that both have disregards spaces at the end, so it is
// kept as bytes there.
type text1 string

// GormDataType implements schema.GormDataTypeInterface.
func (text1) GormDataType() string { return "string" }

// GormDBDataType implements migrator.GormDataTypeInterface.
func (text1) GormDBDataType(db *gorm.DB, field *schema.Field) string {
	switch db.Name() {
	case "postgres":
		return `text COLLATE "C"`
	case "mysql":
		return fmt.Sprintf("varbinary(%d)", field.Size)
	default:
		return "text"
	}
}

type user1 struct {
	ID                text1 `gorm:"primaryKey;size:64"`
	Username          text1 `gorm:"size:1024;not null"`
	CanonicalUsername text1 `gorm:"size:512;not null;uniqueIndex"`
	Email             text1 `gorm:"size:1024;not null"`
	CanonicalEmail    text1 `gorm:"size:512;not null;uniqueIndex"`
	PasswordHash      text1 `gorm:"size:1024;not null"`
	CreationDate      int64 `gorm:"not null"`
}

func (user1) TableName() string { return "ginauth_users" }

type key1 struct {
	ID             text1  `gorm:"primaryKey;size:64"`
	Hash           []byte `gorm:"size:32;not null;uniqueIndex"`
	Hint           text1  `gorm:"size:64;not null"`
	Name           text1  `gorm:"size:1024;not null"`
	UserID         *text1 `gorm:"size:64;index"`
	User           *user1
	CreationDate   int64 `gorm:"not null"`
	ExpirationDate int64 `gorm:"not null"`
	RevocationDate int64 `gorm:"not null"`
	Version        int64 `gorm:"not null"`
}

func (key1) TableName() string { return "ginauth_keys" }

// usage1 points at no key: usage outlives it. A key that was ever issued has
// its row here, so the primary key also keeps ids from being used again.
type usage1 struct {
	KeyID           text1 `gorm:"primaryKey;size:64;index:,composite:latest,priority:2;index:,composite:total,priority:2"`
	TotalQueries    int64 `gorm:"not null;index:,composite:total,priority:1"`
	LatestQueryDate int64 `gorm:"not null;index:,composite:latest,priority:1"`
}

func (usage1) TableName() string { return "ginauth_usage" }

type flush1 struct {
	Node   text1 `gorm:"primaryKey;size:64"`
	Number int64 `gorm:"not null"`
}

func (flush1) TableName() string { return "ginauth_flushes" }

type change1 struct {
	Number   int64 `gorm:"primaryKey;autoIncrement:false"`
	ID       text1 `gorm:"size:64;not null"`
	Object   text1 `gorm:"size:16;not null"`
	ObjectID text1 `gorm:"size:64;not null"`
	Actor    text1 `gorm:"size:128;not null"`
	Date     int64 `gorm:"not null"`
}

func (change1) TableName() string { return "ginauth_changes" }

// changeCounter1 has one row, whose lock orders all changes.
type changeCounter1 struct {
	ID     int   `gorm:"primaryKey;autoIncrement:false"`
	Number int64 `gorm:"not null"`
}

func (changeCounter1) TableName() string { return "ginauth_change_counter" }
