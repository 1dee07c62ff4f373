package postgres

import (
	"errors"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// SQLSTATEs (PostgreSQL, appendix A). Messages are in the server's language and
// are not read.
const (
	uniqueViolationCode   = "23505"
	serializationFailure  = "40001"
	deadlockDetected      = "40P01"
	readOnlyTransaction   = "25006"
	featureNotSupported   = "0A000"
	tooManyConnections    = "53300"
	protocolViolation     = "08P01"
	undefinedObject       = "42704"
	invalidParameter      = "22023"
	duplicateStatement    = "42P05"
	unknownStatement      = "26000"
	planOfOtherResultType = "RevalidateCachedQuery"
)

// codeFrom returns the SQLSTATE of the server's error; empty if it is none.
func codeFrom(err error) string {
	var refused *pgconn.PgError
	if errors.As(err, &refused) {
		return refused.Code
	}
	return ""
}

func isUniqueViolation(err error) bool { return codeFrom(err) == uniqueViolationCode }

// isRolledBack holds also for a statement that was prepared before its columns
// changed: the driver prepares it anew. Its code is told from others of the same
// number by the place in the server's source.
func isRolledBack(err error) bool {
	var refused *pgconn.PgError
	if !errors.As(err, &refused) {
		return errors.Is(err, pgx.ErrTxCommitRollback)
	}
	switch refused.Code {
	case serializationFailure, deadlockDetected:
		return true
	case featureNotSupported:
		return refused.Routine == planOfOtherResultType
	default:
		return false
	}
}

func isReadOnly(err error) bool { return codeFrom(err) == readOnlyTransaction }

// isRefusal knows PgBouncer's refusal by its text, which has one language.
func isRefusal(err error) bool {
	var refused *pgconn.PgError
	if !errors.As(err, &refused) {
		return false
	}
	return refused.Code == tooManyConnections ||
		refused.Code == protocolViolation && strings.Contains(refused.Message, "no more connections allowed")
}
