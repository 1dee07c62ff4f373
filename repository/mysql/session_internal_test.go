package mysql

import (
	"context"
	"database/sql/driver"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	mysqldriver "github.com/go-sql-driver/mysql"
	"github.com/google/uuid"

	"github.com/ginauth/ginauth/internal/test/testdatabase"
	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/repository"
	"github.com/ginauth/ginauth/repository/internal/gormrepo"
)

// pooler is a connector whose sessions another client changes: each connection
// that is taken from a pool again has had the statement run on it.
type pooler struct {
	connector
	leak atomic.Pointer[string]
}

// Connect implements driver.Connector.
func (p *pooler) Connect(ctx context.Context) (driver.Conn, error) {
	opened, err := p.connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return &leakyConn{opened.(*conn), p}, nil
}

type leakyConn struct {
	*conn
	pooler *pooler
}

// ResetSession implements driver.SessionResetter.
func (c *leakyConn) ResetSession(ctx context.Context) error {
	if err := c.conn.ResetSession(ctx); err != nil {
		return err
	}
	if leak := c.pooler.leak.Load(); leak != nil {
		if _, err := c.ExecContext(ctx, *leak, nil); err != nil {
			return err
		}
	}
	return nil
}

// throughPooler opens an empty database by way of a pooler, and beside it.
func throughPooler(t *testing.T) (leaky, direct repository.Repository, p *pooler) {
	t.Helper()
	uri := testdatabase.New(t, "mysql").String()
	config, err := parse(uri)
	if err != nil {
		t.Fatal(err)
	}
	plain, err := mysqldriver.NewConnector(config)
	if err != nil {
		t.Fatal(err)
	}
	found, err := examine(t.Context(), plain)
	if err != nil {
		t.Fatal(err)
	}
	p = &pooler{connector: connector{plain, found}}
	leaky, err = gormrepo.OpenServer(t.Context(), gormrepo.Server{Connector: p, Dialector: dialector, Backend: newBackend(found)})
	if err != nil {
		t.Fatal(err)
	}
	direct, err = Open(t.Context(), uri)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = leaky.Close(), direct.Close() })
	return leaky, direct, p
}

func attribution() repository.Attribution {
	return repository.Attribution{Actor: "admin", At: time.Now()}
}

func newKey() models.APIKey {
	id := uuid.Must(uuid.NewV7())
	return models.APIKey{ID: id.String(), Hash: append(id[:], id[:]...), Name: "billing", CreationDate: time.Now()}
}

// A pooler may lose what was set when a connection was made. A read on
// such a session is no answer, and nothing written there is ever cut.
func TestSessionThatIsLost(t *testing.T) {
	t.Parallel()
	for _, leak := range []string{
		"SET SESSION autocommit = 0", "SET SESSION TRANSACTION ISOLATION LEVEL READ UNCOMMITTED", "SET SESSION sql_mode = ''",
		"SET SESSION unique_checks = 0", "SET SESSION wsrep_sync_wait = 0", "SET SESSION sql_select_limit = 1",
		"SET SESSION completion_type = 1", "SET SESSION TRANSACTION READ ONLY",
	} {
		t.Run(leak, func(t *testing.T) {
			t.Parallel()
			leaky, direct, p := throughPooler(t)
			key, cut := newKey(), newKey()
			cut.Name = strings.Repeat("x", 1025)
			if err := leaky.CreateKey(t.Context(), attribution(), key, repository.CreateKeyOptions{}); err != nil {
				t.Fatal(err)
			}
			p.leak.Store(&leak)
			for range 20 { // which would open an old snapshot on each connection
				_, _ = leaky.KeyByHash(t.Context(), key.Hash)
			}
			if err := leaky.CreateKey(t.Context(), attribution(), cut, repository.CreateKeyOptions{}); err == nil {
				t.Error("a name that is too long is stored")
			}
			if _, err := direct.RevokeKey(t.Context(), attribution(), key.ID); err != nil {
				t.Fatal(err)
			}
			for range 20 {
				found, err := leaky.KeyByHash(t.Context(), key.Hash)
				if errors.Is(err, repository.ErrNotFound) || err == nil && !found.IsRevoked() {
					t.Fatalf("a session that was lost answers %+v, %v", found, err)
				}
			}
			p.leak.Store(nil)
			if found, err := leaky.KeyByHash(t.Context(), key.Hash); err != nil || !found.IsRevoked() {
				t.Errorf("a session as it was set answers %+v, %v", found, err)
			}
		})
	}
}

// Statements for a server name only variables that it knows, whichever of the
// family it is.
func TestServersOfTheFamily(t *testing.T) {
	for name, c := range map[string]struct {
		settings map[string]string
		has, not []string
	}{
		"MySQL 8":           {map[string]string{"transaction_isolation": ""}, []string{"transaction_isolation"}, []string{"tx_isolation", "wsrep", "group_replication"}},
		"MariaDB 10":        {map[string]string{"tx_isolation": "", "wsrep_sync_wait": ""}, []string{"tx_isolation", "wsrep_sync_wait & 1", "wsrep_dirty_reads"}, []string{"transaction_isolation", "group_replication"}},
		"Group Replication": {map[string]string{"transaction_isolation": "", "group_replication_group_name": "a"}, []string{"group_replication_consistency"}, []string{"wsrep"}},
	} {
		s := server{c.settings}
		said := strings.Join(append(s.opening(), s.mayWrite()), "; ")
		for _, part := range c.has {
			if !strings.Contains(said, part) {
				t.Errorf("%s is not told %s: %s", name, part, said)
			}
		}
		for _, part := range c.not {
			if strings.Contains(said, part) {
				t.Errorf("%s is told %s: %s", name, part, said)
			}
		}
	}
}

// Each setting that puts acknowledged changes at risk is told with what may be
// lost; a server that is set up for durability is not warned about.
func TestWarnings(t *testing.T) {
	durable := func() map[string]string {
		return map[string]string{"innodb_flush_log_at_trx_commit": "1", "log_bin": "ON", "sync_binlog": "1", "innodb_doublewrite": "ON"}
	}
	if warnings := (server{durable()}).warnings(); len(warnings) != 0 {
		t.Errorf("a durable server is warned about: %q", warnings)
	}
	for name, values := range map[string][]string{
		"innodb_flush_log_at_trx_commit": {"0", "2"}, "sync_binlog": {"0", "1000"}, "innodb_doublewrite": {"OFF", "DETECT_ONLY"},
	} {
		for _, value := range values {
			settings := durable()
			settings[name] = value
			warnings := server{settings}.warnings()
			if len(warnings) != 1 || !strings.Contains(warnings[0], name) || !strings.Contains(warnings[0], "lost") && !strings.Contains(warnings[0], "missing") {
				t.Errorf("%s = %s is told as %q", name, value, warnings)
			}
		}
	}
}

// A server on which some call would fail for ever stops the start by name.
func TestServersThatAreRefused(t *testing.T) {
	for name, value := range map[string]string{"max_allowed_packet": "1048576", "enforce_storage_engine": "Aria"} {
		if err := (server{map[string]string{name: value}}).check(); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s = %s is told as %v", name, value, err)
		}
	}
	if err := (server{map[string]string{"max_allowed_packet": "16777216", "enforce_storage_engine": "innodb"}}).check(); err != nil {
		t.Error(err)
	}
}

// A transaction that does not begin since somebody has changed the session says
// which variable that was.
func TestChangedSessionIsNamed(t *testing.T) {
	t.Parallel()
	_, _, p := throughPooler(t)
	for change, variable := range map[string]string{
		"SET SESSION autocommit = 0": "autocommit", "SET SESSION sql_mode = ''": "sql_mode", "SET SESSION unique_checks = 0": "unique_checks",
		"SET SESSION foreign_key_checks = 0": "foreign_key_checks", "SET SESSION max_sort_length = 64": "max_sort_length",
		"SET SESSION sql_select_limit = 1": "sql_select_limit", "SET SESSION wsrep_sync_wait = 0": "wsrep_sync_wait",
		"SET NAMES latin1": "character_set_client",
	} {
		opened, err := p.connector.Connect(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		c := opened.(*conn)
		if _, err := c.ExecContext(t.Context(), change, nil); err != nil {
			t.Fatalf("%s: %v", change, err)
		}
		_, err = c.BeginTx(t.Context(), driver.TxOptions{})
		if !errors.Is(err, gormrepo.ErrReadOnly) || !strings.HasPrefix(err.Error(), variable+" of the session") {
			t.Errorf("after %s a transaction says %v", change, err)
		}
	}
}
