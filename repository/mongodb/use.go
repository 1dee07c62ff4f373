package mongodb

import (
	"context"
	"errors"
	"fmt"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
	"go.mongodb.org/mongo-driver/v2/mongo/readconcern"
	"go.mongodb.org/mongo-driver/v2/mongo/readpref"
	"go.mongodb.org/mongo-driver/v2/mongo/writeconcern"

	"github.com/ginauth/ginauth/repository"
)

// Use keeps keys in a database of an application's own client, as Open does. The
// client stays the application's, and Close leaves it open. The concerns and the
// read preference of ginauth's collections are set as Open sets them, whatever the
// client's are. The client's options RetryWrites and RetryReads must be left on, and
// Timeout unset: the driver does not tell.
func Use(ctx context.Context, client *mongo.Client, database string) (repository.Repository, error) {
	if client == nil || database == "" {
		return nil, errors.New("using a mongodb client: the client or the name of the database is missing")
	}
	r := newRepository(client, client.Database(database, durable()))
	r.borrowed, r.connections = true, poolSize(nil)
	if err := r.start(ctx, false); err != nil {
		return nil, fmt.Errorf("using a mongodb client: %w", err)
	}
	return r, nil
}

// durable are the concerns and the preference that Open promises, and the driver's own
// way to write documents.
func durable() *options.DatabaseOptionsBuilder {
	return options.Database().SetWriteConcern(durableWrites()).SetReadConcern(readconcern.Majority()).SetReadPreference(readpref.Primary()).
		SetBSONOptions(&options.BSONOptions{}).SetRegistry(bson.NewRegistry())
}

func durableWrites() *writeconcern.WriteConcern {
	journal := true
	return &writeconcern.WriteConcern{W: majority, Journal: &journal}
}
