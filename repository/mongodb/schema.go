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
const schemaNumber = 6

// schemaID is the id of the document that holds the number of the schema.
const schemaID = "schema"

// migrate checks what is there and makes the collections and indexes that are
// missing. Several processes may do so at once: what is there already is left
// alone, so that an account that may not make indexes starts where the schema is
// current. Documents that lack fields of a later schema are read as they were
// meant.
func (r migrator) migrate(ctx context.Context) error {
	number, err := r.knownSchema(ctx)
	if err != nil {
		return err
	}
	missing, err := r.inspect(ctx, number)
	if err != nil {
		return err
	}
	if err := makeIndexes(ctx, missing); err != nil {
		return err
	}
	if err := entries(r).checkLog(ctx); err != nil || number == schemaNumber {
		return err
	}
	if err := r.moveTokens(ctx); err != nil {
		return fmt.Errorf("the tokens of users: %w", err)
	}
	if err := r.renamePending(ctx); err != nil {
		return fmt.Errorf("the pending changes: %w", err)
	}
	if err := r.placeInLists(ctx); err != nil {
		return fmt.Errorf("the places of keys in lists: %w", err)
	}
	return r.schema.UpsertByID(ctx, schemaID, field("$max", field("number", schemaNumber)))
}

// renamePending gives the pending changes of schema 4 their present name.
func (r migrator) renamePending(ctx context.Context) error {
	for _, collection := range []checked{r.keys, r.users} {
		former := field("unlogged.id", field("$gt", ""))
		if _, err := collection.UpdateMany(ctx, former, field("$rename", field("unlogged", "pending"))); err != nil {
			return err
		}
	}
	return nil
}

// placeInLists gives the records of schema 5 their places in lists, some at a time.
func (r migrator) placeInLists(ctx context.Context) error {
	without := field("list", exists(false))
	for {
		cursor, err := r.keys.Find(ctx, without, options.Find().SetLimit(perStatement).SetProjection(withoutFlushes()))
		if err != nil {
			return err
		}
		var found []record
		if err := cursor.All(ctx, &found); err != nil || len(found) == 0 {
			return err
		}
		places := make([]mongo.WriteModel, len(found))
		for i, rec := range found {
			place := deletedFromLists()
			if rec.Key != nil {
				place = rec.Key.listed()
			}
			places[i] = mongo.NewUpdateManyModel().SetFilter(and(byID(rec.ID), without)).SetUpdate(field("$set", field("list", place)))
		}
		if _, err := r.keys.BulkWrite(ctx, places, options.BulkWrite().SetOrdered(false)); err != nil {
			return err
		}
	}
}

// knownSchema returns the number of the database's schema, 0 for none, if this
// version knows it.
func (r migrator) knownSchema(ctx context.Context) (int, error) {
	var found struct {
		Number int `bson:"number"`
	}
	err := r.schema.FindOne(ctx, byID(schemaID)).Decode(&found)
	if err != nil && !errors.Is(err, mongo.ErrNoDocuments) {
		return 0, err
	}
	if found.Number > schemaNumber {
		return 0, fmt.Errorf("the database has schema %d and this version of ginauth knows %d: a newer one has been here", found.Number, schemaNumber)
	}
	return found.Number, nil
}

// indexes returns what each collection has beside the index of _id. None has a
// collation, so values compare byte for byte.
func (r migrator) indexes() map[*mongo.Collection][]mongo.IndexModel {
	series := []mongo.IndexModel{plain("date"), plain("key_id", "date"), plain("user_id", "date")}
	return map[*mongo.Collection][]mongo.IndexModel{
		r.keys.Collection: {
			unique("hash"), plain("key.user_id"), plain("pending.id"),
			plain("usage.total_queries", "_id"), plain("usage.latest_query_date", "_id"), plain("list.end", "_id"), plain("list.creation", "_id"),
			plain("key.name"), plain("key.hint"), plain("key.issued_by"),
		},
		r.users.Collection:   {unique("canonical_username"), unique("canonical_email"), plain("pending.id")},
		r.changes.Collection: {unique("id")},
		r.flushes.Collection: {plain("date")},

		r.series[repository.IntervalHour].Collection: series,
		r.series[repository.IntervalDay].Collection:  series,
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
