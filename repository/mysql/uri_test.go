package mysql_test

import (
	"strings"
	"testing"

	"github.com/ginauth/ginauth/internal/test/testdatabase"
)

// A parameter against the session that ginauth relies on is refused by name, in any
// case, and so is an unknown one.
func TestParametersThatContradict(t *testing.T) {
	t.Parallel()
	uri := testdatabase.New(t, "mysql")
	for query, name := range map[string]string{
		"autocommit=0": "autocommit", "AUTOCOMMIT=off": "autocommit", "tls=false&auto%63ommit=0": "autocommit", "sql_mode=''": "sql_mode",
		"sql_mode=": "sql_mode", "tx_isolation='READ-UNCOMMITTED'": "tx_isolation", "transaction_isolation=%27SERIALIZABLE%27": "transaction_isolation",
		"tx_read_only=1": "tx_read_only", "transaction_read_only=on": "transaction_read_only", "charset=latin1": "charset",
		"collation=latin1_german1_ci": "collation", "clientFoundRows=false": "clientfoundrows", "columnsWithAlias=true": "columnswithalias",
		"checkConnLiveness=false": "checkconnliveness", "wsrep_sync_wait=0": "wsrep_sync_wait", "wsrep_dirty_reads=1": "wsrep_dirty_reads",
		"wsrep_on=0": "wsrep_on", "sql_log_bin=0": "sql_log_bin", "time_zone=%27SYSTEM%27": "time_zone", "wait_timeout=1": "wait_timeout",
		"max_statement_time=1,autocommit%3D0": "max_statement_time", "init_connect=1": "init_connect", "useSSL=true": "usessl",
		"autocommit=1&autocommit=0": "autocommit",
	} {
		uri.RawQuery = query
		if err := refuses(t, uri.String()); !strings.Contains(err.Error(), "the URI sets "+name+",") {
			t.Errorf("%q is refused with: %v", query, err)
		}
	}
}

// A parameter that agrees with ginauth, or changes no answer of a session, is taken.
func TestParametersThatAgree(t *testing.T) {
	t.Parallel()
	uri := testdatabase.New(t, "mysql")
	uri.RawQuery = "charset=utf8mb4&collation=utf8mb4_unicode_ci&parseTime=true&loc=Local&autocommit=1&max_statement_time=20" +
		"&interpolateParams=true&compress=true&multiStatements=true&rejectReadOnly=true&time_zone=%27%2B00%3A00%27&timeout=5s&tx_isolation=repeatable-read"
	keepsPromises(t, openAt(t, uri.String()), openAt(t, uri.String()))
}
