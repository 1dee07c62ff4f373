//go:build cgo

package sqlite

import (
	"cmp"
	"errors"

	"github.com/mattn/go-sqlite3"
)

const driverName = "sqlite3"

// resultCode returns the extended result code of an error, 0 if it is not SQLite's.
func resultCode(err error) int {
	var driverError sqlite3.Error
	if !errors.As(err, &driverError) {
		return 0
	}
	return int(cmp.Or(driverError.ExtendedCode, sqlite3.ErrNoExtended(driverError.Code)))
}
