package mysql_test

import (
	"context"
	"database/sql"
	"errors"
	"testing"
	"time"

	"github.com/ginauth/ginauth/internal/test/testdatabase"
	"github.com/ginauth/ginauth/internal/test/testservers"
	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/repository"
	"github.com/ginauth/ginauth/repository/mysql"
)

// patience is how long a cluster may take to notice something.
const patience = 60 * time.Second

// cluster is a Galera cluster of three nodes, with a repository on each.
type cluster struct {
	nodes  []*testservers.Server
	admins []*sql.DB
	repos  []repository.Repository
}

// A cluster keeps the promises of one server, whatever node is asked.
func TestGalera(t *testing.T) {
	c := cluster{nodes: testdatabase.OwnGalera(t), repos: make([]repository.Repository, 3)}
	for _, node := range c.nodes {
		admin := asAdmin(t, node.URI)
		c.admins = append(c.admins, admin)
		waitFor(t, "the node to take part", func() bool {
			return status(t, admin, "wsrep_ready") == "ON" && status(t, admin, "wsrep_cluster_size") == "3"
		})
	}
	t.Run("processes start at once on an empty cluster", func(sub *testing.T) { c.startAtOnce(sub, t) })
	t.Run("writes through two nodes all succeed", c.writeAtOnce)
	t.Run("changes and counts under load", c.changeUnderLoad)
	t.Run("a node is killed under load and comes back", c.killUnderLoad)
	t.Run("the promises are kept", func(t *testing.T) { keepsPromises(t, c.repos[0], c.repos[1]) })
	t.Run("a node that has lost the others answers nothing", c.isolate)
}

func (c cluster) startAtOnce(t, owner *testing.T) {
	err := atOnce(len(c.nodes), func(i int) (err error) {
		c.repos[i], err = mysql.Open(t.Context(), c.nodes[i].URI)
		return err
	})
	for _, repo := range c.repos {
		if repo != nil {
			owner.Cleanup(func() { _ = repo.Close() })
		}
	}
	if err != nil {
		t.Fatalf("starting at once: %v", err)
	}
}

func (c cluster) writeAtOnce(t *testing.T) {
	const writers, each = 16, 50
	err := atOnce(writers, func(i int) error {
		for range each {
			user, key := newUser()
			if err := c.repos[i%2].CreateUser(t.Context(), attribution(), user, key); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Errorf("creating users through two nodes: %v", err)
	}
	changes, err := c.repos[2].Changes(t.Context(), repository.Cursor{}, 3*writers*each)
	if err != nil || len(changes) != 2*writers*each {
		t.Errorf("the log has %d entries (%v), want %d", len(changes), err, 2*writers*each)
	}
}

// isolate cuts the third node off, revokes a key by way of the others, and
// expects that the third never serves it again; nor anything else, until it has
// come back and caught up.
func (c cluster) isolate(t *testing.T) {
	key := newKey()
	if err := c.repos[0].CreateKey(t.Context(), attribution(), key, repository.CreateKeyOptions{}); err != nil {
		t.Fatal(err)
	}
	if found, err := c.repos[2].KeyByHash(t.Context(), key.Hash); err != nil || found.IsRevoked() {
		t.Fatalf("the key is %+v (%v)", found, err)
	}
	c.setIsolation(t, "1")
	if _, err := c.repos[0].RevokeKey(t.Context(), attribution(), key.ID); err != nil {
		t.Fatalf("revoking on the nodes that are left: %v", err)
	}
	c.answersNothing(t, key)
	c.setIsolation(t, "0")
	waitFor(t, "the node to come back", func() bool {
		found, err := c.repos[2].KeyByHash(t.Context(), key.Hash)
		if err == nil && !found.IsRevoked() {
			t.Fatal("a node that comes back serves a revoked key")
		}
		return err == nil
	})
}

func (c cluster) setIsolation(t *testing.T, value string) {
	t.Helper()
	if _, err := c.admins[2].ExecContext(t.Context(), "SET GLOBAL wsrep_provider_options = 'gmcast.isolate="+value+"'"); err != nil {
		t.Fatal(err)
	}
}

// answersNothing makes each call that reads on the node that is cut off.
func (c cluster) answersNothing(t *testing.T, key models.APIKey) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	repo := c.repos[2]
	for range 2 {
		_, byHash := repo.KeyByHash(ctx, key.Hash)
		_, byID := repo.UserByID(ctx, newKey().ID)
		_, latest := repo.LatestChange(ctx)
		_, changes := repo.Changes(ctx, repository.Cursor{}, 1)
		_, usage := repo.ListKeys(ctx, repository.KeyFilter{}, repository.Page{Sort: repository.SortID, Limit: 1})
		_, revoked := repo.RevokeKey(ctx, attribution(), key.ID)
		for call, err := range map[string]error{
			"KeyByHash": byHash, "UserByID": byID, "LatestChange": latest, "Changes": changes, "ListKeys": usage, "RevokeKey": revoked,
		} {
			if err == nil || errors.Is(err, repository.ErrNotFound) {
				t.Errorf("%s on a node that has lost the others answers %v", call, err)
			}
		}
	}
	_ = refuses(t, c.nodes[2].URI)
}

// status reads a node's status variable.
func status(t *testing.T, admin *sql.DB, name string) string {
	t.Helper()
	var ignored, value string
	if err := admin.QueryRowContext(t.Context(), "SHOW GLOBAL STATUS LIKE '"+name+"'").Scan(&ignored, &value); err != nil {
		return err.Error()
	}
	return value
}

func waitFor(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !holds(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%s takes too long", what)
		}
	}
}
