package gormrepo

import (
	"context"
	"time"

	"gorm.io/gorm"

	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/repository"
)

// storedStatus is the status of a key as of its latest change, for the indexes of
// lists. Expiration is no change: MarkExpired stores it afterwards, and lists look
// at the dates of the keys in between. The zero value is that of usage without a
// key.
type storedStatus int16

const (
	storedDeleted storedStatus = iota
	storedActive
	storedExpired
	storedRevoked
	storedDisabled
)

func toStored(status models.Status) (stored storedStatus, ok bool) {
	stored, ok = map[models.Status]storedStatus{
		models.StatusDeleted: storedDeleted, models.StatusActive: storedActive, models.StatusExpired: storedExpired,
		models.StatusRevoked: storedRevoked, models.StatusDisabled: storedDisabled,
	}[status]
	return stored, ok
}

// toEndDate is the end of a key in milliseconds since 1970.
func toEndDate(key models.APIKey) int64 {
	if key.End().IsZero() {
		return repository.NeverEnds
	}
	return millis(key.End())
}

// newStoredStatus is the status of a key at the given time.
func newStoredStatus(key models.APIKey, now time.Time) storedStatus {
	stored, _ := toStored(key.Status(fromMillis(millis(now))))
	return stored
}

// setStatus stores the status of one key beside its usage.
func setStatus(tx *gorm.DB, keyID string, status storedStatus) error {
	return wrap("storing a key's status", tx.Table("ginauth_usage").Where("key_id = ?", keyID).Update("status", status).Error)
}

// refreshStatuses stores end and status of all keys of a user anew.
func refreshStatuses(tx *gorm.DB, userID string, now time.Time) error {
	for _, statement := range []string{
		"UPDATE ginauth_keys SET end_date = " + endInSQL + " WHERE user_id = @user",
		"UPDATE ginauth_keys SET status = " + statusInSQL + " WHERE user_id = @user",
		`UPDATE ginauth_usage SET status = (SELECT k.status FROM ginauth_keys AS k WHERE k.id = ginauth_usage.key_id)
			WHERE key_id IN (SELECT k.id FROM ginauth_keys AS k WHERE k.user_id = @user)`,
	} {
		values := map[string]any{"user": userID, "now": millis(now), "never": int64(repository.NeverEnds)}
		if err := tx.Exec(statement, values).Error; err != nil {
			return wrap("storing the status of a user's keys", err)
		}
	}
	return nil
}

// The end and the status of a key as package models computes them, of the columns
// of ginauth_keys. Columns of users are 0 where there is no user.
const (
	accessUntil = "COALESCE((SELECT u.access_until FROM ginauth_users AS u WHERE u.id = ginauth_keys.user_id), 0)"
	isDisabled  = "COALESCE((SELECT u.disabled_date FROM ginauth_users AS u WHERE u.id = ginauth_keys.user_id), 0) <> 0"

	endInSQL = `CASE WHEN expiration_date = 0 AND ` + accessUntil + ` = 0 THEN @never
		WHEN expiration_date = 0 OR (` + accessUntil + ` <> 0 AND ` + accessUntil + ` < expiration_date) THEN ` + accessUntil + `
		ELSE expiration_date END`
	statusInSQL = `CASE WHEN revocation_date <> 0 THEN 3 WHEN ` + isDisabled + ` THEN 4 WHEN end_date <= @now THEN 2 ELSE 1 END`
)

// markedAtOnce bounds how many keys MarkExpired locks.
const markedAtOnce = 1000

// MarkExpired implements repository.Repository.
func (r keyStore) MarkExpired(ctx context.Context, now time.Time) (more bool, err error) {
	err = r.transaction(ctx, func(tx *gorm.DB) error {
		var ids []string
		due := tx.Table("ginauth_keys").Where("status = ? AND end_date <= ?", storedActive, millis(now))
		if err := due.Order("end_date, id").Limit(markedAtOnce).Pluck("id", &ids).Error; err != nil || len(ids) == 0 {
			return err
		}
		more = len(ids) == markedAtOnce
		for _, table := range [][2]string{{"ginauth_keys", "id"}, {"ginauth_usage", "key_id"}} {
			marked := tx.Table(table[0]).Where(table[1]+" IN ? AND status = ?", ids, storedActive)
			if err := marked.Update("status", storedExpired).Error; err != nil {
				return err
			}
		}
		return nil
	})
	return more, wrap("marking expired keys", err)
}

// CountKeys implements repository.Repository.
func (r keyStore) CountKeys(ctx context.Context, now time.Time) (map[models.Status]int64, error) {
	var rows []statusCount
	err := r.read(ctx, r.backend.Read, func(db *gorm.DB) (err error) {
		rows, err = r.countKeys(db, millis(now))
		return err
	})
	counts := map[models.Status]int64{}
	for _, row := range rows {
		counts[row.Status.model()] += row.Total
	}
	return counts, wrap("counting keys", err)
}

// countKeys counts the keys by their stored statuses, and then again those that are
// stored with another than they have by their dates.
func (r keyStore) countKeys(db *gorm.DB, now int64) ([]statusCount, error) {
	stored := db.Table("ginauth_usage").Select("status, COUNT(*) AS total").Group("status")
	rows, err := ask[statusCount](r.database, db, stored, "status", "")
	if err != nil {
		return nil, err
	}
	unmarked := db.Table("ginauth_keys").Select("status, COUNT(*) AS total").
		Where("(status = ? AND end_date <= ?) OR (status = ? AND end_date > ?)", storedActive, now, storedExpired, now).Group("status")
	moved, err := ask[statusCount](r.database, db, unmarked, "status", "")
	for _, from := range moved {
		to := storedActive + storedExpired - from.Status // the other of the two
		rows = append(rows, statusCount{from.Status, -from.Total}, statusCount{to, from.Total})
	}
	return rows, err
}

type statusCount struct {
	Status storedStatus
	Total  int64
}

func (s storedStatus) model() models.Status {
	return map[storedStatus]models.Status{
		storedDeleted: models.StatusDeleted, storedActive: models.StatusActive, storedExpired: models.StatusExpired,
		storedRevoked: models.StatusRevoked, storedDisabled: models.StatusDisabled,
	}[s]
}
