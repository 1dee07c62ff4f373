package gormrepo

import (
	"fmt"

	"gorm.io/gorm"
	"gorm.io/gorm/schema"
)

// addAccounts is step 3: users can be changed, disabled, confirmed and mailed.
// The state of a user before it counts as the first version.
func addAccounts(tx *gorm.DB) error {
	for _, column := range []string{
		"ChangeDate", "DisabledDate", "ConfirmationDate", "MailFailureDate", "TokenHash", "TokenPurpose", "TokenExpirationDate", "Version",
	} {
		if tx.Migrator().HasColumn(&user3{}, column) {
			continue
		}
		if err := tx.Migrator().AddColumn(&user3{}, column); err != nil {
			return err
		}
	}
	return tx.Exec("UPDATE ginauth_users SET change_date = creation_date, version = 1 WHERE version = 0").Error
}

// user3 is what a user has beside user1.
type user3 struct {
	ChangeDate          int64  `gorm:"not null;default:0"`
	DisabledDate        int64  `gorm:"not null;default:0"`
	ConfirmationDate    int64  `gorm:"not null;default:0"`
	MailFailureDate     int64  `gorm:"not null;default:0"`
	TokenHash           bytes3 `gorm:"size:32;not null;default:''"`
	TokenPurpose        text1  `gorm:"size:1024;not null;default:''"`
	TokenExpirationDate int64  `gorm:"not null;default:0"`
	Version             int64  `gorm:"not null;default:0"`
}

func (user3) TableName() string { return "ginauth_users" }

// bytes3 are bytes that can be empty by default; MySQL cannot say so of what
// GORM would take.
type bytes3 string

// GormDataType implements schema.GormDataTypeInterface.
func (bytes3) GormDataType() string { return "string" }

// GormDBDataType implements migrator.GormDataTypeInterface.
func (bytes3) GormDBDataType(db *gorm.DB, field *schema.Field) string {
	switch db.Name() {
	case "postgres":
		return "bytea"
	case "mysql":
		return fmt.Sprintf("varbinary(%d)", field.Size)
	default:
		return "blob"
	}
}
