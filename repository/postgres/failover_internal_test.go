package postgres

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"github.com/ginauth/ginauth/internal/test/testdatabase"
	"github.com/ginauth/ginauth/internal/test/testservers"
	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/repository"
	"github.com/ginauth/ginauth/repository/internal/gormrepo"
)

// cluster is a primary, a standby that lags behind, and two poolers.
type cluster struct {
	*testing.T
	primary, standby *testservers.Server
	// reading and following are what leads to either.
	reading, following *testservers.Pooler
	admin, copied      *sql.DB
}

func newCluster(t *testing.T) cluster {
	t.Helper()
	c := cluster{T: t, primary: testdatabase.OwnServer(t, "postgres")}
	c.standby = testdatabase.Started(t)(testservers.StartStandby(t.Context(), c.primary))
	c.reading, c.following = c.pooler(), c.pooler()
	c.admin, c.copied = c.sql(c.primary), c.sql(c.standby)
	return c
}

func (c cluster) pooler() *testservers.Pooler {
	c.Helper()
	pooler, err := testservers.StartPooler(c.Context(), c.primary.URI, "user=postgres", "")
	if err != nil {
		c.Fatal(err)
	}
	c.Cleanup(func() { _ = pooler.Stop() })
	return pooler
}

func (c cluster) sql(server *testservers.Server) *sql.DB {
	c.Helper()
	db, err := sql.Open("pgx", server.URI)
	if err != nil {
		c.Fatal(err)
	}
	c.Cleanup(func() { _ = db.Close() })
	return db
}

func (c cluster) ask(db *sql.DB, query string) (answer string) {
	c.Helper()
	if err := db.QueryRowContext(c.Context(), query).Scan(&answer); err != nil {
		c.Fatalf("%s: %v", query, err)
	}
	return answer
}

// pause keeps the standby as it is, once it has all that there is.
func (c cluster) pause() {
	c.Helper()
	position := c.ask(c.admin, "SELECT pg_current_wal_lsn()::text")
	for c.ask(c.copied, "SELECT (pg_last_wal_replay_lsn() >= '"+position+"'::pg_lsn)::text") != "true" {
		time.Sleep(5 * time.Millisecond)
	}
	if _, err := c.copied.ExecContext(c.Context(), "SELECT pg_wal_replay_pause()"); err != nil {
		c.Fatal(err)
	}
	for c.ask(c.copied, "SELECT pg_get_wal_replay_pause_state()") != "paused" {
		time.Sleep(5 * time.Millisecond)
	}
}

func (c cluster) lead(pooler *testservers.Pooler, to *testservers.Server) {
	c.Helper()
	if err := pooler.PointTo(c.Context(), to.URI); err != nil {
		c.Fatal(err)
	}
}

// openSplit opens a repository that follows the change log by way of one pooler
// and does all else by way of the other.
func (c cluster) openSplit() repository.Repository {
	c.Helper()
	backend := backend(true)
	pool := func(uri string, size int) *gorm.DB {
		config, mode, err := parse(uri)
		if err != nil {
			c.Fatal(err)
		}
		found, err := look(c.Context(), config, mode)
		if err != nil {
			c.Fatal(err)
		}
		pool := sql.OpenDB(newConnector(found.config))
		pool.SetMaxOpenConns(size)
		db, err := gorm.Open(dialector(pool), gormrepo.Config())
		if err != nil {
			c.Fatal(err)
		}
		return db
	}
	backend.Read, backend.Write, backend.Log = pool(c.reading.URI, 4), pool(c.reading.URI, 4), pool(c.following.URI, 1)
	repo, err := gormrepo.New(c.Context(), backend)
	if err != nil {
		c.Fatal(err)
	}
	c.Cleanup(func() { _ = repo.Close() })
	return repo
}

func attribution() repository.Attribution {
	return repository.Attribution{Actor: "test", At: time.Date(2026, time.July, 1, 12, 0, 0, 0, time.UTC)}
}

func (c cluster) createKey(repo repository.Repository) models.APIKey {
	c.Helper()
	id := uuid.NewString()
	hash := sha256.Sum256([]byte(id))
	key := models.APIKey{ID: id, Hash: hash[:], CreationDate: attribution().At}
	if err := repo.CreateKey(c.Context(), attribution(), key, repository.CreateKeyOptions{}); err != nil {
		c.Fatal(err)
	}
	return key
}

// The pooler leads connections that exist to a standby that lags behind, while
// the log is followed at the primary: nothing that the standby says is believed,
// neither that a revoked key is good nor that a new one is unknown.
func TestKeysAtTheStandbyLogAtThePrimary(t *testing.T) {
	c := newCluster(t)
	repo := c.openSplit()
	direct, err := Open(t.Context(), c.primary.URI)
	if err != nil {
		t.Fatal(err)
	}
	defer direct.Close()
	revoked := c.createKey(repo)
	c.useEveryConnection(repo, revoked)
	c.pause()
	if _, err := direct.RevokeKey(t.Context(), attribution(), revoked.ID); err != nil {
		t.Fatal(err)
	}
	added := c.createKey(direct)
	c.lead(c.reading, c.standby)
	if entries, err := repo.Changes(t.Context(), repository.Cursor{}, 10); err != nil || len(entries) != 3 {
		t.Errorf("at the primary the log has %d entries (%v)", len(entries), err)
	}
	for range 3 {
		c.refusesAll(repo, revoked, added)
	}
	c.lead(c.reading, c.primary)
	if found, err := repo.KeyByHash(t.Context(), revoked.Hash); err != nil || !found.IsRevoked() {
		t.Errorf("back at the primary the key is %+v (%v)", found, err)
	}
	c.lead(c.following, c.standby)
	if _, err := repo.Changes(t.Context(), repository.Cursor{}, 10); !errors.Is(err, gormrepo.ErrReadOnly) {
		t.Errorf("the standby's log is read: %v", err)
	}
	if _, err := repo.LatestChange(t.Context()); !errors.Is(err, gormrepo.ErrReadOnly) {
		t.Errorf("the standby's log is read: %v", err)
	}
	c.lead(c.following, c.primary)
	c.fence(repo, revoked, added)
}

// fence tells the primary to take no writes, which those that say READ WRITE
// would overrule.
func (c cluster) fence(repo repository.Repository, keys ...models.APIKey) {
	c.Helper()
	for _, fenced := range []string{"on", "off"} {
		for _, statement := range []string{"ALTER SYSTEM SET default_transaction_read_only = " + fenced, "SELECT pg_reload_conf()"} {
			if _, err := c.admin.ExecContext(c.Context(), "SET default_transaction_read_only = off"); err != nil {
				c.Fatal(err)
			}
			if _, err := c.admin.ExecContext(c.Context(), statement); err != nil {
				c.Fatal(err)
			}
		}
		for at := c.sql(c.primary); c.ask(at, "SHOW default_transaction_read_only") != fenced; {
			time.Sleep(5 * time.Millisecond)
		}
		if fenced == "on" {
			c.refusesAll(repo, keys...)
		}
	}
	if _, err := repo.RevokeKey(c.Context(), attribution(), keys[len(keys)-1].ID); err != nil {
		c.Errorf("after the fence was lifted: %v", err)
	}
}

// useEveryConnection has each connection prepared and used.
func (c cluster) useEveryConnection(repo repository.Repository, key models.APIKey) {
	c.Helper()
	errs := make(chan error)
	const calls = 20
	for range calls {
		go func() {
			_, err := repo.KeyByHash(c.Context(), key.Hash)
			errs <- err
		}()
	}
	for range calls {
		if err := <-errs; err != nil {
			c.Error(err)
		}
	}
}

// refusesAll checks that each call fails, and says why.
func (c cluster) refusesAll(repo repository.Repository, keys ...models.APIKey) {
	c.Helper()
	page := repository.Page{Sort: repository.SortID, Limit: 10}
	calls := map[string]func(ctx context.Context) error{
		"UserByID":       func(ctx context.Context) error { _, err := repo.UserByID(ctx, "none"); return err },
		"UserByUsername": func(ctx context.Context) error { _, err := repo.UserByUsername(ctx, "none"); return err },
		"UserByEmail":    func(ctx context.Context) error { _, err := repo.UserByEmail(ctx, "none"); return err },
		"ListUsers": func(ctx context.Context) error {
			_, err := repo.ListUsers(ctx, repository.UserFilter{}, page)
			return err
		},
		"ListKeys": func(ctx context.Context) error {
			_, err := repo.ListKeys(ctx, repository.KeyFilter{}, page)
			return err
		},
		"ListKeys of nothing": func(ctx context.Context) error {
			_, err := repo.ListKeys(ctx, repository.KeyFilter{KeyID: "none"}, page)
			return err
		},
		"UsageSeries": func(ctx context.Context) error {
			_, err := repo.UsageSeries(ctx, repository.SeriesFilter{}, repository.SeriesPage{Interval: repository.IntervalDay, Limit: 10})
			return err
		},
		"AddUsage": func(ctx context.Context) error {
			return repo.AddUsage(ctx, repository.Flush{Node: uuid.NewString(), Number: 1})
		},
		"DeleteKey": func(ctx context.Context) error { return repo.DeleteKey(ctx, attribution(), "none") },
	}
	for _, key := range keys {
		calls["KeyByHash of "+key.ID] = func(ctx context.Context) error { _, err := repo.KeyByHash(ctx, key.Hash); return err }
	}
	for name, call := range calls {
		if err := call(c.Context()); !errors.Is(err, gormrepo.ErrReadOnly) || errors.Is(err, repository.ErrNotFound) {
			c.Errorf("%s on a server that may not write returns %v", name, err)
		}
	}
}
