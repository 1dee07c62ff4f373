package mongodb

import (
	"context"
	"fmt"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"

	"github.com/ginauth/ginauth/repository"
)

// uniqueValue is a value that only one document may have: the contract's name for
// the field and the filter that finds whoever has the value.
type uniqueValue struct {
	name   string
	filter bson.D
}

// insert stores a document. If a value is taken it looks which one: servers do
// not agree on how, or whether, they name the index. Should the other be gone
// by then, the value is free and it tries again, in the end without success if
// it is an index of somebody else's that refuses the document.
func insert(ctx context.Context, doing string, collection checked, document any, values []uniqueValue) error {
	for attempt := 1; ; attempt++ {
		if err := ctx.Err(); err != nil {
			return wrap(ctx, doing, err)
		}
		err := insertOne(ctx, collection, document)
		if !mongo.IsDuplicateKeyError(err) {
			return wrapWrite(ctx, doing, err)
		}
		for _, value := range values {
			taken, err := isThere(ctx, collection, value.filter)
			if err != nil {
				return wrap(ctx, doing, err)
			}
			if taken {
				return fmt.Errorf("%s: %w", doing, &repository.ConflictError{Field: value.name})
			}
		}
		if attempt == mostAttempts || pause(ctx, attempt) != nil {
			return wrap(ctx, doing, err)
		}
	}
}

func insertOne(ctx context.Context, collection checked, document any) error {
	ctx, cancel := outliving(ctx)
	defer cancel()
	_, err := collection.InsertOne(ctx, document)
	return err
}
