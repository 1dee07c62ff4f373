//go:build !cgo

package sqlite

import (
	"errors"

	"modernc.org/sqlite"
)

const driverName = "sqlite"

// resultCode returns the extended result code of an error, 0 if it is not SQLite's.
func resultCode(err error) int {
	var driverError *sqlite.Error
	if !errors.As(err, &driverError) {
		return 0
	}
	return driverError.Code()
}
