package mysql

import (
	"fmt"
	"strings"
	"time"
)

const (
	// isolation is what every backend of MySQL's family has with any binlog_format:
	// with STATEMENT, InnoDB refuses to write under READ COMMITTED.
	isolation = "REPEATABLE READ"
	// lockWait is how long a statement waits for a lock before it fails; what it
	// belongs to is repeated then, within the caller's deadline.
	lockWait = 10 * time.Second
	// idleWait is how long the server keeps an idle connection, which is longer
	// than the pools keep one.
	idleWait = 10 * time.Minute
	// sqlMode is complete: modes that it does not name are off. Values that do
	// not fit are errors, and so is a storage engine that is not there.
	sqlMode = "STRICT_TRANS_TABLES,STRICT_ALL_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION"
	// noLimit is the default of variables that bound how much a SELECT returns.
	noLimit = "18446744073709551615"
)

// variable is one of a session, with the value that ginauth sets. A condition
// says in SQL that a session can be relied on for reading, or for writing. It is
// asked where that matters, since a pooler may lose or leak what was set.
type variable struct{ name, value, reading, writing string }

// variables are the session: whatever the server, the account, init_connect or
// the URI say, each connection begins with these values. The isolation, the
// access mode and the character set have statements of their own.
func (s server) variables() []variable {
	all := []variable{
		{name: "autocommit", value: "1", reading: isOn("@@session.autocommit")},
		{name: "sql_mode", value: "'" + sqlMode + "'", writing: "@@session.sql_mode LIKE '%STRICT_ALL_TABLES%'"},
		{name: "completion_type", value: "0"}, // or a COMMIT would begin the next transaction
		{name: "foreign_key_checks", value: "1", writing: isOn("@@session.foreign_key_checks")},
		{name: "unique_checks", value: "1", writing: isOn("@@session.unique_checks")},
		{name: "character_set_client", value: "utf8mb4", writing: "@@session.character_set_client = 'utf8mb4'"}, // see conn
		{name: "sql_safe_updates", value: "0"},
		{name: "sql_select_limit", value: noLimit, reading: "@@session.sql_select_limit >= " + noLimit},
		{name: "sql_big_selects", value: "1"},
		{name: "max_sort_length", value: "1024", reading: "@@session.max_sort_length >= 1024"}, // of what pages are in the order of
		{name: "sql_auto_is_null", value: "0"},
		{name: "time_zone", value: "'+00:00'"},
		{name: "timestamp", value: "DEFAULT"}, // the clock's
		{name: "wait_timeout", value: seconds(idleWait)},
		{name: "lock_wait_timeout", value: seconds(lockWait)},
		{name: "innodb_lock_wait_timeout", value: seconds(lockWait)},
		{name: s.isolationVariable(), reading: "@@session." + s.isolationVariable() + " <> 'READ-UNCOMMITTED'"},
	}
	return append(all, s.clusterVariables()...)
}

// clusterVariables make reads wait for what other members of a cluster have
// committed, and fail on one that has lost the others.
func (s server) clusterVariables() (all []variable) {
	if s.knows("wsrep_sync_wait") {
		all = append(all,
			variable{name: "wsrep_sync_wait", value: "1", reading: "@@session.wsrep_sync_wait & 1 = 1"},
			variable{name: "wsrep_dirty_reads", value: "0", reading: isOff("@@session.wsrep_dirty_reads")})
	}
	if s.settings["group_replication_group_name"] != "" {
		all = append(all, variable{
			name: "group_replication_consistency", value: "'BEFORE'",
			reading: "@@session.group_replication_consistency LIKE 'BEFORE%' AND @@session.group_replication_consistency <> 'BEFORE_ON_PRIMARY_FAILOVER'",
		})
	}
	return all
}

// isolationVariable is what the server calls its isolation: MariaDB has known
// both names since 11.1, MySQL the longer one alone since 8.0.
func (s server) isolationVariable() string {
	if s.knows("transaction_isolation") {
		return "transaction_isolation"
	}
	return "tx_isolation"
}

// opening are the statements that each connection begins with.
func (s server) opening() []string {
	var set []string
	for _, v := range s.variables() {
		if v.value != "" {
			set = append(set, v.name+" = "+v.value)
		}
	}
	return []string{
		"SET SESSION " + strings.Join(set, ", "),
		"SET SESSION TRANSACTION ISOLATION LEVEL " + isolation + ", READ WRITE",
		"SET NAMES utf8mb4 COLLATE utf8mb4_bin",
	}
}

// mayRead is a condition in SQL: the server takes writes, and the session does
// not answer from an old snapshot, from changes that may be rolled back, or from
// before what other members have committed.
func (s server) mayRead() string {
	conditions := []string{isOff("@@global.read_only"), isOff("@@global.innodb_read_only")}
	for _, v := range s.variables() {
		if v.reading != "" {
			conditions = append(conditions, v.reading)
		}
	}
	return strings.Join(conditions, " AND ")
}

// mayWrite is a condition in SQL for a transaction: mayRead, and no value is cut
// or taken twice without an error.
func (s server) mayWrite() string {
	conditions := []string{s.mayRead()}
	for _, v := range s.variables() {
		if v.writing != "" {
			conditions = append(conditions, v.writing)
		}
	}
	return strings.Join(conditions, " AND ")
}

// isOff and isOn compare text: servers have the same variable as a number or as
// a word, and MySQL takes any word for the number 0.
func isOff(variable string) string { return fmt.Sprintf("CONCAT(%s) IN ('0', 'OFF')", variable) }
func isOn(variable string) string  { return fmt.Sprintf("CONCAT(%s) IN ('1', 'ON')", variable) }

func seconds(d time.Duration) string { return fmt.Sprint(int(d.Seconds())) }
