package gormrepo

import (
	"context"
	"errors"
	"fmt"
	"time"

	"gorm.io/gorm"

	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/repository"
)

// CreateKey implements repository.Repository.
func (r keyStore) CreateKey(ctx context.Context, by repository.Attribution, key models.APIKey, options repository.CreateKeyOptions) error {
	return r.store(ctx, uniqueOfKey(key), func() error {
		return r.change(ctx, by, func(tx *gorm.DB) error {
			if err := requireUser(tx, &key); err != nil {
				return err
			}
			if err := requireRoom(tx, key.UserID, options.MaxKeys, 1); err != nil {
				return err
			}
			return r.insertKey(tx, by, key)
		}, keyObject(key.ID))
	})
}

// requireUser checks that the key's user is there, in the version that the key
// names, and tells the key about them.
func requireUser(tx *gorm.DB, key *models.APIKey) error {
	if key.UserID == "" {
		return nil
	}
	var user models.User
	if err := tx.Select("version", "disabled_date", "access_until").Take(&user, "id = ?", key.UserID).Error; err != nil {
		return wrap("finding the key's user", err)
	}
	if key.UserVersion != 0 && key.UserVersion != user.Version {
		return fmt.Errorf("creating a key: %w", repository.ErrOutdated)
	}
	key.DisabledDate, key.AccessUntil = user.DisabledDate, user.AccessUntil
	return nil
}

// requireRoom checks that the user may have n keys more. The counter's lock
// keeps others from creating keys meanwhile.
func requireRoom(tx *gorm.DB, userID string, maxKeys, n int) error {
	if userID == "" || maxKeys <= 0 {
		return nil
	}
	var keys int64
	err := tx.Model(&models.APIKey{}).Where("user_id = ? AND revocation_date = 0", userID).Count(&keys).Error
	if err == nil && keys+int64(n) > int64(maxKeys) {
		err = repository.ErrTooManyKeys
	}
	return wrap("creating a key", err)
}

// keyRow and usageRow are a key and its usage as they are stored.
type (
	keyRow struct {
		models.APIKey `gorm:"embedded"`
		EndDate       int64
		Status        storedStatus
	}
	usageRow struct {
		models.Usage `gorm:"embedded"`
		Status       storedStatus
	}
)

// insertKey stores the key and its empty usage, whose id was never taken.
func (r *database) insertKey(tx *gorm.DB, by repository.Attribution, key models.APIKey) error {
	key.Version, key.IssuedBy = 1, by.Actor
	status := newStoredStatus(key, by.At)
	if err := tx.Create(&usageRow{models.Usage{KeyID: key.ID}, status}).Error; err != nil {
		return r.wrapInsert("creating a key's usage", err)
	}
	return r.wrapInsert("creating a key", tx.Create(&keyRow{key, toEndDate(key), status}).Error)
}

// RenewKey implements repository.Repository.
func (r keyStore) RenewKey(ctx context.Context, by repository.Attribution, id string, renewal repository.Renewal) (models.APIKey, bool, error) {
	var before, after models.APIKey
	err := r.change(ctx, by, func(tx *gorm.DB) (err error) {
		if before, err = r.findKey(tx, id); err != nil {
			return err
		}
		if before.ExpirationFixed && renewal.ByOwner {
			return repository.ErrExpirationFixed
		}
		if before.IsRevoked() && !renewal.Reactivate {
			return repository.ErrRevoked
		}
		renewed := before
		renewed.ExpirationDate, renewed.RevocationDate = renewal.Expiration, time.Time{}
		after, err = r.updateKey(tx, by, renewed, map[string]any{
			"expiration_date":  millis(renewal.Expiration),
			"expiration_fixed": renewal.Fixed,
			"revocation_date":  millis(time.Time{}),
		})
		return err
	}, keyObject(id))
	if err != nil {
		return models.APIKey{}, false, err
	}
	return after, before.IsRevoked(), nil
}

// errUnchanged rolls a change back that turned out to be none.
var errUnchanged = errors.New("unchanged")

// RevokeKey implements repository.Repository.
func (r keyStore) RevokeKey(ctx context.Context, by repository.Attribution, id string) (models.APIKey, error) {
	var key models.APIKey
	err := r.change(ctx, by, func(tx *gorm.DB) (err error) {
		if key, err = r.findKey(tx, id); err != nil {
			return err
		}
		if key.IsRevoked() {
			return errUnchanged
		}
		key.RevocationDate = by.At
		key, err = r.updateKey(tx, by, key, map[string]any{"revocation_date": millis(by.At)})
		return err
	}, keyObject(id))
	if err != nil && !errors.Is(err, errUnchanged) {
		return models.APIKey{}, err
	}
	return key, nil
}

// updateKey sets columns to what the key is to be, moves the version and returns the
// key as it is then.
func (r keyStore) updateKey(tx *gorm.DB, by repository.Attribution, key models.APIKey, columns map[string]any) (models.APIKey, error) {
	status := newStoredStatus(key, by.At)
	columns["version"], columns["end_date"], columns["status"] = gorm.Expr("version + 1"), toEndDate(key), status
	if err := tx.Table("ginauth_keys").Where("id = ?", key.ID).Updates(columns).Error; err != nil {
		return models.APIKey{}, wrap("updating a key", err)
	}
	if err := setStatus(tx, key.ID, status); err != nil {
		return models.APIKey{}, err
	}
	return r.findKey(tx, key.ID)
}

// DeleteKey implements repository.Repository.
func (r keyStore) DeleteKey(ctx context.Context, by repository.Attribution, id string) error {
	return r.change(ctx, by, func(tx *gorm.DB) error {
		result := tx.Delete(&models.APIKey{}, "id = ?", id)
		if result.Error == nil && result.RowsAffected == 0 {
			return wrap("deleting a key", repository.ErrNotFound)
		}
		if result.Error != nil {
			return wrap("deleting a key", result.Error)
		}
		return setStatus(tx, id, storedDeleted)
	}, keyObject(id))
}
