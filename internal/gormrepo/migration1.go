package gormrepo

import "gorm.io/gorm"

// createTables is step 1: the schema at its birth. Dates are milliseconds
// since 1970, 0 for none; text has the size that MySQL needs to index it.
func createTables(tx *gorm.DB) error {
	tables := []any{&user1{}, &key1{}, &usage1{}, &flush1{}, &change1{}, &changeCounter1{}}
	if err := tx.Migrator().CreateTable(tables...); err != nil {
		return err
	}
	return tx.Create(&changeCounter1{ID: 1}).Error
}

type user1 struct {
	ID                string `gorm:"primaryKey;size:64"`
	Username          string `gorm:"size:1024;not null"`
	CanonicalUsername string `gorm:"size:512;not null;uniqueIndex"`
	Email             string `gorm:"size:1024;not null"`
	CanonicalEmail    string `gorm:"size:512;not null;uniqueIndex"`
	PasswordHash      string `gorm:"size:1024;not null"`
	CreationDate      int64  `gorm:"not null"`
}

func (user1) TableName() string { return "ginauth_users" }

type key1 struct {
	ID             string  `gorm:"primaryKey;size:64"`
	Hash           []byte  `gorm:"size:32;not null;uniqueIndex"`
	Hint           string  `gorm:"size:64;not null"`
	Name           string  `gorm:"size:1024;not null"`
	UserID         *string `gorm:"size:64;index"`
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
	KeyID           string `gorm:"primaryKey;size:64;index:,composite:latest,priority:2;index:,composite:total,priority:2"`
	TotalQueries    int64  `gorm:"not null;index:,composite:total,priority:1"`
	LatestQueryDate int64  `gorm:"not null;index:,composite:latest,priority:1"`
}

func (usage1) TableName() string { return "ginauth_usage" }

type flush1 struct {
	Node   string `gorm:"primaryKey;size:64"`
	Number int64  `gorm:"not null"`
}

func (flush1) TableName() string { return "ginauth_flushes" }

type change1 struct {
	Number   int64  `gorm:"primaryKey;autoIncrement:false"`
	ID       string `gorm:"size:64;not null"`
	Object   string `gorm:"size:16;not null"`
	ObjectID string `gorm:"size:64;not null"`
	Actor    string `gorm:"size:128;not null"`
	Date     int64  `gorm:"not null"`
}

func (change1) TableName() string { return "ginauth_changes" }

// changeCounter1 has one row, whose lock orders all changes.
type changeCounter1 struct {
	ID     int   `gorm:"primaryKey;autoIncrement:false"`
	Number int64 `gorm:"not null"`
}

func (changeCounter1) TableName() string { return "ginauth_change_counter" }
