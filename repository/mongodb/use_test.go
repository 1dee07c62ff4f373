package mongodb

import (
	"context"
	"net/url"
	"strings"
	"sync"
	"testing"

	"go.mongodb.org/mongo-driver/v2/event"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
	"go.mongodb.org/mongo-driver/v2/mongo/writeconcern"

	"github.com/ginauth/ginauth/repository"
	"github.com/ginauth/ginauth/repository/repositorytest"
)

// An application's client keeps keys beside its own data, whatever its concerns, and
// stays open.
func TestUse(t *testing.T) {
	uri := newDatabase(t)
	parsed, err := url.Parse(uri)
	succeeds(t, err)
	name := strings.TrimPrefix(parsed.Path, "/")
	client, err := mongo.Connect(options.Client().ApplyURI(uri).SetWriteConcern(&writeconcern.WriteConcern{W: 1}).
		SetBSONOptions(&options.BSONOptions{BinaryAsSlice: true, OmitEmpty: true}))
	succeeds(t, err)
	t.Cleanup(func() { _ = client.Disconnect(context.Background()) })
	use := func() (repository.Repository, error) { return Use(t.Context(), client, name) }
	repositorytest.RunUse(t, use, use, func() error { return client.Ping(t.Context(), nil) })
	if _, err := Use(t.Context(), nil, name); err == nil {
		t.Error("no client is used")
	}
}

// The concerns of the client do not weaken those of ginauth's collections.
func TestUseSetsConcerns(t *testing.T) {
	uri := newDatabase(t)
	var mu sync.Mutex
	sent := map[string][]string{}
	monitor := &event.CommandMonitor{Started: func(_ context.Context, e *event.CommandStartedEvent) {
		mu.Lock()
		defer mu.Unlock()
		if name, ok := e.Command.Lookup(e.CommandName).StringValueOK(); ok && strings.HasPrefix(name, prefix) {
			sent[e.CommandName] = append(sent[e.CommandName], e.Command.String())
		}
	}}
	client, err := mongo.Connect(options.Client().ApplyURI(uri).SetMonitor(monitor).SetWriteConcern(&writeconcern.WriteConcern{W: 1}))
	succeeds(t, err)
	t.Cleanup(func() { _ = client.Disconnect(context.Background()) })
	repo, err := Use(t.Context(), client, "ginauth_concerns")
	succeeds(t, err)
	key := newKey()
	succeeds(t, repo.CreateKey(t.Context(), attribution(), key, repository.CreateKeyOptions{}))
	_, err = repo.KeyByHash(t.Context(), key.Hash)
	succeeds(t, err)
	succeeds(t, repo.Close())
	mu.Lock()
	defer mu.Unlock()
	for name, want := range map[string]string{"insert": `"w": "majority"`, "find": `"level": "majority"`} {
		for _, command := range sent[name] {
			if !strings.Contains(command, want) && !strings.Contains(command, `"level": "linearizable"`) {
				t.Errorf("%s is sent as %s", name, command)
			}
		}
		if len(sent[name]) == 0 {
			t.Errorf("there is no %s", name)
		}
	}
}

// After Close calls fail, though the client is open.
func TestUseAfterClose(t *testing.T) {
	uri := newDatabase(t)
	client, err := mongo.Connect(options.Client().ApplyURI(uri))
	succeeds(t, err)
	t.Cleanup(func() { _ = client.Disconnect(context.Background()) })
	repo, err := Use(t.Context(), client, "ginauth_closed")
	succeeds(t, err)
	succeeds(t, repo.Close())
	if _, err := repo.KeyByHash(t.Context(), newKey().Hash); err == nil {
		t.Error("a closed repository is read")
	}
	if err := repo.CreateKey(t.Context(), attribution(), newKey(), repository.CreateKeyOptions{}); err == nil {
		t.Error("a closed repository is written to")
	}
}
