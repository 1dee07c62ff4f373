package postgres_test

import (
	"strings"
	"testing"
)

// Defaults that the server, the database or the role has do not matter.
func TestHostileDefaults(t *testing.T) {
	for name, settings := range map[string][]string{
		"isolation":         {"default_transaction_isolation=serializable", "default_transaction_deferrable=on"},
		"repeatable read":   {"default_transaction_isolation='repeatable read'"},
		"time limits":       {"statement_timeout=1", "lock_timeout=1", "idle_in_transaction_session_timeout=1"},
		"idle sessions":     {"idle_session_timeout=1"},
		"text":              {"client_encoding='LATIN1'", "standard_conforming_strings=off", "bytea_output=escape", "backslash_quote=off"},
		"dates":             {"DateStyle='SQL, DMY'", "TimeZone='Asia/Kathmandu'", "IntervalStyle=sql_standard"},
		"another schema":    {"search_path=elsewhere,public"},
		"late commits":      {"synchronous_commit=off"},
		"planner":           {"enable_indexscan=off", "plan_cache_mode=force_generic_plan", "transform_null_equals=on"},
		"floating numbers":  {"extra_float_digits=-15", "xmloption=document"},
		"several at a time": {"default_transaction_isolation=serializable", "statement_timeout=1", "bytea_output=escape", "client_encoding='SQL_ASCII'"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newAccount(t)
			for _, setting := range settings {
				name, value, _ := strings.Cut(setting, "=")
				a.set(name, value)
			}
			if name == "another schema" {
				elsewhere := a.connect()
				if _, err := elsewhere.ExecContext(t.Context(), "CREATE SCHEMA elsewhere"); err != nil {
					t.Fatal(err)
				}
			}
			exercise(t, a.open(), a.open())
		})
	}
}

// The same defaults behind a pooler, which keeps ginauth from lifting those for
// single statements.
func TestHostileDefaultsBehindAPooler(t *testing.T) {
	a := newAccount(t)
	for _, setting := range []string{
		"default_transaction_isolation=serializable", "default_transaction_deferrable=on", "lock_timeout=1",
		"synchronous_commit=off", "idle_in_transaction_session_timeout=1", "TimeZone='Asia/Kathmandu'",
	} {
		name, value, _ := strings.Cut(setting, "=")
		a.set(name, value)
	}
	_, uri := a.pooler("")
	exercise(t, openURI(t, uri.String()), openURI(t, uri.String()))
}

// Each commit is on disk before it is acknowledged, whatever the role's default;
// what waits for the standby to apply it stays so.
func TestSynchronousCommit(t *testing.T) {
	for value, want := range map[string]string{"off": "on", "local": "on", "remote_write": "on", "on": "on", "remote_apply": "remote_apply"} {
		t.Run(value, func(t *testing.T) {
			t.Parallel()
			a := newAccount(t)
			a.set("synchronous_commit", value)
			repo := a.open()
			db := a.connect()
			for _, statement := range []string{
				"CREATE TABLE seen (value text)",
				"CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO seen VALUES (current_setting('synchronous_commit')); RETURN NEW; END $$",
				"CREATE TRIGGER note BEFORE INSERT ON ginauth_changes FOR EACH ROW EXECUTE FUNCTION note()",
			} {
				if _, err := db.ExecContext(t.Context(), statement); err != nil {
					t.Fatal(err)
				}
			}
			createKey(t.Context(), t, repo)
			var seen string
			if err := db.QueryRowContext(t.Context(), "SELECT value FROM seen").Scan(&seen); err != nil || seen != want {
				t.Errorf("synchronous_commit is %q, want %q (%v)", seen, want, err)
			}
		})
	}
}

// A server that was told to take no writes is not written to, though each
// transaction says that it writes.
func TestFencedServer(t *testing.T) {
	a := newAccount(t)
	repo := a.open()
	key := createKey(t.Context(), t, repo)
	a.set("default_transaction_read_only", "on")
	a.disconnect()
	_, revoked := repo.RevokeKey(t.Context(), attribution(), key.ID)
	_, found := repo.KeyByHash(t.Context(), key.Hash)
	_, followed := repo.LatestChange(t.Context())
	for doing, err := range map[string]error{"RevokeKey": revoked, "KeyByHash": found, "LatestChange": followed} {
		isReadOnly(t, doing, err)
	}
	a.set("default_transaction_read_only", "off")
	if _, err := repo.RevokeKey(t.Context(), attribution(), key.ID); err != nil {
		t.Errorf("after the fence was lifted: %v", err)
	}
}

// A server that speaks another language says what is taken all the same, directly
// and through a pooler.
func TestServerInAnotherLanguage(t *testing.T) {
	a := newAccount(t)
	if _, err := a.admin.ExecContext(t.Context(), "ALTER ROLE "+a.name+" SET lc_messages = 'de_DE.UTF-8'"); err != nil {
		t.Fatalf("%v; .ci/install makes the locale", err)
	}
	_, err := a.connect().ExecContext(t.Context(), "SELECT 1/0")
	if err == nil || !strings.Contains(err.Error(), "Division durch Null") {
		t.Fatalf("the server does not speak German: %v", err)
	}
	exercise(t, a.open(), a.open())
	_, uri := a.pooler("")
	exercise(t, openURI(t, uri.String()), openURI(t, uri.String()))
}
