//go:build !cgo

package sqlite

import (
	"errors"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

const driverName = "sqlite"

func uniqueViolation(err error) (column string, ok bool) {
	var driverError *sqlite.Error
	if !errors.As(err, &driverError) {
		return "", false
	}
	switch driverError.Code() {
	case sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY:
		return takenColumn(driverError.Error()), true
	}
	return "", false
}

func isBusy(err error) bool {
	var driverError *sqlite.Error
	return errors.As(err, &driverError) && driverError.Code()&0xff == sqlite3.SQLITE_BUSY
}
