package testdatabase

import (
	"context"
	"net/url"
	"os"
	"strings"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

type mongoServer struct {
	*mongo.Client
	at *url.URL
}

func connectMongoDB(uri *url.URL) (server, error) {
	client, err := mongo.Connect(options.Client().ApplyURI(uri.String()))
	return mongoServer{client, uri}, err
}

// create does nothing: a database comes with its first document.
func (mongoServer) create(context.Context, string) error { return nil }

func (s mongoServer) drop(ctx context.Context, name string) error { return s.Database(name).Drop(ctx) }

func (s mongoServer) names(ctx context.Context) ([]string, error) {
	return s.ListDatabaseNames(ctx, bson.D{})
}

// uri keeps the database that knows the account, which is the one of the path where
// nothing else is said.
func (s mongoServer) uri(name string) *url.URL {
	located, query := *s.at, s.at.Query()
	if authenticates := strings.TrimPrefix(s.at.Path, "/"); s.at.User != nil && !query.Has("authSource") && authenticates != "" {
		query.Set("authSource", authenticates)
		located.RawQuery = query.Encode()
	}
	located.Path = "/" + name
	return &located
}

func (s mongoServer) close() { _ = s.Disconnect(context.Background()) }

// NeedsStandalone skips a test that a replica set cannot pass, such as one whose
// connections go through a proxy: its members name themselves. A set is told by
// replicaSet in the URI.
func NeedsStandalone(t *testing.T) {
	t.Helper()
	uri, err := url.Parse(os.Getenv(variable("mongodb")))
	if err == nil && uri.Query().Has("replicaSet") {
		t.Skip("it needs a standalone server, and GINAUTH_TEST_MONGODB_URI names a replica set")
	}
}
