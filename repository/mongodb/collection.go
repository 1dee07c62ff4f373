package mongodb

import (
	"context"

	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// checked is a collection as ginauth uses it; all statements go through one.
// Reads follow a confirmation that the server may write, see primary. Writes
// are repeated while the server says that it has not made them.
//
// A write of many documents may have reached some of them when it is repeated,
// so its filter or its operators must leave those as they are.
type checked struct {
	*mongo.Collection
	primary *primary
}

// FindOne reads one document.
func (c checked) FindOne(ctx context.Context, filter any, opts ...options.Lister[options.FindOneOptions]) *mongo.SingleResult {
	if err := c.primary.confirm(ctx, freshness); err != nil {
		return mongo.NewSingleResultFromDocument(struct{}{}, err, nil)
	}
	return c.Collection.FindOne(ctx, filter, opts...)
}

// Find reads documents.
func (c checked) Find(ctx context.Context, filter any, opts ...options.Lister[options.FindOptions]) (*mongo.Cursor, error) {
	if err := c.primary.confirm(ctx, freshness); err != nil {
		return nil, err
	}
	return c.Collection.Find(ctx, filter, opts...)
}

// Aggregate reads what a pipeline makes of the documents.
func (c checked) Aggregate(ctx context.Context, pipeline any, opts ...options.Lister[options.AggregateOptions]) (*mongo.Cursor, error) {
	if err := c.primary.confirm(ctx, freshness); err != nil {
		return nil, err
	}
	return c.Collection.Aggregate(ctx, pipeline, opts...)
}

// CountDocuments counts the documents that a filter is met by.
func (c checked) CountDocuments(ctx context.Context, filter any, opts ...options.Lister[options.CountOptions]) (int64, error) {
	if err := c.primary.confirm(ctx, freshness); err != nil {
		return 0, err
	}
	return c.Collection.CountDocuments(ctx, filter, opts...)
}

// InsertOne stores a document.
func (c checked) InsertOne(ctx context.Context, document any, opts ...options.Lister[options.InsertOneOptions]) (*mongo.InsertOneResult, error) {
	return repeated(ctx, c.primary, func() (*mongo.InsertOneResult, error) { return c.Collection.InsertOne(ctx, document, opts...) })
}

// InsertMany stores documents.
func (c checked) InsertMany(ctx context.Context, documents any, opts ...options.Lister[options.InsertManyOptions]) (*mongo.InsertManyResult, error) {
	return repeated(ctx, c.primary, func() (*mongo.InsertManyResult, error) { return c.Collection.InsertMany(ctx, documents, opts...) })
}

// UpdateOne changes one document.
func (c checked) UpdateOne(ctx context.Context, filter, update any, opts ...options.Lister[options.UpdateOneOptions]) (*mongo.UpdateResult, error) {
	return repeated(ctx, c.primary, func() (*mongo.UpdateResult, error) { return c.Collection.UpdateOne(ctx, filter, update, opts...) })
}

// UpsertByID changes the document with an id, or makes it. Should two make it at
// once, the second one finds it when it tries again.
func (c checked) UpsertByID(ctx context.Context, id, update any) error {
	for attempt := 1; ; attempt++ {
		_, err := repeated(ctx, c.primary, func() (*mongo.UpdateResult, error) {
			return c.UpdateByID(ctx, id, update, options.UpdateOne().SetUpsert(true))
		})
		if !mongo.IsDuplicateKeyError(err) || attempt == mostAttempts || pause(ctx, attempt) != nil {
			return err
		}
	}
}

// UpdateMany changes documents.
func (c checked) UpdateMany(ctx context.Context, filter, update any, opts ...options.Lister[options.UpdateManyOptions]) (*mongo.UpdateResult, error) {
	return repeated(ctx, c.primary, func() (*mongo.UpdateResult, error) { return c.Collection.UpdateMany(ctx, filter, update, opts...) })
}

// ReplaceOne replaces one document.
func (c checked) ReplaceOne(ctx context.Context, filter, document any, opts ...options.Lister[options.ReplaceOptions]) (*mongo.UpdateResult, error) {
	return repeated(ctx, c.primary, func() (*mongo.UpdateResult, error) { return c.Collection.ReplaceOne(ctx, filter, document, opts...) })
}

// DeleteOne removes one document.
func (c checked) DeleteOne(ctx context.Context, filter any, opts ...options.Lister[options.DeleteOneOptions]) (*mongo.DeleteResult, error) {
	return repeated(ctx, c.primary, func() (*mongo.DeleteResult, error) { return c.Collection.DeleteOne(ctx, filter, opts...) })
}

// DeleteMany removes documents.
func (c checked) DeleteMany(ctx context.Context, filter any, opts ...options.Lister[options.DeleteManyOptions]) (*mongo.DeleteResult, error) {
	return repeated(ctx, c.primary, func() (*mongo.DeleteResult, error) { return c.Collection.DeleteMany(ctx, filter, opts...) })
}

// BulkWrite makes many writes.
func (c checked) BulkWrite(ctx context.Context, writes []mongo.WriteModel, opts ...options.Lister[options.BulkWriteOptions]) (*mongo.BulkWriteResult, error) {
	return repeated(ctx, c.primary, func() (*mongo.BulkWriteResult, error) { return c.Collection.BulkWrite(ctx, writes, opts...) })
}
