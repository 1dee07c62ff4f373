//go:build cgo

package sqlite

import (
	"errors"

	"github.com/mattn/go-sqlite3"
)

const driverName = "sqlite3"

func isUniqueViolation(err error) bool {
	var driverError sqlite3.Error
	return errors.As(err, &driverError) &&
		(driverError.ExtendedCode == sqlite3.ErrConstraintUnique || driverError.ExtendedCode == sqlite3.ErrConstraintPrimaryKey)
}

func isBusy(err error) bool {
	var driverError sqlite3.Error
	return errors.As(err, &driverError) && driverError.Code == sqlite3.ErrBusy
}
