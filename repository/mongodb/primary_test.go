package mongodb

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/ginauth/ginauth/internal/test/testdatabase"
	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/repository"
)

func isLinearizable(command bson.Raw) bool {
	level, _ := command.Lookup("readConcern", "level").StringValueOK()
	return level == "linearizable"
}

// reads are the calls whose answers others rely on.
func reads(r *Repository, user models.User, key models.APIKey) map[string]func(context.Context) error {
	return map[string]func(context.Context) error{
		"KeyByHash":      func(ctx context.Context) error { _, err := r.KeyByHash(ctx, key.Hash); return err },
		"an unknown key": func(ctx context.Context) error { _, err := r.KeyByHash(ctx, []byte("unknown")); return err },
		"UserByID":       func(ctx context.Context) error { _, err := r.UserByID(ctx, user.ID); return err },
		"UserByUsername": func(ctx context.Context) error { _, err := r.UserByUsername(ctx, "nobody"); return err },
		"UserByEmail":    func(ctx context.Context) error { _, err := r.UserByEmail(ctx, user.CanonicalEmail); return err },
		"LatestChange":   func(ctx context.Context) error { _, err := r.LatestChange(ctx); return err },
		"Changes": func(ctx context.Context) error {
			_, err := r.Changes(ctx, repository.Cursor{}, 10)
			return err
		},
		"ListUsers": func(ctx context.Context) error {
			_, err := r.ListUsers(ctx, repository.UserFilter{}, repository.Page{Sort: repository.SortID, Limit: 1})
			return err
		},
		"ListKeys": func(ctx context.Context) error {
			_, err := r.ListKeys(ctx, repository.KeyFilter{}, repository.Page{Sort: repository.SortID, Limit: 1})
			return err
		},
	}
}

// A primary that was deposed, and does not know it, answers reads of a majority
// with what was true before. Only a linearizable read tells.
func TestDeposedPrimary(t *testing.T) {
	uri := newDatabase(t)
	var deposed atomic.Bool
	var asked atomic.Int64
	r, _ := follows(t, uri, asMember(uri, func(name string, command bson.Raw, forward func() bson.D) bson.D {
		if name == "find" && isLinearizable(command) {
			asked.Add(1)
			if deposed.Load() {
				return refusal(interrupted) // notWritablePrimary would have the driver wait half a second
			}
		}
		return forward()
	}))
	user, key := newUser("ana")
	succeeds(t, r.CreateUser(t.Context(), attribution(), user, key))
	_, err := r.KeyByHash(t.Context(), key.Hash)
	succeeds(t, err)
	if asked.Load() == 0 {
		t.Fatal("the set was never asked")
	}
	deposed.Store(true)
	for name, read := range reads(r, user, key) {
		r.primary.last.Store(nil) // as half a second later
		if err := read(t.Context()); err == nil || errors.Is(err, repository.ErrNotFound) || errors.Is(err, repository.ErrChangesLost) {
			t.Errorf("%s believes the server: %v", name, err)
		}
	}
	deposed.Store(false)
	_, err = r.KeyByHash(t.Context(), key.Hash)
	succeeds(t, err)
	deposed.Store(true)
	if _, err := r.Changes(t.Context(), repository.Cursor{}, 10); err == nil {
		t.Error("a reading of the log relies on an answer to somebody else")
	}
}

// Between two confirmations reads cost nothing more, and one is enough for all.
func TestConfirmationsAreShared(t *testing.T) {
	uri := newDatabase(t)
	var asked atomic.Int64
	r, _ := follows(t, uri, asMember(uri, func(name string, command bson.Raw, forward func() bson.D) bson.D {
		if name == "find" && isLinearizable(command) {
			asked.Add(1)
		}
		return forward()
	}))
	succeeds(t, r.primary.confirm(t.Context(), 0))
	before := asked.Load()
	for range 5 {
		_, err := r.UserByID(t.Context(), "nobody")
		failsWith(t, repository.ErrNotFound, err)
	}
	if n := asked.Load() - before; n > 1 { // more than one only if this took half a second
		t.Errorf("%d confirmations for five reads", n)
	}
}

// A standalone server that comes back as a member of a replica set may be none
// that takes writes.
func TestStandaloneBecomesMember(t *testing.T) {
	testdatabase.NeedsStandalone(t)
	r, server := follows(t, newDatabase(t), nil)
	user, key := newUser("ana")
	succeeds(t, r.CreateUser(t.Context(), attribution(), user, key))
	server.set(func(name string, _ bson.Raw, forward func() bson.D) bson.D {
		if name == "hello" {
			return with(forward(), bson.E{Key: "setName", Value: "rs0"})
		}
		return forward()
	})
	for name, read := range reads(r, user, key) {
		r.primary.last.Store(nil)
		if err := read(t.Context()); err == nil || !strings.Contains(err.Error(), "start ginauth again") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Servers that may answer what is out of date are told apart at the start.
func TestServersThatAreRefused(t *testing.T) {
	for field, want := range map[bson.E]string{
		{Key: "msg", Value: "isdbgrid"}:          "mongos",
		{Key: "isWritablePrimary", Value: false}: "takes no writes",
	} {
		_, _, err := openScripted(t, newDatabase(t), func(name string, _ bson.Raw, forward func() bson.D) bson.D {
			if name == "hello" {
				return with(forward(), field)
			}
			return forward()
		})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v", field, err)
		}
	}
}

// A server that has no linearizable reads is none that can be relied on.
func TestWithoutLinearizableReads(t *testing.T) {
	uri := newDatabase(t)
	_, _, err := openScripted(t, uri, asMember(uri, func(_ string, command bson.Raw, forward func() bson.D) bson.D {
		if isLinearizable(command) {
			return refusal(72)
		}
		return forward()
	}))
	if err == nil || !strings.Contains(err.Error(), "may write") {
		t.Errorf("the error is %v", err)
	}
}
