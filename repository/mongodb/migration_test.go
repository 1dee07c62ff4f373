package mongodb

import (
	"slices"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// toSchema1 takes away what later steps have added.
func toSchema1(t *testing.T, r *Repository) {
	t.Helper()
	for _, collection := range r.series {
		succeeds(t, collection.Drop(t.Context()))
	}
	_, err := r.schema.UpdateByID(t.Context(), "schema", bson.D{{Key: "$set", Value: field("number", 1)}})
	succeeds(t, err)
}

// A database of schema 1 keeps what it holds, and is one of this version then.
func TestFromSchema1(t *testing.T) {
	uri := newDatabase(t)
	older := openURI(t, uri)
	key := create(t, older)
	succeeds(t, older.AddUsage(t.Context(), flushOf("node", 1, key)))
	log := logged(t, older)
	toSchema1(t, older)

	newer := openURI(t, uri)
	found, err := newer.KeyByHash(t.Context(), key.Hash)
	succeeds(t, err)
	if found.ID != key.ID || totals(t, newer)[key.ID] != 1 || !slices.Equal(logged(t, newer), log) {
		t.Errorf("of %s there is %v, used %d times", key.ID, found, totals(t, newer)[key.ID])
	}
	succeeds(t, newer.AddUsage(t.Context(), flushOf("node", 1, key))) // was added already
	succeeds(t, newer.AddUsage(t.Context(), flushOf("node", 2, key)))
	if total := totals(t, newer)[key.ID]; total != 2 {
		t.Errorf("the total is %d", total)
	}
	if number, err := newer.schema.CountDocuments(t.Context(), field("number", schemaNumber)); err != nil || number != 1 {
		t.Errorf("the schema is not that of this version (%v)", err)
	}
}
