package postgres_test

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/url"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/ginauth/ginauth/internal/test/testdatabase"
	"github.com/ginauth/ginauth/internal/test/testservers"
	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/repository"
	"github.com/ginauth/ginauth/repository/internal/gormrepo"
	"github.com/ginauth/ginauth/repository/postgres"
)

func attribution() repository.Attribution {
	return repository.Attribution{Actor: "test", At: time.Date(2026, time.July, 1, 12, 0, 0, 0, time.UTC)}
}

func newKey() models.APIKey {
	id := uuid.Must(uuid.NewV7()).String()
	hash := sha256.Sum256([]byte(id))
	return models.APIKey{ID: id, Hash: hash[:], Name: "\\x41 'quoted'", CreationDate: attribution().At}
}

func createKey(ctx context.Context, t *testing.T, repo repository.Repository) models.APIKey {
	t.Helper()
	key := newKey()
	if err := repo.CreateKey(ctx, attribution(), key, repository.CreateKeyOptions{}); err != nil {
		t.Fatalf("CreateKey: %v", err)
	}
	return key
}

// exercise makes each kind of call, over two processes' repositories on one
// database. Each reads the writes of the other; and none fails.
func exercise(t *testing.T, here, there repository.Repository) {
	t.Helper()
	ctx := t.Context()
	succeeds := func(doing string, err error) {
		t.Helper()
		if err != nil {
			t.Fatalf("%s: %v", doing, err)
		}
	}
	begin, err := there.LatestChange(ctx)
	succeeds("LatestChange", err)
	key := createKey(ctx, t, here)
	found, err := there.KeyByHash(ctx, key.Hash)
	succeeds("KeyByHash", err)
	if string(found.Hash) != string(key.Hash) || found.Name != key.Name || !found.CreationDate.Equal(key.CreationDate) {
		t.Errorf("the key that was read is %+v", found)
	}
	user := models.User{ID: uuid.NewString(), CreationDate: attribution().At}
	user.CanonicalUsername, user.CanonicalEmail = user.ID, user.ID
	first := newKey()
	first.UserID = user.ID
	succeeds("CreateUser", there.CreateUser(ctx, attribution(), user, first))
	token := models.Token{Hash: []byte("\\\x00\x01"), UserID: user.ID, ExpirationDate: attribution().At.Add(time.Hour)}
	succeeds("AddToken", there.AddToken(ctx, token))
	tokens, err := here.TokensByUser(ctx, user.ID)
	succeeds("TokensByUser", err)
	if len(tokens) != 1 || string(tokens[0].Hash) != string(token.Hash) {
		t.Errorf("the tokens are %+v", tokens)
	}
	taken, again := user, newKey()
	taken.ID, taken.CanonicalEmail, again.UserID = uuid.NewString(), "other", taken.ID
	var conflict *repository.ConflictError
	if err := here.CreateUser(ctx, attribution(), taken, again); !errors.As(err, &conflict) || conflict.Field != "username" {
		t.Errorf("a taken username is answered %v", err)
	}
	_, err = here.UserByID(ctx, user.ID)
	succeeds("UserByID", err)
	_, _, err = there.RenewKey(ctx, attribution(), key.ID, repository.Renewal{Expiration: attribution().At.Add(time.Hour)})
	succeeds("RenewKey", err)
	_, err = here.RevokeKey(ctx, attribution(), key.ID)
	succeeds("RevokeKey", err)
	if found, err := there.KeyByHash(ctx, key.Hash); err != nil || !found.IsRevoked() {
		t.Errorf("the revoked key is read as %+v (%v)", found, err)
	}
	if _, err := there.KeyByHash(ctx, []byte("unknown")); !errors.Is(err, repository.ErrNotFound) {
		t.Errorf("an unknown key is answered %v", err)
	}
	flush := repository.Flush{Node: uuid.NewString(), Number: 1}
	flush.Usages = []models.Usage{{KeyID: key.ID, TotalQueries: 3, LatestQueryDate: attribution().At}}
	flush.Hours = []models.HourUsage{{KeyID: key.ID, Route: "/", Hour: attribution().At, TotalQueries: 3}}
	succeeds("AddUsage", here.AddUsage(ctx, flush))
	listed, err := there.ListKeys(ctx, repository.KeyFilter{KeyID: key.ID}, repository.Page{Sort: repository.SortTotalQueries, Limit: 10})
	succeeds("ListKeys", err)
	if len(listed.Rows) != 1 || listed.Rows[0].TotalQueries != 3 || !listed.Rows[0].IsRevoked() {
		t.Errorf("the list is %+v", listed.Rows)
	}
	series, err := here.UsageSeries(ctx, repository.SeriesFilter{KeyID: key.ID}, repository.SeriesPage{Interval: repository.IntervalDay, By: repository.Breakdown{Key: true}, Limit: 10})
	succeeds("UsageSeries", err)
	if len(series.Rows) != 1 || series.Rows[0].TotalQueries != 3 {
		t.Errorf("the series is %+v", series.Rows)
	}
	users, err := there.ListUsers(ctx, repository.UserFilter{ID: user.ID}, repository.Page{Sort: repository.SortID, Limit: 10})
	succeeds("ListUsers", err)
	if len(users.Rows) != 1 {
		t.Errorf("the users are %+v", users.Rows)
	}
	entries, err := there.Changes(ctx, begin, 100)
	succeeds("Changes", err)
	if len(entries) != 5 {
		t.Errorf("the log has %d new entries, want 5", len(entries))
	}
	createAtOnce(t, here, there)
	entries, err = here.Changes(ctx, begin, 100)
	succeeds("Changes", err)
	if len(entries) != 5+concurrency {
		t.Errorf("the log has %d new entries, want %d", len(entries), 5+concurrency)
	}
	succeeds("DeleteKey", there.DeleteKey(ctx, attribution(), key.ID))
	succeeds("DeleteUser", here.DeleteUser(ctx, attribution(), user.ID, repository.DeleteUserOptions{}))
}

// concurrency is how many keys are created at once.
const concurrency = 50

// createAtOnce creates keys and looks them up, by way of several repositories.
func createAtOnce(t *testing.T, repos ...repository.Repository) {
	t.Helper()
	errs := make([]error, concurrency)
	var group sync.WaitGroup
	for i := range concurrency {
		group.Go(func() {
			key := newKey()
			errs[i] = repos[i%len(repos)].CreateKey(t.Context(), attribution(), key, repository.CreateKeyOptions{})
			_, err := repos[(i+1)%len(repos)].KeyByHash(t.Context(), key.Hash)
			errs[i] = errors.Join(errs[i], err)
		})
	}
	group.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Errorf("creating keys at once: %v", err)
	}
}

// account is a role with a database of its own, on the test server.
type account struct {
	*testing.T
	admin *sql.DB
	uri   *url.URL
	name  string
}

// newAccount makes a role and its database; the test drops them when it ends.
func newAccount(t *testing.T) account {
	t.Helper()
	testdatabase.New(t, "postgres") // skips the test where there is no server
	return newAccountAt(t, os.Getenv("GINAUTH_TEST_POSTGRES_URI"))
}

func newAccountAt(t *testing.T, server string) account {
	t.Helper()
	admin, err := sql.Open("pgx", server)
	if err != nil {
		t.Fatal(err)
	}
	uri, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	a := account{t, admin, uri, fmt.Sprintf("ginauth_test_%x", rand.Uint64())}
	a.uri.User, a.uri.Path, a.uri.RawQuery = url.UserPassword(a.name, "secret"), "/"+a.name, ""
	a.exec("CREATE ROLE %s LOGIN PASSWORD 'secret'", a.name)
	a.exec("CREATE DATABASE %s OWNER %s", a.name, a.name)
	t.Cleanup(func() {
		defer func() { _ = admin.Close() }()
		a.exec("DROP DATABASE %s WITH (FORCE)", a.name)
		a.exec("DROP ROLE %s", a.name)
	})
	return a
}

func (a account) exec(statement string, args ...any) {
	a.Helper()
	if _, err := a.admin.ExecContext(context.Background(), fmt.Sprintf(statement, args...)); err != nil {
		a.Fatalf("%s: %v", statement, err)
	}
}

// set changes a default of the role.
func (a account) set(name, value string) {
	a.Helper()
	a.exec("ALTER ROLE %s SET %s = %s", a.name, name, value)
}

func (a account) open(options ...repository.Option) repository.Repository {
	a.Helper()
	return openURI(a.T, a.uri.String(), options...)
}

// pooler starts a pooler in front of the test server and returns the URI of the
// account's database there.
func (a account) pooler(settings string) (*testservers.Pooler, *url.URL) {
	a.Helper()
	pooler, err := testservers.StartPooler(a.Context(), a.uri.String(), "user="+a.name, settings)
	if err != nil {
		a.Fatal(err)
	}
	a.Cleanup(func() {
		if err := pooler.Stop(); err != nil {
			a.Error(err)
		}
	})
	uri := *a.uri
	located, err := url.Parse(pooler.URI)
	if err != nil {
		a.Fatal(err)
	}
	uri.Host = located.Host
	return pooler, &uri
}

func openURI(t *testing.T, uri string, options ...repository.Option) repository.Repository {
	t.Helper()
	repo, err := postgres.Open(t.Context(), uri, options...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = repo.Close() })
	return repo
}

// connect opens the account's database without ginauth.
func (a account) connect() *sql.DB {
	a.Helper()
	db, err := sql.Open("pgx", a.uri.String())
	if err != nil {
		a.Fatal(err)
	}
	a.Cleanup(func() { _ = db.Close() })
	return db
}

// disconnect ends all sessions of the role.
func (a account) disconnect() {
	a.Helper()
	a.exec("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '%s'", a.name)
	waitFor(a.T, "the role's sessions to end", func() bool { return a.connections() == 0 })
}

// connections returns how many sessions the role has.
func (a account) connections() (n int) {
	a.Helper()
	row := a.admin.QueryRowContext(context.Background(), "SELECT count(*) FROM pg_stat_activity WHERE usename = $1", a.name)
	if err := row.Scan(&n); err != nil {
		a.Fatal(err)
	}
	return n
}

func waitFor(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !holds(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("there was no end of waiting for %s", what)
		}
	}
}

func isReadOnly(t *testing.T, doing string, err error) {
	t.Helper()
	if !errors.Is(err, gormrepo.ErrReadOnly) || errors.Is(err, repository.ErrNotFound) {
		t.Errorf("%s on a server that may not write returns %v", doing, err)
	}
}
