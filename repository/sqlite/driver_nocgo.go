//go:build !cgo

package sqlite

import (
	"errors"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

const driverName = "sqlite"

func isUniqueViolation(err error) bool {
	var driverError *sqlite.Error
	return errors.As(err, &driverError) &&
		(driverError.Code() == sqlite3.SQLITE_CONSTRAINT_UNIQUE || driverError.Code() == sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY)
}

func isBusy(err error) bool {
	var driverError *sqlite.Error
	return errors.As(err, &driverError) && driverError.Code()&0xff == sqlite3.SQLITE_BUSY
}
