package mongodb

import (
	"bytes"
	"reflect"
	"slices"
	"testing"
	"time"

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
	succeeds(t, older.AddUsage(t.Context(), newFlush("node", 1, key)))
	log := logged(t, older)
	toSchema1(t, older)

	newer := openURI(t, uri)
	found, err := newer.KeyByHash(t.Context(), key.Hash)
	succeeds(t, err)
	if found.ID != key.ID || totals(t, newer)[key.ID] != 1 || !slices.Equal(logged(t, newer), log) {
		t.Errorf("of %s there is %v, used %d times", key.ID, found, totals(t, newer)[key.ID])
	}
	succeeds(t, newer.AddUsage(t.Context(), newFlush("node", 1, key))) // was added already
	succeeds(t, newer.AddUsage(t.Context(), newFlush("node", 2, key)))
	if total := totals(t, newer)[key.ID]; total != 2 {
		t.Errorf("the total is %d", total)
	}
	if number, err := newer.schema.CountDocuments(t.Context(), field("number", schemaNumber)); err != nil || number != 1 {
		t.Errorf("the schema is not that of this version (%v)", err)
	}
}

// A change that a process of schema 4 did not finish is finished.
func TestFromSchema4(t *testing.T) {
	uri := newDatabase(t)
	older := openURI(t, uri)
	key := create(t, older)
	revokePending(t, older, key.ID)
	_, err := older.keys.UpdateMany(t.Context(), bson.D{}, field("$rename", field("pending", "unlogged")))
	succeeds(t, err)
	_, err = older.schema.UpdateByID(t.Context(), "schema", bson.D{{Key: "$set", Value: field("number", 4)}})
	succeeds(t, err)
	isFlushed(t, openURI(t, uri), key.ID, 2)
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
	found, err = s.r.UpdateUser(t.Context(), attribution(), found, repository.UserUpdate{})
	if err != nil || found.Version != 2 || s.withStatus(models.StatusDisabled) != 2 {
		t.Errorf("the user is %+v (%v)", found, err)
	}
	s.hasUsers(1, true, true)
	s.hasUsers(0, false, true)
	_, err = s.r.UpdateUser(t.Context(), attribution(), found, repository.UserUpdate{RevokeKeys: true})
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

// toSchema3 gives the user a token where schema 3 had it.
func toSchema3(t *testing.T, r *Repository, userID string, hash []byte, purpose string, expiration time.Time) {
	t.Helper()
	_, err := r.users.UpdateByID(t.Context(), userID, field("$set", bson.D{
		{Key: "token_hash", Value: hash}, {Key: "token_purpose", Value: purpose}, {Key: "token_expiration_date", Value: millis(expiration)},
	}))
	succeeds(t, err)
	_, err = r.schema.UpdateByID(t.Context(), "schema", bson.D{{Key: "$set", Value: field("number", 3)}})
	succeeds(t, err)
}

// A token of schema 3 that can still be used is one of today's, once.
func TestTokensFromSchema3(t *testing.T) {
	uri := newDatabase(t)
	s := newScene(t, openURI(t, uri))
	hash, expiration := bytes.Repeat([]byte{7}, 32), time.Now().Add(time.Hour).UTC().Truncate(time.Millisecond)
	toSchema3(t, s.r, s.user.ID, hash, "reset", expiration)
	want := []models.Token{{
		Hash: hash, UserID: s.user.ID, Purpose: "reset", Email: s.user.Email, CanonicalEmail: s.user.CanonicalEmail,
		CreationDate: expiration.Add(-time.Hour), ExpirationDate: expiration,
	}}
	for range 2 {
		r := openURI(t, uri)
		if tokens, err := r.TokensByUser(t.Context(), s.user.ID); err != nil || !reflect.DeepEqual(tokens, want) {
			t.Errorf("the tokens are %+v (%v), want %+v", tokens, err, want)
		}
		if former, err := isThere(t.Context(), r.users, field("token_hash", exists(true))); err != nil || former {
			t.Errorf("whether the former token is there is %t (%v)", former, err)
		}
	}
}

// Fields that a newer version keeps with a user survive every change that
// this version makes, and go with the user.
func TestUnknownFieldsOfUsersSurvive(t *testing.T) {
	s := newScene(t, open(t))
	_, err := s.r.users.UpdateByID(t.Context(), s.user.ID, field("$set", field("from_later", "kept")))
	succeeds(t, err)
	token := models.Token{Hash: bytes.Repeat([]byte{7}, 32), UserID: s.user.ID, Purpose: "reset", CreationDate: noon(), ExpirationDate: noon().Add(time.Hour)}
	update := func(change repository.UserUpdate) func() error {
		return func() error {
			user, err := s.r.UserByID(t.Context(), s.user.ID)
			succeeds(t, err)
			user.CanonicalEmail, user.DisabledDate = "new@example.org", noon()
			_, err = s.r.UpdateUser(t.Context(), attribution(), user, change)
			return err
		}
	}
	for i, change := range []func() error{
		func() error { return s.r.AddToken(t.Context(), token) },
		func() error { return s.r.RehashPassword(t.Context(), s.user.ID, s.user.PasswordHash, "hash") },
		func() error { return s.r.NoteMailFailure(t.Context(), s.user.ID, noon()) },
		update(repository.UserUpdate{UseToken: token.Hash}),
		func() error { return s.r.AddToken(t.Context(), token) },
		func() error { return s.r.DeleteToken(t.Context(), s.user.ID, token.Hash) },
		update(repository.UserUpdate{RevokeKeys: true, VoidTokens: []string{"reset"}}),
	} {
		succeeds(t, change())
		if there, err := isThere(t.Context(), s.r.users, field("from_later", "kept")); err != nil || !there {
			t.Fatalf("after change %d it is gone (%v)", i, err)
		}
	}
	succeeds(t, s.r.DeleteUser(t.Context(), attribution(), s.user.ID, repository.DeleteUserOptions{}))
	if there, err := isThere(t.Context(), s.r.users, bson.D{}); err != nil || there {
		t.Errorf("whether something is left of the user is %t (%v)", there, err)
	}
}
