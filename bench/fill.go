package main

import (
	"context"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/repository"
	"github.com/ginauth/ginauth/security"
)

// rowsPerInsert keeps a statement below what the databases take.
const rowsPerInsert = 1000

// keyRow and usageRow are the tables as they are on every SQL database.
type keyRow struct {
	ID                                                    string
	Hash                                                  []byte
	Hint, Name                                            string
	CreationDate, ExpirationDate, RevocationDate, Version int64
}

func (keyRow) TableName() string { return "ginauth_keys" }

type usageRow struct {
	KeyID                         string
	TotalQueries, LatestQueryDate int64
}

func (usageRow) TableName() string { return "ginauth_usage" }

// fill adds keys until there are as many. Where it can be done in bulk it is,
// since ginauth would commit each.
func (d *database) fill(ctx context.Context, count int) error {
	keys := make([]string, count-len(d.keys))
	for i := range keys {
		keys[i] = security.NewKey(security.DefaultPrefix)
	}
	repo, err := d.open(ctx) // which makes the tables
	if err != nil {
		return err
	}
	defer func() { _ = repo.Close() }()
	if d.dialector == nil {
		err = issueEach(ctx, repo, keys)
	} else {
		err = d.insert(ctx, keys)
	}
	d.keys = append(d.keys, keys...)
	return err
}

func issueEach(ctx context.Context, repo repository.Repository, keys []string) error {
	by := repository.Attribution{Actor: "bench", At: time.Now()}
	for _, key := range keys {
		hash := security.HashKey(key)
		err := repo.CreateKey(ctx, by, models.APIKey{
			ID: uuid.Must(uuid.NewV7()).String(), Hash: hash[:], Hint: security.Hint(key), Name: "bench", CreationDate: time.Now(),
		}, repository.CreateKeyOptions{})
		if err != nil {
			return err
		}
	}
	return nil
}

func (d *database) insert(ctx context.Context, keys []string) error {
	db, err := d.gorm()
	if err != nil {
		return err
	}
	return db.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		if err := enlargeCache(tx); err != nil {
			return err
		}
		for len(keys) > 0 {
			batch := keys[:min(len(keys), rowsPerInsert)]
			keys = keys[len(batch):]
			if err := insertBatch(tx, batch); err != nil {
				return err
			}
		}
		return nil
	})
}

// enlargeCache lets SQLite hold the indices in memory, which are filled in no
// order.
func enlargeCache(tx *gorm.DB) error {
	if tx.Name() != "sqlite" {
		return nil
	}
	return tx.Exec("PRAGMA cache_size = -500000").Error
}

func insertBatch(tx *gorm.DB, keys []string) error {
	rows, usages := make([]keyRow, len(keys)), make([]usageRow, len(keys))
	for i, key := range keys {
		id, hash := uuid.Must(uuid.NewV7()).String(), security.HashKey(key)
		rows[i] = keyRow{
			ID: id, Hash: hash[:], Hint: security.Hint(key), Name: "bench",
			CreationDate: time.Now().UnixMilli(), ExpirationDate: time.Now().Add(time.Hour).UnixMilli(), Version: 1,
		}
		usages[i] = usageRow{KeyID: id}
	}
	if err := tx.Create(&rows).Error; err != nil {
		return err
	}
	return tx.Create(&usages).Error
}
