package mysql_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/ginauth/ginauth/internal/test/testdatabase"
)

// hostile are options of a server that changes everything that an ordinary
// account may find changed, all at once.
func hostile() []string {
	const session = "SET SESSION autocommit = 0, sql_mode = '', completion_type = 'CHAIN', unique_checks = 0, foreign_key_checks = 0, " +
		"sql_safe_updates = 1, sql_select_limit = 1, time_zone = '+05:30', timestamp = 1, wait_timeout = 1, " +
		"transaction_isolation = 'READ-UNCOMMITTED', tx_read_only = 1, innodb_lock_wait_timeout = 1, lock_wait_timeout = 1"
	return []string{
		"--default-storage-engine=MyISAM", "--autocommit=0", "--sql-mode=", "--character-set-server=latin1",
		"--default-time-zone=+05:30", "--transaction-isolation=READ-UNCOMMITTED", "--completion-type=CHAIN", "--wait-timeout=1",
		"--log-bin=binlog", "--binlog-format=STATEMENT", "--sync-binlog=0", "--skip-innodb-doublewrite",
		"--init-connect=" + strings.Replace(session, "transaction_isolation", "tx_isolation", 1),
	}
}

// plain is a database's URI for an account without any privileges but those to
// the databases of tests.
func plain(uri *url.URL) *url.URL {
	located := *uri
	located.User = url.UserPassword("plain", "plain")
	return &located
}

// With any settings of the server, the URI, the account and init_connect, the same
// promises are kept.
func TestHostileSettings(t *testing.T) {
	server := testdatabase.OwnServer(t, "mysql", hostile()...)
	admin := asAdmin(t, server.URI)
	for _, settings := range []string{
		"lc_messages = 'de_DE'", // beside the options
		"sql_mode = 'ANSI,NO_BACKSLASH_ESCAPES', tx_isolation = 'SERIALIZABLE', character_set_server = 'utf16'",
		"sql_mode = 'TRADITIONAL', tx_isolation = 'REPEATABLE-READ', binlog_format = 'ROW', default_storage_engine = 'Aria'",
		"tx_isolation = 'READ-COMMITTED', autocommit = 1, init_connect = 'SET autocommit = 0', lc_messages = 'ja_JP'",
		"init_connect = 'SET SESSION TRANSACTION READ ONLY', lc_messages = 'fr_FR', innodb_snapshot_isolation = 1",
	} {
		t.Run(settings, func(t *testing.T) {
			if _, err := admin.ExecContext(t.Context(), "SET @@GLOBAL."+strings.ReplaceAll(settings, ", ", ", @@GLOBAL.")); err != nil {
				t.Fatal(err)
			}
			uri := plain(testdatabase.NewAt(t, "mysql", server.URI)).String()
			keepsPromises(t, openAt(t, uri), openAt(t, uri))
		})
	}
}

// Tables that a server has made in another engine stop the start, with the
// statements that cure it. After those, everything works.
func TestTablesInAnotherEngine(t *testing.T) {
	uri := testdatabase.New(t, "mysql")
	openAt(t, uri.String())
	admin := asAdmin(t, uri.String())
	if _, err := admin.ExecContext(t.Context(), "ALTER TABLE "+uri.Path[1:]+".ginauth_changes ENGINE=Aria"); err != nil {
		t.Fatal(err)
	}
	err := refuses(t, uri.String())
	_, cure, found := strings.Cut(err.Error(), "run: ")
	if !found || !strings.Contains(err.Error(), "ginauth_changes (Aria)") {
		t.Fatalf("the error is %v", err)
	}
	cure = strings.ReplaceAll(strings.TrimSuffix(cure, ";"), "TABLE ", "TABLE "+uri.Path[1:]+".")
	if _, err := admin.ExecContext(t.Context(), cure); err != nil {
		t.Fatal(err)
	}
	keepsPromises(t, openAt(t, uri.String()), openAt(t, uri.String()))
}

// An account, or a server, may grant few connections: calls wait for those that
// there are, also if two processes share them.
func TestFewConnections(t *testing.T) {
	server := testdatabase.OwnServer(t, "mysql", "--wait-timeout=1")
	admin := asAdmin(t, server.URI)
	uri := plain(testdatabase.NewAt(t, "mysql", server.URI)).String()
	if _, err := admin.ExecContext(t.Context(), "ALTER USER plain@'127.0.0.1' WITH MAX_USER_CONNECTIONS 5"); err != nil {
		t.Fatal(err)
	}
	keepsPromises(t, openAt(t, uri), openAt(t, uri))
}

// Somebody adds columns, as the next version's migration does, while the
// connections of this one are in use: no call fails.
func TestColumnsAreAdded(t *testing.T) {
	t.Parallel()
	uri := testdatabase.New(t, "mysql")
	repo, admin := openAt(t, uri.String()), asAdmin(t, uri.String())
	_ = createsAtOnce(t, repo, repo) // on each connection
	added := make(chan error, 1)
	go func() {
		for _, table := range []string{"users", "keys", "usage", "changes", "change_counter", "usage_hours", "usage_days", "flushes", "tokens"} {
			_, err := admin.ExecContext(t.Context(), "ALTER TABLE "+uri.Path[1:]+".ginauth_"+table+" ADD COLUMN extra bigint NOT NULL DEFAULT 0 FIRST")
			if err != nil {
				added <- err
				return
			}
		}
		close(added)
	}()
	for going := true; going; {
		select {
		case err := <-added:
			if going = false; err != nil {
				t.Fatal(err)
			}
		default:
		}
		keepsPromises(t, repo, repo)
	}
	keepsPromises(t, repo, repo)
}
