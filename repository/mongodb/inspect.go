package mongodb

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
)

// inspect looks at what is there of ginauth's collections before anything is
// written, and returns the indexes that are missing. A
// database on which ginauth cannot rely stops the start with a sentence.
func (r migrator) inspect(ctx context.Context, number int) (missing map[*mongo.Collection][]mongo.IndexModel, err error) {
	there, err := r.collectionsThere(ctx)
	if err != nil {
		return nil, err
	}
	if err := r.checkKept(there, number); err != nil {
		return nil, err
	}
	missing = map[*mongo.Collection][]mongo.IndexModel{}
	for collection, wanted := range r.indexes() {
		if there[collection.Name()] {
			if err := checkDocuments(ctx, collection, r.fields()[collection.Name()]); err != nil {
				return nil, err
			}
		}
		absent, err := missingIndexes(ctx, collection, wanted)
		if err != nil {
			return nil, err
		}
		if len(absent) > 0 {
			missing[collection] = absent
		}
	}
	return missing, r.checkOwners(ctx)
}

// collectionsThere returns the names of the collections in the database. Those
// of ginauth must be plain ones.
func (r migrator) collectionsThere(ctx context.Context) (map[string]bool, error) {
	found, err := r.changes.Database().ListCollectionSpecifications(ctx, bson.D{})
	if err != nil {
		return nil, fmt.Errorf("listing the collections: %w", err)
	}
	there := map[string]bool{}
	for _, spec := range found {
		there[spec.Name] = true
		if !strings.HasPrefix(spec.Name, prefix) {
			continue
		}
		if trait := traitFrom(spec); trait != "" {
			return nil, fmt.Errorf("%s %s, which ginauth cannot honour: rename it, or use another database", spec.Name, trait)
		}
	}
	return there, nil
}

// traitFrom says what makes a collection another one than ginauth would make.
func traitFrom(spec mongo.CollectionSpecification) string {
	if spec.Type != "" && spec.Type != "collection" {
		return "is a " + spec.Type
	}
	for option, trait := range map[string]string{
		"capped": "is a capped collection, which drops documents", "collation": "has a collation, by which other values are equal",
		"validator": "has a validator, which may refuse what ginauth writes", "expireAfterSeconds": "expires documents", "timeseries": "is a time series",
	} {
		value, err := spec.Options.LookupErr(option)
		if err != nil || value.Type == bson.TypeBoolean && !value.Boolean() {
			continue
		}
		if document, ok := value.DocumentOK(); ok && len(document) <= emptyDocument {
			continue
		}
		return trait
	}
	return ""
}

// emptyDocument is the length of a document without fields.
const emptyDocument = 5

// checkKept refuses a database that has a current schema and not the
// collections that came with it. The log and the usage are made again.
func (r migrator) checkKept(there map[string]bool, number int) error {
	for _, collection := range []checked{r.keys, r.users} {
		if number > 0 && !there[collection.Name()] {
			return fmt.Errorf("%s is missing, though %s has the number of a schema: restore it from the same backup, "+
				"or drop %s to begin without it", collection.Name(), r.schema.Name(), r.schema.Name())
		}
	}
	return nil
}

// fields returns what each document has of each collection.
func (r migrator) fields() map[string][]string {
	point := []string{"date", "key_id", "route", "total_queries"}
	return map[string][]string{
		"ginauth_keys": {"hash"}, "ginauth_users": {"canonical_username", "canonical_email"},
		"ginauth_changes": {"id", "object", "object_id"}, "ginauth_flushes": {"number"},
		"ginauth_usage_hours": point, "ginauth_usage_days": point,
	}
}

// checkDocuments looks whether the first document of a collection is ginauth's.
func checkDocuments(ctx context.Context, collection *mongo.Collection, fields []string) error {
	first, err := collection.FindOne(ctx, bson.D{}).Raw()
	if errors.Is(err, mongo.ErrNoDocuments) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, field := range fields {
		if _, err := first.LookupErr(field); err != nil {
			return fmt.Errorf("%s holds documents that are not ginauth's, without the field %s: rename it, or use another database", collection.Name(), field)
		}
	}
	return nil
}

// checkOwners refuses keys of users where there are no users: a key would be
// served whose user was disabled. A first key may wait for its user.
func (r migrator) checkOwners(ctx context.Context) error {
	owned, err := isThere(ctx, r.keys, bson.D{{Key: "key.user_id", Value: field("$gt", "")}, {Key: "pending.user_entry", Value: exists(false)}})
	if err != nil || !owned {
		return err
	}
	known, err := isThere(ctx, r.users, bson.D{})
	if err == nil && !known {
		return fmt.Errorf("%s names users and %s has none: restore both from the same backup", r.keys.Name(), r.users.Name())
	}
	return err
}
