package gormrepo

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"

	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/repository"
)

// CreateUser implements repository.Repository.
func (r userStore) CreateUser(ctx context.Context, by repository.Attribution, user models.User, key models.APIKey) error {
	user.Version = 1
	return r.store(ctx, append(uniqueOfUser(user), uniqueOfKey(key)...), func() error {
		return r.change(ctx, by, func(tx *gorm.DB) error {
			if err := tx.Create(&user).Error; err != nil {
				return r.wrapInsert("creating a user", err)
			}
			key.DisabledDate, key.AccessUntil = user.DisabledDate, user.AccessUntil
			return r.insertKey(tx, by, key)
		}, userObject(user.ID), keyObject(key.ID))
	})
}

// UserByID implements repository.Repository.
func (r userStore) UserByID(ctx context.Context, id string) (models.User, error) {
	return r.readUser(ctx, "id", id)
}

// UserByUsername implements repository.Repository.
func (r userStore) UserByUsername(ctx context.Context, canonical string) (models.User, error) {
	return r.readUser(ctx, "canonical_username", canonical)
}

// UserByEmail implements repository.Repository.
func (r userStore) UserByEmail(ctx context.Context, canonical string) (models.User, error) {
	return r.readUser(ctx, "canonical_email", canonical)
}

func (r userStore) readUser(ctx context.Context, column, value string) (user models.User, err error) {
	err = r.read(ctx, r.backend.Read, func(db *gorm.DB) error {
		user, err = r.findUser(db, column, value)
		return err
	})
	return user, err
}

func (r userStore) findUser(db *gorm.DB, column, value string) (models.User, error) {
	query := db.Model(&models.User{}).Where(column+" = ?", value)
	user, err := askForOne[models.User](r.database, db, query, "id")
	return user, wrap("finding a user", err)
}

// UpdateUser implements repository.Repository.
func (r userStore) UpdateUser(ctx context.Context, by repository.Attribution, user models.User, update repository.UserUpdate) (models.User, error) {
	var updated models.User
	err := r.store(ctx, []uniqueValue{emailOfUser(user, user.ID)}, func() error {
		return r.change(ctx, by, func(tx *gorm.DB) (err error) {
			updated, err = r.updateUser(tx, by, user, update)
			return err
		}, userObject(user.ID))
	})
	if err != nil {
		return models.User{}, err
	}
	return updated, nil
}

func (r userStore) updateUser(tx *gorm.DB, by repository.Attribution, user models.User, update repository.UserUpdate) (models.User, error) {
	if err := r.useToken(tx, by, user.ID, update.UseToken); err != nil {
		return models.User{}, err
	}
	if err := r.replaceUser(tx, user); err != nil {
		return models.User{}, err
	}
	if err := voidTokens(tx, user.ID, update.VoidTokens); err != nil {
		return models.User{}, err
	}
	if err := revokeUserKeys(tx, by, user.ID, update.RevokeKeys); err != nil {
		return models.User{}, err
	}
	if err := refreshStatuses(tx, user.ID, by.At); err != nil {
		return models.User{}, err
	}
	return r.findUser(tx, "id", user.ID)
}

// replaceUser writes what of a user can change, if they have the version.
func (r userStore) replaceUser(tx *gorm.DB, user models.User) error {
	if err := forgetMailFailure(tx, user); err != nil {
		return err
	}
	version := user.Version
	user.Version++
	result := tx.Model(&models.User{}).Where("id = ? AND version = ?", user.ID, version).
		Select("Email", "CanonicalEmail", "PasswordHash", "ChangeDate", "DisabledDate", "ConfirmationDate", "AccessUntil", "Version").
		Updates(user)
	if result.Error != nil {
		return r.wrapInsert("updating a user", result.Error)
	}
	if result.RowsAffected > 0 {
		return nil
	}
	if _, err := r.findUser(tx, "id", user.ID); err != nil {
		return err
	}
	return fmt.Errorf("updating a user: %w", repository.ErrOutdated)
}

// forgetMailFailure clears the date if the address is about to change. It comes
// before the change: MySQL would compare with the new address in one statement.
func forgetMailFailure(tx *gorm.DB, user models.User) error {
	err := tx.Model(&models.User{}).
		Where("id = ? AND version = ? AND canonical_email <> ?", user.ID, user.Version, user.CanonicalEmail).
		Update("mail_failure_date", millis(time.Time{})).Error
	return wrap("updating a user", err)
}

// RehashPassword implements repository.Repository.
func (r userStore) RehashPassword(ctx context.Context, userID, old, hash string) error {
	return r.transaction(ctx, func(tx *gorm.DB) error {
		result := tx.Model(&models.User{}).Where("id = ? AND password_hash = ?", userID, old).Update("password_hash", hash)
		if result.Error != nil || result.RowsAffected > 0 {
			return wrap("rehashing a password", result.Error)
		}
		if _, err := r.findUser(tx, "id", userID); err != nil {
			return err
		}
		return fmt.Errorf("rehashing a password: %w", repository.ErrOutdated)
	})
}

// NoteMailFailure implements repository.Repository.
func (r userStore) NoteMailFailure(ctx context.Context, userID string, date time.Time) error {
	return r.transaction(ctx, func(tx *gorm.DB) error {
		user := tx.Model(&models.User{}).Where("id = ?", userID).Where(dateCondition("mail_failure_date", date.IsZero()))
		return wrap("noting whether mail is delivered", user.Update("mail_failure_date", millis(date)).Error)
	})
}

// revokeUserKeys revokes a user's keys, if that is asked for.
func revokeUserKeys(tx *gorm.DB, by repository.Attribution, userID string, asked bool) error {
	if !asked {
		return nil
	}
	err := tx.Table("ginauth_keys").Where("user_id = ? AND revocation_date = 0", userID).
		Updates(map[string]any{"revocation_date": millis(by.At), "version": gorm.Expr("version + 1")}).Error
	return wrap("revoking a user's keys", err)
}

// DeleteUser implements repository.Repository.
func (r userStore) DeleteUser(ctx context.Context, by repository.Attribution, id string, options repository.DeleteUserOptions) error {
	return r.change(ctx, by, func(tx *gorm.DB) error {
		user, err := r.findUser(tx, "id", id)
		if err != nil {
			return err
		}
		if err := revokeUserKeys(tx, by, id, !options.DetachKeys || user.IsDisabled()); err != nil {
			return err
		}
		if err := endUser(tx, id, by.At); err != nil {
			return err
		}
		err = tx.Table("ginauth_keys").Where("user_id = ?", id).
			Updates(map[string]any{"user_id": nil, "version": gorm.Expr("version + 1")}).Error
		if err != nil {
			return wrap("detaching a user's keys", err)
		}
		if err := tx.Delete(&models.User{}, "id = ?", id).Error; err != nil {
			return wrap("deleting a user", err)
		}
		return wrap("deleting a user's tokens", tx.Delete(&models.Token{}, "user_id = ?", id).Error)
	}, userObject(id))
}

// endUser makes the status of a user's keys that of keys without a user.
func endUser(tx *gorm.DB, id string, now time.Time) error {
	err := tx.Model(&models.User{}).Where("id = ?", id).Updates(map[string]any{"disabled_date": 0, "access_until": 0}).Error
	if err != nil {
		return wrap("deleting a user", err)
	}
	return refreshStatuses(tx, id, now)
}
