package main

import (
	"context"
	"encoding/hex"
	"time"

	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/repository"
)

// everyKey is a store that has every key, so that a million are quickly in the
// cache. They are as large as real ones.
type everyKey struct{ repository.Repository }

func (everyKey) KeyByHash(_ context.Context, hash []byte) (models.APIKey, error) {
	digits := hex.EncodeToString(hash)
	return models.APIKey{
		ID: uuidOf(digits[:32]), Hash: hash, Hint: "ga_1a2b", UserID: uuidOf(digits[32:]), Username: "ada",
		CreationDate: time.Now(), ExpirationDate: time.Now().Add(time.Hour),
	}, nil
}

func uuidOf(digits string) string {
	return digits[:8] + "-" + digits[8:12] + "-" + digits[12:16] + "-" + digits[16:20] + "-" + digits[20:]
}

func (everyKey) LatestChange(context.Context) (repository.Cursor, error) {
	return repository.Cursor{}, nil
}

func (everyKey) Changes(context.Context, repository.Cursor, int) ([]models.Change, error) {
	return []models.Change{}, nil
}

func (everyKey) AddUsage(context.Context, repository.Flush) error { return nil }

func (everyKey) Clock(context.Context) (time.Time, error) { return time.Now(), nil }

func (everyKey) FoldUsage(context.Context, time.Time) (bool, error) { return false, nil }

func (everyKey) DeleteUsage(context.Context, time.Time) (bool, error) { return false, nil }

func (everyKey) Close() error { return nil }
