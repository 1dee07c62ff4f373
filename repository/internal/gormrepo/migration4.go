package gormrepo

import "gorm.io/gorm"

// addTokens is step 4: tokens in a table of their own, several of a user at a
// time; a date until which a user has access; and keys whose expiration date an
// administrator has fixed. The columns of users that held a token stay, empty,
// for processes of the version before that run beside.
func addTokens(tx *gorm.DB) error {
	for _, added := range []struct {
		table  any
		column string
	}{{&user4{}, "AccessUntil"}, {&key4{}, "ExpirationFixed"}} {
		if tx.Migrator().HasColumn(added.table, added.column) {
			continue
		}
		if err := tx.Migrator().AddColumn(added.table, added.column); err != nil {
			return err
		}
	}
	if !tx.Migrator().HasTable(&token4{}) {
		if err := tx.Migrator().CreateTable(&token4{}); err != nil {
			return err
		}
	}
	return moveTokens(tx)
}

// moveTokens moves the tokens that users hold. Their creation dates follow from
// the times that tokens had until then: an hour for a new password, a day for a
// confirmation. The version grows, so that no process of the version before
// stores a user with the token whom it has read before.
func moveTokens(tx *gorm.DB) error {
	err := tx.Exec(`INSERT INTO ginauth_tokens (hash, user_id, purpose, email, canonical_email, creation_date, expiration_date)
		SELECT u.token_hash, u.id, u.token_purpose, u.email, u.canonical_email,
			u.token_expiration_date - CASE u.token_purpose WHEN 'reset' THEN 3600000 ELSE 86400000 END, u.token_expiration_date
		FROM ginauth_users AS u
		WHERE u.token_expiration_date <> 0 AND NOT EXISTS (SELECT 1 FROM ginauth_tokens AS t WHERE t.hash = u.token_hash)`).Error
	if err != nil {
		return err
	}
	return tx.Exec(`UPDATE ginauth_users SET token_hash = '', token_purpose = '', token_expiration_date = 0, version = version + 1
		WHERE token_expiration_date <> 0`).Error
}

// user4 is what a user has beside user3.
type user4 struct {
	AccessUntil int64 `gorm:"not null;default:0"`
}

func (user4) TableName() string { return "ginauth_users" }

// key4 is what a key has beside key1.
type key4 struct {
	ExpirationFixed bool `gorm:"not null;default:false"`
}

func (key4) TableName() string { return "ginauth_keys" }

// token4 goes with its user also if a process of the version before, which
// knows no tokens, deletes them.
type token4 struct {
	Hash           bytes3 `gorm:"primaryKey;size:32"`
	UserID         text1  `gorm:"size:64;not null;index"`
	User           *user1 `gorm:"constraint:OnDelete:CASCADE"`
	Purpose        text1  `gorm:"size:128;not null"`
	Email          text1  `gorm:"size:1024;not null"`
	CanonicalEmail text1  `gorm:"size:512;not null"`
	CreationDate   int64  `gorm:"not null"`
	ExpirationDate int64  `gorm:"not null"`
}

func (token4) TableName() string { return "ginauth_tokens" }
