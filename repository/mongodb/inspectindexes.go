package mongodb

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// index is what a server says of one.
type index struct {
	Name               string   `bson:"name"`
	Key                bson.D   `bson:"key"`
	Unique             bool     `bson:"unique"`
	Collation          bson.Raw `bson:"collation"`
	Partial            bson.Raw `bson:"partialFilterExpression"`
	ExpireAfterSeconds any      `bson:"expireAfterSeconds"`
}

// missingIndexes compares the indexes of a collection with those that it needs.
func missingIndexes(ctx context.Context, collection *mongo.Collection, wanted []mongo.IndexModel) (missing []mongo.IndexModel, err error) {
	cursor, err := collection.Indexes().List(ctx)
	if err != nil {
		return nil, fmt.Errorf("listing the indexes of %s: %w", collection.Name(), err)
	}
	var found []index
	if err := cursor.All(ctx, &found); err != nil {
		return nil, fmt.Errorf("listing the indexes of %s: %w", collection.Name(), err)
	}
	missing = slices.Clone(wanted)
	for _, there := range found {
		at := slices.IndexFunc(missing, there.matches)
		if fault := there.fault(at >= 0 && isUnique(missing[at])); fault != "" && there.Name != "_id_" {
			return nil, fmt.Errorf("the index %s of %s %s: drop it and start again, ginauth makes what it needs", there.Name, collection.Name(), fault)
		}
		if at >= 0 {
			missing = slices.Delete(missing, at, at+1)
		}
	}
	return missing, nil
}

// matches reports whether the index is of the fields of a model.
func (i index) matches(model mongo.IndexModel) bool {
	return slices.EqualFunc(i.Key, model.Keys.(bson.D), func(a, b bson.E) bool { return a.Key == b.Key && fmt.Sprint(a.Value) == fmt.Sprint(b.Value) })
}

// fault says what is wrong with an index that must be unique or must not be.
func (i index) fault(unique bool) string {
	switch {
	case i.Unique && !unique:
		return "is unique and not one of ginauth's, so that it may refuse what ginauth writes"
	case i.ExpireAfterSeconds != nil:
		return "expires documents"
	case unique && !i.Unique:
		return "is not unique"
	case unique && len(i.Collation) > 0:
		return "has a collation, by which other values are equal"
	case unique && len(i.Partial) > 0:
		return "is of some documents only, so that the others are not unique"
	}
	return ""
}

func isUnique(model mongo.IndexModel) bool {
	if model.Options == nil {
		return false
	}
	var chosen options.IndexOptions
	for _, set := range model.Options.List() {
		if set(&chosen) != nil {
			return false
		}
	}
	return chosen.Unique != nil && *chosen.Unique
}

// makeIndexes makes those that are missing, one at a time: FerretDB stumbles
// over several that exist.
func makeIndexes(ctx context.Context, missing map[*mongo.Collection][]mongo.IndexModel) error {
	for collection, indexes := range missing {
		for _, index := range indexes {
			if _, err := collection.Indexes().CreateOne(ctx, index); err != nil {
				return fmt.Errorf("the index of %s in %s cannot be made: %w", namesFrom(index), collection.Name(), whyNot(err))
			}
		}
	}
	return nil
}

// whyNot leaves out values that documents share.
func whyNot(err error) error {
	if mongo.IsDuplicateKeyError(err) {
		return errors.New("documents share a value that must be unique; remove all but one of them")
	}
	return withoutValues(err)
}

func namesFrom(index mongo.IndexModel) string {
	names := ""
	for _, field := range index.Keys.(bson.D) {
		names += " " + field.Key
	}
	return names[1:]
}
