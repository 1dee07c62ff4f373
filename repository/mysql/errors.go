package mysql

import (
	"errors"
	"slices"

	driver "github.com/go-sql-driver/mysql"
)

// Error numbers are the same in every language of the server; the texts are not.
const (
	tooManyConnections   = 1040 // ER_CON_COUNT_ERROR
	notReady             = 1047 // ER_UNKNOWN_COM_ERROR, by which Galera says that a node is not ready
	tableExists          = 1050 // ER_TABLE_EXISTS_ERROR
	columnExists         = 1060 // ER_DUP_FIELDNAME
	indexExists          = 1061 // ER_DUP_KEYNAME
	duplicateEntry       = 1062 // ER_DUP_ENTRY
	changedSinceSnapshot = 1020 // ER_CHECKREAD
	tooManyOfUser        = 1203 // ER_TOO_MANY_USER_CONNECTIONS
	lockWaitTimeout      = 1205 // ER_LOCK_WAIT_TIMEOUT
	deadlock             = 1213 // ER_LOCK_DEADLOCK
	limitOfUser          = 1226 // ER_USER_LIMIT_REACHED
	optionPreventsIt     = 1290 // ER_OPTION_PREVENTS_STATEMENT, such as read_only
	tableChanged         = 1412 // ER_TABLE_DEF_CHANGED
	needsPreparing       = 1615 // ER_NEED_REPREPARE
	readOnlyTransaction  = 1792 // ER_CANT_EXECUTE_IN_READ_ONLY_TRANSACTION
	readOnlyMode         = 1836 // ER_READ_ONLY_MODE
)

// isUniqueViolation reports a value that is taken.
func isUniqueViolation(err error) bool { return hasNumber(err, duplicateEntry) }

// isDoneByAnother reports a step of the schema that is there already.
func isDoneByAnother(err error) bool {
	return hasNumber(err, tableExists, columnExists, indexExists, duplicateEntry)
}

// commitError is an error of COMMIT, of which fewer say that nothing happened.
type commitError struct{ error }

// Unwrap makes the driver's error found.
func (e commitError) Unwrap() error { return e.error }

// isRolledBack reports what had no effect. At COMMIT, a node of a Galera cluster
// answers 1213 if another has committed what contradicts.
func isRolledBack(err error) bool {
	var atCommit commitError
	if errors.As(err, &atCommit) {
		return hasNumber(err, deadlock, changedSinceSnapshot)
	}
	return hasNumber(err, deadlock, changedSinceSnapshot, tableChanged, needsPreparing)
}

// isLockTimeout reports what InnoDB rolls back the statement alone for, so that
// ROLLBACK comes before the next attempt. A node of a Galera cluster answers a
// reading so if it does not hear from the others.
func isLockTimeout(err error) bool { return hasNumber(err, lockWaitTimeout) }

// isReadOnly reports a server that takes no writes, a node of a Galera cluster
// that has lost the others among them.
func isReadOnly(err error) bool {
	return hasNumber(err, notReady, optionPreventsIt, readOnlyTransaction, readOnlyMode)
}

// isRefusal reports a server that takes no more connections.
func isRefusal(err error) bool { return hasNumber(err, tooManyConnections, tooManyOfUser, limitOfUser) }

func hasNumber(err error, numbers ...uint16) bool {
	var refused *driver.MySQLError
	return errors.As(err, &refused) && slices.Contains(numbers, refused.Number)
}
