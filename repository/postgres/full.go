package postgres

import (
	"errors"

	"github.com/jackc/pgx/v5/pgconn"
)

const (
	diskFullCode    = "53100" // disk_full
	outOfMemoryCode = "53200" // out_of_memory
)

// isUndone reports whether an error of COMMIT says that nothing was committed. The
// server raises these as errors only before it has written the commit; later
// ones end the connection.
func isUndone(err error) bool {
	var refused *pgconn.PgError
	return errors.As(err, &refused) && (refused.Code == diskFullCode || refused.Code == outOfMemoryCode)
}
