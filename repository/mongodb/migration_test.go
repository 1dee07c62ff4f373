package mongodb

import (
	"reflect"
	"slices"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/repository"
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

// toSchema2 takes away what later steps have added.
func toSchema2(t *testing.T, r *Repository) {
	t.Helper()
	_, err := r.users.UpdateMany(t.Context(), bson.D{}, without(
		"change_date", "disabled_date", "confirmation_date", "mail_failure_date", "token_hash", "token_purpose",
		"token_expiration_date", "version", "revocation",
	))
	succeeds(t, err)
	_, err = r.keys.UpdateMany(t.Context(), bson.D{}, without("key.user_version", "key.disabled_date"))
	succeeds(t, err)
	_, err = r.schema.UpdateByID(t.Context(), "schema", bson.D{{Key: "$set", Value: field("number", 2)}})
	succeeds(t, err)
}

func without(names ...string) bson.D {
	fields := bson.D{}
	for _, name := range names {
		fields = append(fields, bson.E{Key: name, Value: ""})
	}
	return field("$unset", fields)
}

// The users of a database of schema 2 are of version 1, and they and their keys
// can be changed like any others.
func TestFromSchema2(t *testing.T) {
	uri := newDatabase(t)
	older := newScene(t, openURI(t, uri))
	toSchema2(t, older.r)

	s := older
	s.r = openURI(t, uri)
	want := older.user
	want.CreationDate, want.ChangeDate = noon(), noon()
	_, err := s.r.users.UpdateByID(t.Context(), want.ID, field("$set", field("creation_date", millis(noon()))))
	succeeds(t, err)
	found, err := s.r.UserByID(t.Context(), want.ID)
	if err != nil || !reflect.DeepEqual(found, want) {
		t.Errorf("the user is %+v, want %+v (%v)", found, want, err)
	}
	if keys := s.keys(); keys[0].UserVersion != 1 || s.withStatus(models.StatusActive) != 2 || s.withStatus(models.StatusDisabled) != 0 {
		t.Errorf("the keys are %+v", keys)
	}
	s.hasUsers(1, false, false)
	found.DisabledDate, found.ConfirmationDate = noon(), noon()
	found, err = s.r.UpdateUser(t.Context(), act(), found, repository.UserUpdate{})
	if err != nil || found.Version != 2 || s.withStatus(models.StatusDisabled) != 2 {
		t.Errorf("the user is %+v (%v)", found, err)
	}
	s.hasUsers(1, true, true)
	s.hasUsers(0, false, true)
	_, err = s.r.UpdateUser(t.Context(), act(), found, repository.UserUpdate{RevokeKeys: true})
	if err != nil || s.withStatus(models.StatusRevoked) != 2 {
		t.Errorf("the keys are %+v (%v)", s.keys(), err)
	}
}

func (s scene) hasUsers(want int, disabled, confirmed bool) {
	s.t.Helper()
	filter := repository.UserFilter{Disabled: &disabled, Confirmed: &confirmed}
	page, err := s.r.ListUsers(s.t.Context(), filter, repository.Page{Sort: repository.SortID, Limit: 1})
	if err != nil || len(page.Rows) != want {
		s.t.Errorf("the users are %+v (%v), want %d", page.Rows, err, want)
	}
}
