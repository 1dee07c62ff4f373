package gormrepo

import (
	"context"
	"fmt"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/repository"
)

// AddToken implements repository.Repository. The user's row is locked first, so
// that two that are added at once count each other, and none is left behind by
// a deletion. It takes no number of the change log.
func (r userStore) AddToken(ctx context.Context, token models.Token) error {
	return r.transaction(ctx, func(tx *gorm.DB) error {
		var user models.User
		locked := tx.Clauses(clause.Locking{Strength: clause.LockingStrengthUpdate})
		if err := locked.Select("id").Take(&user, "id = ?", token.UserID).Error; err != nil {
			return wrap("finding the token's user", err)
		}
		if err := r.makeRoom(tx, token); err != nil {
			return err
		}
		err := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&token).Error
		return wrap("adding a token", err)
	})
}

// makeRoom removes the tokens of the new one's user that have expired. It names
// each, since MySQL would else lock the places of others' tokens, too.
func (r userStore) makeRoom(tx *gorm.DB, token models.Token) error {
	stored, err := r.tokensByUser(tx, token.UserID)
	if err != nil {
		return err
	}
	kept := 0
	for _, old := range stored {
		if !old.HasExpired(token.CreationDate) {
			kept++
			continue
		}
		if err := tx.Delete(&models.Token{}, "hash = ?", old.Hash).Error; err != nil {
			return wrap("removing a token", err)
		}
	}
	if kept >= repository.MaxTokens {
		return fmt.Errorf("adding a token: %w", repository.ErrTooManyTokens)
	}
	return nil
}

// TokensByUser implements repository.Repository.
func (r userStore) TokensByUser(ctx context.Context, userID string) (tokens []models.Token, err error) {
	err = r.read(ctx, r.backend.Read, func(db *gorm.DB) error {
		tokens, err = r.tokensByUser(db, userID)
		return err
	})
	return tokens, err
}

func (r userStore) tokensByUser(db *gorm.DB, userID string) ([]models.Token, error) {
	query := db.Model(&models.Token{}).Where("user_id = ?", userID)
	tokens, err := ask[models.Token](r.database, db, query, "hash", "q.creation_date, q.hash")
	return tokens, wrap("reading tokens", err)
}

// DeleteToken implements repository.Repository.
func (r userStore) DeleteToken(ctx context.Context, userID string, hash []byte) error {
	return r.transaction(ctx, func(tx *gorm.DB) error {
		return wrap("removing a token", tx.Delete(&models.Token{}, "user_id = ? AND hash = ?", userID, hash).Error)
	})
}

// useToken removes the token that an update uses up, if it uses one.
func (r userStore) useToken(tx *gorm.DB, by repository.Attribution, userID string, hash []byte) error {
	if hash == nil {
		return nil
	}
	result := tx.Delete(&models.Token{}, "user_id = ? AND hash = ? AND expiration_date > ?", userID, hash, millis(by.At))
	if result.Error != nil {
		return wrap("using a token", result.Error)
	}
	if result.RowsAffected > 0 {
		return nil
	}
	if _, err := r.findUser(tx, "id", userID); err != nil {
		return err
	}
	return fmt.Errorf("using a token: %w", repository.ErrTokenUsed)
}

// voidTokens removes a user's tokens of the purposes.
func voidTokens(tx *gorm.DB, userID string, purposes []string) error {
	if len(purposes) == 0 {
		return nil
	}
	err := tx.Delete(&models.Token{}, "user_id = ? AND purpose IN ?", userID, purposes).Error
	return wrap("removing tokens", err)
}
