package postgres_test

import (
	"errors"
	"net/url"
	"strings"
	"testing"

	"github.com/ginauth/ginauth/internal/test/faults"
	"github.com/ginauth/ginauth/internal/test/testdatabase"
	"github.com/ginauth/ginauth/internal/test/testservers"
	"github.com/ginauth/ginauth/repository"
	"github.com/ginauth/ginauth/repository/internal/gormrepo"
	"github.com/ginauth/ginauth/repository/postgres"
)

// refuses returns the error with which a database is not opened.
func refuses(t *testing.T, uri string) error {
	t.Helper()
	return faults.Opener(postgres.Open).Refuses(t, t.Context(), uri)
}

// A server where nothing can be revoked must not be relied on.
func TestReadOnlyServer(t *testing.T) {
	uri := testdatabase.New(t, "postgres")
	query := uri.Query()
	query.Set("default_transaction_read_only", "on")
	uri.RawQuery = query.Encode()
	if err := refuses(t, uri.String()); !errors.Is(err, gormrepo.ErrReadOnly) {
		t.Errorf("the error is %v", err)
	}
}

// A standby answers every read and would never let a key be revoked.
func TestHotStandby(t *testing.T) {
	primary := testdatabase.OwnServer(t, "postgres")
	standby := testdatabase.Started(t)(testservers.StartStandby(t.Context(), primary))
	if err := refuses(t, standby.URI); !errors.Is(err, gormrepo.ErrReadOnly) {
		t.Errorf("the error is %v", err)
	}
}

// A standby that takes the place of a primary that is gone is not read, nor is
// its change log followed.
func TestStandbyInThePlaceOfThePrimary(t *testing.T) {
	primary := testdatabase.OwnServer(t, "postgres")
	standby := testdatabase.Started(t)(testservers.StartStandby(t.Context(), primary))
	uri, err := url.Parse(primary.URI)
	if err != nil {
		t.Fatal(err)
	}
	other, err := url.Parse(standby.URI)
	if err != nil {
		t.Fatal(err)
	}
	uri.Host += "," + other.Host
	repo, err := postgres.Open(t.Context(), uri.String())
	if err != nil {
		t.Fatal(err)
	}
	defer repo.Close()
	primary.Kill()
	for range 3 {
		if _, err := repo.LatestChange(t.Context()); err == nil {
			t.Error("the standby's change log is read")
		}
		if _, err := repo.KeyByHash(t.Context(), []byte("hash")); err == nil || errors.Is(err, repository.ErrNotFound) {
			t.Errorf("the standby's keys are read: %v", err)
		}
	}
	if _, err := repo.LatestChange(t.Context()); !errors.Is(err, gormrepo.ErrReadOnly) {
		t.Errorf("the error is %v", err)
	}
}

// The throwaway server believes every password, but not every name.
func TestRefusedLogin(t *testing.T) {
	uri := testdatabase.New(t, "postgres")
	uri.User = url.UserPassword("nobody", "hunter2")
	if err := refuses(t, uri.String()); !strings.Contains(err.Error(), "nobody") {
		t.Errorf("the error does not name the account: %v", err)
	}
}

func TestMissingDatabase(t *testing.T) {
	uri := testdatabase.New(t, "postgres")
	uri.Path = "/missing"
	if err := refuses(t, uri.String()); !strings.Contains(err.Error(), "missing") {
		t.Errorf("the error does not name the database: %v", err)
	}
}

func TestURIsThatCannotBeUsed(t *testing.T) {
	for _, uri := range []string{
		"", "hunter2", "mysql://ada:hunter2@127.0.0.1/name", "postgresql://ada:hunter2@127.0.0.1:99999/name",
		"postgresql://ada:hunter2@[::1/name", "postgresql://ada:hunter2%zz@127.0.0.1/name",
		"postgresql://ada:hunter2@127.0.0.1:1/name", "postgresql://ada:h%75nter2@127.0.0.1:1/name",
		"postgresql://127.0.0.1:1/name?user=ada&password=hunter2", "postgresql://127.0.0.1:1/name?password=hunter2&sslmode=perhaps",
		"postgresql://ada@127.0.0.1:1/name?password=h%75nter2", "postgresql://ada@127.0.0.1:1/name?sslmode=prefer&sslpassword=hunter2",
		"postgresql://ada@127.0.0.1:1/name?sslmode=require&sslkey=/missing&sslcert=/missing&sslpassword=hunter2",
		"postgresql://ada@127.0.0.1:1/name?password=hunter2&connect_timeout=soon",
		"postgresql://ada@127.0.0.1:1/name?passfile=/missing&password=hunter2",
		"host=127.0.0.1 port=1 user=ada password=hunter2", "postgresql://ada:hunter2@127.0.0.1:1,127.0.0.1:2/name",
	} {
		_ = refuses(t, uri)
	}
}

// A URI that looks for a server that takes no writes is refused with a sentence.
func TestTargetSessionAttributes(t *testing.T) {
	uri := testdatabase.New(t, "postgres")
	for _, attributes := range []string{"read-only", "standby", "prefer-standby"} {
		if err := refuses(t, withQuery(uri, "target_session_attrs", attributes)); !strings.Contains(err.Error(), "target_session_attrs") {
			t.Errorf("the error does not name the parameter: %v", err)
		}
	}
}

// Of several hosts the one that takes writes is used, also after a failover.
func TestFailoverAmongSeveralHosts(t *testing.T) {
	primary := testdatabase.OwnServer(t, "postgres")
	standby := testdatabase.Started(t)(testservers.StartStandby(t.Context(), primary))
	for _, attributes := range []string{"read-write", "primary", "any"} {
		located, err := url.Parse(standby.URI)
		if err != nil {
			t.Fatal(err)
		}
		located.Host += "," + strings.Split(strings.Split(primary.URI, "@")[1], "/")[0]
		repo := openURI(t, withQuery(located, "target_session_attrs", attributes))
		createKey(t.Context(), t, repo)
	}
}

// The first of several hosts that answers is used.
func TestSeveralHosts(t *testing.T) {
	uri := testdatabase.New(t, "postgres")
	uri.Host = "127.0.0.1:1," + uri.Host
	repo, err := postgres.Open(t.Context(), uri.String())
	if err != nil {
		t.Fatal(err)
	}
	_ = repo.Close()
}
