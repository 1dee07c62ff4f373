package mongodb

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/ginauth/ginauth/repository"
)

// Collections under ginauth's names that do not fit stop the start,
// with a sentence that says where it is and what to do.
func TestSchemasThatAreRefused(t *testing.T) {
	for name, test := range map[string]struct {
		damage func(t *testing.T, r *Repository) error
		says   []string
	}{
		"a capped collection": {func(t *testing.T, r *Repository) error {
			return errors.Join(r.changes.Drop(t.Context()),
				r.changes.Database().CreateCollection(t.Context(), "ginauth_changes", options.CreateCollection().SetCapped(true).SetSizeInBytes(4096)))
		}, []string{"ginauth_changes", "capped"}},
		"documents of somebody else's": {func(t *testing.T, r *Repository) error {
			succeeds(t, r.keys.Drop(t.Context()))
			_, err := r.keys.InsertOne(t.Context(), field("colour", "red"))
			return err
		}, []string{"ginauth_keys", "field hash", "another database"}},
		"an index that is not unique": {func(t *testing.T, r *Repository) error {
			succeeds(t, r.keys.Indexes().DropOne(t.Context(), "hash_1"))
			_, err := r.keys.Indexes().CreateOne(t.Context(), plain("hash"))
			return err
		}, []string{"hash_1", "ginauth_keys", "not unique", "drop it"}},
		"a unique index too many": {func(t *testing.T, r *Repository) error {
			_, err := r.keys.Indexes().CreateOne(t.Context(), unique("key.version"))
			return err
		}, []string{"key.version_1", "ginauth_keys", "drop it"}},
		"documents that share a value": {func(t *testing.T, r *Repository) error {
			succeeds(t, r.users.Indexes().DropOne(t.Context(), "canonical_email_1"))
			_, err := r.users.InsertMany(t.Context(), []any{userLike("a", "x"), userLike("b", "x")})
			return err
		}, []string{"canonical_email", "ginauth_users"}},
		"no keys any more": {func(t *testing.T, r *Repository) error { return r.keys.Drop(t.Context()) },
			[]string{"ginauth_keys is missing", "restore"}},
		"keys without their users": {func(t *testing.T, r *Repository) error {
			user, key := newUser("ana")
			succeeds(t, r.CreateUser(t.Context(), attribution(), user, key))
			_, err := r.users.DeleteMany(t.Context(), bson.D{})
			return err
		}, []string{"ginauth_users has none", "restore"}},
	} {
		t.Run(name, func(t *testing.T) {
			uri := newDatabase(t)
			succeeds(t, test.damage(t, openURI(t, uri)))
			err := refuses(t, t.Context(), uri)
			for _, part := range test.says {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("the error does not say %q: %v", part, err)
				}
			}
		})
	}
}

func userLike(name, email string) bson.D {
	return bson.D{{Key: "_id", Value: name}, {Key: "canonical_username", Value: name}, {Key: "canonical_email", Value: email}}
}

// What FerretDB cannot make is what a server would list.
func TestCollectionsThatAreRefused(t *testing.T) {
	collation := bson.D{{Key: "locale", Value: "de"}, {Key: "strength", Value: 1}}
	for want, spec := range map[string]mongo.CollectionSpecification{
		"view":        {Type: "view"},
		"timeseries":  {Type: "timeseries"},
		"capped":      {Type: "collection", Options: rawFrom(t, field("capped", true))},
		"collation":   {Type: "collection", Options: rawFrom(t, field("collation", collation))},
		"validator":   {Type: "collection", Options: rawFrom(t, field("validator", field("name", exists(true))))},
		"expires":     {Type: "collection", Options: rawFrom(t, field("expireAfterSeconds", int64(60)))},
		"time series": {Type: "collection", Options: rawFrom(t, field("timeseries", field("timeField", "t")))},
	} {
		if got := traitFrom(spec); !strings.Contains(got, want) {
			t.Errorf("%+v is %q", spec, got)
		}
	}
	for _, spec := range []mongo.CollectionSpecification{
		{Type: "collection"},
		{Type: "collection", Options: rawFrom(t, bson.D{{Key: "capped", Value: false}, {Key: "validator", Value: bson.D{}}, {Key: "clusteredIndex", Value: true}})},
	} {
		if got := traitFrom(spec); got != "" {
			t.Errorf("%+v is refused: %s", spec, got)
		}
	}
}

func TestIndexesThatAreRefused(t *testing.T) {
	some := rawFrom(t, field("x", 1))
	for want, found := range map[string]index{
		"not unique":     {},
		"collation":      {Unique: true, Collation: some},
		"some documents": {Unique: true, Partial: some},
		"expires":        {Unique: true, ExpireAfterSeconds: int32(60)},
	} {
		if got := found.fault(true); !strings.Contains(got, want) {
			t.Errorf("%+v is %q", found, got)
		}
	}
	for _, found := range []index{{}, {Collation: some}, {Partial: some}} {
		if got := found.fault(false); got != "" {
			t.Errorf("%+v of no unique field is refused: %s", found, got)
		}
	}
}

func rawFrom(t *testing.T, document bson.D) bson.Raw {
	t.Helper()
	raw, err := bson.Marshal(document)
	succeeds(t, err)
	return raw
}

func TestWhyAnIndexCannotBeMade(t *testing.T) {
	for code, want := range map[int32]string{11000: "share a value", unauthorized: "readWrite", indexKeySpecsConflict: "drop it"} {
		err := whyNot(mongo.CommandError{Code: code, Message: "secret value"})
		if !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("code %d is %v", code, err)
		}
	}
}

// An account that may not make indexes starts where there are all.
func TestAccountWithoutIndexRights(t *testing.T) {
	uri := newDatabase(t)
	forbidding := func(name string, _ bson.Raw, forward func() bson.D) bson.D {
		if name == "createIndexes" || name == "create" {
			return refusal(unauthorized)
		}
		return forward()
	}
	_, _, err := openScripted(t, uri, forbidding)
	if err == nil || !strings.Contains(err.Error(), "ginauth_") || !strings.Contains(err.Error(), "readWrite") {
		t.Errorf("an empty database: %v", err)
	}
	openURI(t, uri)
	r, _ := follows(t, uri, forbidding)
	exercise(t, r)
}

// Indexes, and collections that a restore may lack, are made again.
func TestSchemaIsRepaired(t *testing.T) {
	uri := newDatabase(t)
	r := openURI(t, uri)
	create(t, r)
	succeeds(t, r.keys.Indexes().DropOne(t.Context(), "hash_1"))
	succeeds(t, r.flushes.Drop(t.Context()))
	r = openURI(t, uri)
	missing, err := (migrator{r.database}).inspect(t.Context(), schemaNumber)
	if err != nil || len(missing) != 0 {
		t.Errorf("there is no index of %v (%v)", missing, err)
	}
}

// No number of the log is given twice, also if the log was emptied or has lost
// its end; who follows it is told to read everything again.
func TestNumbersOfALogThatWasCut(t *testing.T) {
	for name, cut := range map[string]bson.D{"emptied": {}, "without its end": byID(field("$gt", 1))} {
		t.Run(name, func(t *testing.T) {
			uri := newDatabase(t)
			r := openURI(t, uri)
			for range 3 {
				create(t, r)
			}
			at, err := r.LatestChange(t.Context())
			succeeds(t, err)
			_, err = r.changes.DeleteMany(t.Context(), cut)
			succeeds(t, err)
			create(t, r)
			next, err := r.LatestChange(t.Context())
			if err != nil || next.Number != at.Number+1 {
				t.Errorf("after %d comes %d (%v)", at.Number, next.Number, err)
			}
			_, err = r.Changes(t.Context(), at, 10)
			failsWith(t, repository.ErrChangesLost, err)
			create(t, r)
			if entries, err := r.Changes(t.Context(), next, 10); err != nil || len(entries) != 1 {
				t.Errorf("the log goes on with %v (%v)", entries, err)
			}
		})
	}
}

// A log that lost its end while nobody looked is told of at the start.
func TestCutLogIsWarnedOf(t *testing.T) {
	uri := newDatabase(t)
	r := openURI(t, uri)
	create(t, r)
	if warnings := openURI(t, uri).Warnings(); len(warnings) > 0 {
		t.Errorf("a good log: %v", warnings)
	}
	_, err := r.changes.DeleteMany(t.Context(), bson.D{})
	succeeds(t, err)
	if warnings := openURI(t, uri).Warnings(); !saysOne(warnings, "ends at 0 and has ended at 1") {
		t.Errorf("the warnings are %v", warnings)
	}
}

// answered is a reply that holds a field.
func answered(name string, value any) bson.D {
	return append(field(name, value), bson.E{Key: "ok", Value: 1})
}

func saysOne(warnings []string, part string) bool {
	return len(warnings) == 1 && strings.Contains(warnings[0], part)
}

// A key whose user is missing is not let in: the user may have been disabled.
func TestKeyWithoutItsUser(t *testing.T) {
	r := open(t)
	user, key := newUser("ana")
	succeeds(t, r.CreateUser(t.Context(), attribution(), user, key))
	_, err := r.users.DeleteMany(t.Context(), bson.D{})
	succeeds(t, err)
	if found, err := r.KeyByHash(t.Context(), key.Hash); err == nil || errors.Is(err, repository.ErrNotFound) {
		t.Errorf("the key is %+v (%v)", found, err)
	}
	succeeds(t, r.DeleteKey(t.Context(), attribution(), key.ID))
}

// Settings with which acknowledged writes may be lost are told of, where the
// server tells of them.
func TestWarnings(t *testing.T) {
	for name, test := range map[string]struct {
		command string
		answer  bson.D
		says    string
	}{
		"memory":   {"serverStatus", answered("storageEngine", bson.D{{Key: "name", Value: "inMemory"}, {Key: "persistent", Value: false}}), "inMemory"},
		"journal":  {"replSetGetConfig", answered("config", field("writeConcernMajorityJournalDefault", false)), "writeConcernMajorityJournalDefault"},
		"scans":    {"getParameter", answered("notablescan", true), "notablescan"},
		"good":     {"serverStatus", answered("storageEngine", bson.D{{Key: "name", Value: "wiredTiger"}, {Key: "persistent", Value: true}}), ""},
		"not told": {"replSetGetConfig", refusal(unauthorized), ""},
	} {
		t.Run(name, func(t *testing.T) {
			r, _ := follows(t, newDatabase(t), func(name string, _ bson.Raw, forward func() bson.D) bson.D {
				if name == test.command {
					return test.answer
				}
				return forward()
			})
			warnings := r.Warnings()
			if test.says == "" && len(warnings) > 0 || test.says != "" && !saysOne(warnings, test.says) {
				t.Errorf("the warnings are %v", warnings)
			}
		})
	}
	options, _, err := parse("mongodb://127.0.0.1/?tls=true&tlsInsecure=true")
	succeeds(t, err)
	if !slices.ContainsFunc(advise(options), func(s string) bool { return strings.Contains(s, "tlsInsecure") }) {
		t.Error("nothing is said of tlsInsecure")
	}
}
