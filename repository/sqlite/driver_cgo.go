//go:build cgo

package sqlite

import (
	"errors"

	"github.com/mattn/go-sqlite3"
)

const driverName = "sqlite3"

func uniqueViolation(err error) (column string, ok bool) {
	var driverError sqlite3.Error
	if !errors.As(err, &driverError) {
		return "", false
	}
	switch driverError.ExtendedCode {
	case sqlite3.ErrConstraintUnique, sqlite3.ErrConstraintPrimaryKey:
		return takenColumn(driverError.Error()), true
	}
	return "", false
}

func isBusy(err error) bool {
	var driverError sqlite3.Error
	return errors.As(err, &driverError) && driverError.Code == sqlite3.ErrBusy
}
