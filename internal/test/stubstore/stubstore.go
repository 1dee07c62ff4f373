// Package stubstore is a store for benchmarks and for tests of what the guard
// costs.
package stubstore

import (
	"context"
	"encoding/hex"
	"time"

	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/repository"
)

// Store has every key, so that a million are quickly in the cache. They are as
// large as real ones. Other calls panic.
type Store struct{ repository.Repository }

// KeyByHash implements repository.Repository.
func (Store) KeyByHash(_ context.Context, hash []byte) (models.APIKey, error) {
	digits := hex.EncodeToString(hash)
	return models.APIKey{
		ID: toUUID(digits[:32]), Hash: hash, Hint: "ga_1a2b", UserID: toUUID(digits[32:]), Username: "ada",
		CreationDate: time.Now(), ExpirationDate: time.Now().Add(time.Hour),
	}, nil
}

func toUUID(digits string) string {
	return digits[:8] + "-" + digits[8:12] + "-" + digits[12:16] + "-" + digits[16:20] + "-" + digits[20:]
}

// LatestChange implements repository.Repository.
func (Store) LatestChange(context.Context) (repository.Cursor, error) {
	return repository.Cursor{}, nil
}

// Changes implements repository.Repository.
func (Store) Changes(context.Context, repository.Cursor, int) ([]models.Change, error) {
	return []models.Change{}, nil
}

// AddUsage implements repository.Repository.
func (Store) AddUsage(context.Context, repository.Flush) error { return nil }

// Clock implements repository.Repository.
func (Store) Clock(context.Context) (time.Time, error) { return time.Now(), nil }

// RollUpUsage implements repository.Repository.
func (Store) RollUpUsage(context.Context, time.Time) (bool, error) { return false, nil }

// MarkExpired implements repository.Repository.
func (Store) MarkExpired(context.Context, time.Time) (bool, error) { return false, nil }

// PruneChanges implements repository.Repository.
func (Store) PruneChanges(context.Context) (bool, error) { return false, nil }

// DeleteUsage implements repository.Repository.
func (Store) DeleteUsage(context.Context, time.Time) (bool, error) { return false, nil }

// Close implements repository.Repository.
func (Store) Close() error { return nil }
