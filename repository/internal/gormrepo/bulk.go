package gormrepo

import (
	"context"
	"errors"
	"strings"

	"gorm.io/gorm"

	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/repository"
)

// rowsPerInsert keeps an insert of keys below SQLite's limit of 32,766 variables.
const rowsPerInsert = 1000

// batchRow remembers which keys belong to a batch, their ids in one text.
type batchRow struct {
	ID     string `gorm:"primaryKey"`
	KeyIDs string
	Date   int64
}

func (batchRow) TableName() string { return "ginauth_batches" }

// CreateKeys implements repository.Repository.
func (r keyStore) CreateKeys(ctx context.Context, by repository.Attribution, batch repository.Batch, options repository.CreateKeyOptions) error {
	objects, unique := []object{}, []uniqueValue{}
	for _, key := range batch.Keys {
		objects, unique = append(objects, keyObject(key.ID)), append(unique, uniqueOfKey(key)...)
	}
	return r.store(ctx, unique, func() error {
		return r.change(ctx, by, func(tx *gorm.DB) error {
			if err := requireNewBatch(tx, batch.ID); err != nil {
				return err
			}
			return r.insertKeys(tx, by, batch, options)
		}, objects...)
	})
}

// requireNewBatch checks that the batch is not there. The counter's lock keeps others
// from storing it meanwhile.
func requireNewBatch(tx *gorm.DB, id string) error {
	var stored batchRow
	err := tx.Take(&stored, "id = ?", id).Error
	switch {
	case err == nil:
		return &repository.BatchError{KeyIDs: strings.Fields(stored.KeyIDs)}
	case errors.Is(err, gorm.ErrRecordNotFound):
		return nil
	default:
		return wrap("finding a batch", err)
	}
}

func (r keyStore) insertKeys(tx *gorm.DB, by repository.Attribution, batch repository.Batch, options repository.CreateKeyOptions) error {
	keys, usages, ids, ofUsers := []keyRow{}, []usageRow{}, []string{}, map[string]int{}
	for _, key := range batch.Keys {
		if err := requireUser(tx, &key); err != nil {
			return err
		}
		key.Version, key.IssuedBy = 1, by.Actor
		status := newStoredStatus(key, by.At)
		keys, usages = append(keys, keyRow{key, toEndDate(key), status}), append(usages, usageRow{models.Usage{KeyID: key.ID}, status})
		ids = append(ids, key.ID)
		ofUsers[key.UserID]++
	}
	for userID, n := range ofUsers {
		if err := requireRoom(tx, userID, options.MaxKeys, n); err != nil {
			return err
		}
	}
	if err := tx.CreateInBatches(&usages, rowsPerInsert).Error; err != nil {
		return r.wrapInsert("creating the usage of keys", err)
	}
	if err := tx.CreateInBatches(&keys, rowsPerInsert).Error; err != nil {
		return r.wrapInsert("creating keys", err)
	}
	return wrap("storing a batch", tx.Create(&batchRow{batch.ID, strings.Join(ids, " "), millis(by.At)}).Error)
}

// RevokeKeys implements repository.Repository.
func (r keyStore) RevokeKeys(ctx context.Context, by repository.Attribution, filter repository.KeyFilter, ids []string) (revoked []string, err error) {
	err = r.changeSome(ctx, by, func(tx *gorm.DB) ([]object, error) {
		revoked = []string{}
		if err := matching(tx, tx.Table("ginauth_keys").Select("id AS key_id").Where("id IN ?", ids), filter).Pluck("k.id", &revoked).Error; err != nil {
			return nil, wrap("finding the keys to revoke", err)
		}
		if len(revoked) == 0 {
			return nil, errUnchanged
		}
		columns := map[string]any{"revocation_date": millis(by.At), "version": gorm.Expr("version + 1"), "status": storedRevoked}
		if err := tx.Table("ginauth_keys").Where("id IN ?", revoked).Updates(columns).Error; err != nil {
			return nil, wrap("revoking keys", err)
		}
		objects := make([]object, len(revoked))
		for i, id := range revoked {
			objects[i] = keyObject(id)
		}
		return objects, wrap("revoking keys", tx.Table("ginauth_usage").Where("key_id IN ?", revoked).Update("status", storedRevoked).Error)
	})
	if err != nil && !errors.Is(err, errUnchanged) {
		return nil, err
	}
	return revoked, nil
}

// matching are those of the keys that meet the filter and are not revoked.
func matching(db, ids *gorm.DB, filter repository.KeyFilter) *gorm.DB {
	query := withRecords(db.Table("(?) AS d", ids)).Where("COALESCE(k.revocation_date, 1) = 0")
	if filter.KeyID != "" {
		query = query.Where("d.key_id = ?", filter.KeyID)
	}
	return filtered(query, filter)
}

// MatchingKeys implements repository.Repository. It begins at the narrowest filter.
func (r keyStore) MatchingKeys(ctx context.Context, filter repository.KeyFilter, limit int) (ids []string, err error) {
	var rows []struct{ KeyID string }
	err = r.read(ctx, r.backend.Read, func(db *gorm.DB) error {
		list := keyList{database: r.database, db: db, filter: filter, order: newKeyOrder(repository.Page{Sort: repository.SortID}, repository.Position{})}
		narrowest, err := narrow(r.database, db, list.sources(), r.budget.last)
		if err != nil {
			return err
		}
		candidates := db.Table("ginauth_keys").Select("id AS key_id")
		if narrowest.table != "" {
			candidates = narrowest.ids(db)
		}
		query := matching(db, candidates, filter).Select("k.id AS key_id").Limit(limit)
		rows, err = ask[struct{ KeyID string }](r.database, db, query, "key_id", "")
		return err
	})
	for _, row := range rows {
		ids = append(ids, row.KeyID)
	}
	return ids, wrap("finding keys", err)
}
