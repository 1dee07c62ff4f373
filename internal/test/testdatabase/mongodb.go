package testdatabase

import (
	"context"
	"net/url"

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

func (s mongoServer) uri(name string) *url.URL {
	located := *s.at
	located.Path = "/" + name
	return &located
}

func (s mongoServer) close() { _ = s.Disconnect(context.Background()) }
