package mongodb

import (
	"context"
	"errors"
	"fmt"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/ginauth/ginauth/repository"
)

// schemaNumber is the number of the schema that this version knows.
const schemaNumber = 3

// migrate makes the collections and indexes that are missing. Several
// processes may do so at once: what is there already is left alone. Documents
// that lack fields of a later schema are read as they were meant.
func (r *Repository) migrate(ctx context.Context) error {
	if err := r.refuseNewer(ctx); err != nil {
		return err
	}
	for collection, indexes := range r.indexes() {
		for _, index := range indexes { // one at a time: FerretDB stumbles over several that exist
			if _, err := collection.Indexes().CreateOne(ctx, index); err != nil {
				return fmt.Errorf("the indexes of %s: %w", collection.Name(), err)
			}
		}
	}
	_, err := r.schema.UpdateByID(ctx, "schema", bson.D{{Key: "$max", Value: bson.D{{Key: "number", Value: schemaNumber}}}},
		options.UpdateOne().SetUpsert(true))
	return err
}

func (r *Repository) refuseNewer(ctx context.Context) error {
	var found struct {
		Number int `bson:"number"`
	}
	err := r.schema.FindOne(ctx, byID("schema")).Decode(&found)
	if err != nil && !errors.Is(err, mongo.ErrNoDocuments) {
		return err
	}
	if found.Number > schemaNumber {
		return fmt.Errorf("the database has schema %d and this version of ginauth knows %d: a newer one has been here", found.Number, schemaNumber)
	}
	return nil
}

// indexes returns what each collection has beside the index of _id. None has a
// collation, so values compare byte for byte.
func (r *Repository) indexes() map[*mongo.Collection][]mongo.IndexModel {
	series := []mongo.IndexModel{plain("date"), plain("key_id", "date"), plain("user_id", "date")}
	return map[*mongo.Collection][]mongo.IndexModel{
		r.keys: {
			unique("hash"), plain("key.user_id"), plain("unlogged.id"),
			plain("usage.total_queries", "_id"), plain("usage.latest_query_date", "_id"),
		},
		r.users:   {unique("canonical_username"), unique("canonical_email"), plain("unlogged.id")},
		r.changes: {unique("id")},
		r.flushes: {plain("date")},

		r.series[repository.IntervalHour]: series,
		r.series[repository.IntervalDay]:  series,
	}
}

func unique(field string) mongo.IndexModel {
	index := plain(field)
	index.Options = options.Index().SetUnique(true)
	return index
}

func plain(fields ...string) mongo.IndexModel {
	keys := bson.D{}
	for _, field := range fields {
		keys = append(keys, bson.E{Key: field, Value: 1})
	}
	return mongo.IndexModel{Keys: keys}
}
