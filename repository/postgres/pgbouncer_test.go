package postgres_test

import (
	"fmt"
	"math/rand/v2"
	"net/url"
	"strings"
	"testing"

	"github.com/ginauth/ginauth/repository"
	"github.com/ginauth/ginauth/repository/repositorytest"
)

// withQuery returns the URI with a parameter.
func withQuery(uri *url.URL, name, value string) string {
	changed, query := *uri, uri.Query()
	query.Set(name, value)
	changed.RawQuery = query.Encode()
	return changed.String()
}

// Two processes work through a pooler whose sessions others have used before.
func TestPgBouncer(t *testing.T) {
	a := newAccount(t)
	_, uri := a.pooler("default_pool_size=4")
	here, there := openURI(t, uri.String()), openURI(t, uri.String())
	for range 2 {
		exercise(t, here, there)
		warm(t, here)
		warm(t, there)
	}
	exercise(t, a.open(), here) // one that does without the pooler
	if _, listens := here.(repository.Notifier); listens {
		t.Error("changes are listened for through a pooler, which tells of none")
	}
}

// A mode that the URI names is used if it can work, and refused with a sentence if it
// cannot.
func TestWaysOfAskingBehindPgBouncer(t *testing.T) {
	a := newAccount(t)
	_, uri := a.pooler("")
	for _, mode := range []string{"exec", "simple_protocol", "cache_describe"} {
		t.Run(mode, func(t *testing.T) {
			exercise(t, openURI(t, withQuery(uri, "default_query_exec_mode", mode)), openURI(t, uri.String()))
		})
	}
	for _, mode := range []string{"cache_statement", "describe_exec"} {
		if err := refuses(t, withQuery(uri, "default_query_exec_mode", mode)); !strings.Contains(err.Error(), "default_query_exec_mode") {
			t.Errorf("the error does not name the parameter: %v", err)
		}
	}
}

// A pooler that gives each client a session of its own keeps what is prepared.
func TestPgBouncerInSessionMode(t *testing.T) {
	a := newAccount(t)
	_, uri := a.pooler("pool_mode=session\ndefault_pool_size=60")
	exercise(t, openURI(t, withQuery(uri, "default_query_exec_mode", "cache_statement")), openURI(t, uri.String()))
}

// Bytes that would be misread are refused at the start.
func TestByteaOutputBehindPgBouncer(t *testing.T) {
	a := newAccount(t)
	a.set("bytea_output", "escape")
	_, uri := a.pooler("")
	if err := refuses(t, uri.String()); !strings.Contains(err.Error(), "bytea_output") {
		t.Errorf("the error does not name the setting: %v", err)
	}
}

// A pooler that takes few clients is no outage.
func TestPgBouncerTakesFewClients(t *testing.T) {
	a := newAccount(t)
	_, uri := a.pooler("max_client_conn=5")
	repo := openURI(t, uri.String())
	exercise(t, repo, repo)
}

// The operator is told what is at risk.
func TestWarnings(t *testing.T) {
	a := newAccount(t)
	a.set("statement_timeout", "1000")
	_, uri := a.pooler("")
	for uri, settings := range map[string][]string{a.uri.String(): {"fsync"}, uri.String(): {"fsync", "statement_timeout"}} {
		warnings := openURI(t, uri).(repository.Advisor).Warnings()
		if len(warnings) != len(settings) {
			t.Errorf("the warnings are %q, want ones of %v", warnings, settings)
			continue
		}
		for i, name := range settings {
			if !strings.Contains(warnings[i], name) {
				t.Errorf("the warning %q does not name %s", warnings[i], name)
			}
		}
	}
}

// The whole contract is kept behind a pooler that gives each transaction another
// session.
func TestConformanceBehindPgBouncer(t *testing.T) {
	a := newAccount(t)
	_, uri := a.pooler("default_pool_size=4\nmax_client_conn=2000")
	repositorytest.Run(t, func(t *testing.T) repository.Repository {
		located := *uri
		located.Path = fmt.Sprintf("/%s_%x", a.name, rand.Uint64())
		a.exec("CREATE DATABASE %s OWNER %s", located.Path[1:], a.name)
		t.Cleanup(func() { a.exec("DROP DATABASE %s WITH (FORCE)", located.Path[1:]) })
		return openURI(t, located.String())
	})
}
