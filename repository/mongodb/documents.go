package mongodb

import (
	"time"

	"github.com/google/uuid"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/repository"
)

// record is what is kept under a key's id: the key, until it is deleted, and
// its usage.
type record struct {
	ID string `bson:"_id"`
	// Hash is that of the key as binary data. Where there is no key it is the
	// id as a string, since a unique index wants a value in every document.
	Hash     any       `bson:"hash"`
	Key      *key      `bson:"key,omitempty"`
	Usage    usage     `bson:"usage"`
	Unlogged *unlogged `bson:"unlogged,omitempty"`
}

type key struct {
	Hint           string `bson:"hint"`
	Name           string `bson:"name"`
	UserID         string `bson:"user_id"`
	CreationDate   int64  `bson:"creation_date"`
	ExpirationDate int64  `bson:"expiration_date"`
	RevocationDate int64  `bson:"revocation_date"`
	Version        int64  `bson:"version"`
}

type usage struct {
	TotalQueries    int64 `bson:"total_queries"`
	LatestQueryDate int64 `bson:"latest_query_date"`
}

// unlogged is the latest change of a record while its entry is not yet in the
// change log. It is set by the very update that makes the change, and no other
// change is made before it is gone: whoever meets it brings the entry into the
// log first. So no change is lost, and those of one key are logged in order.
type unlogged struct {
	// ID is the id of the entry.
	ID    string `bson:"id"`
	Actor string `bson:"actor"`
	Date  int64  `bson:"date"`
	// UserEntry is set if the change is the creation of a user with this first
	// key: the id of the user's entry. The key is there for nobody, and there
	// is nothing to log, until the user is stored.
	UserEntry string `bson:"user_entry,omitempty"`
}

type user struct {
	ID                string `bson:"_id"`
	Username          string `bson:"username"`
	Email             string `bson:"email"`
	CanonicalUsername string `bson:"canonical_username"`
	CanonicalEmail    string `bson:"canonical_email"`
	PasswordHash      string `bson:"password_hash"`
	CreationDate      int64  `bson:"creation_date"`
	// FirstKey is the id of the key that came with the user.
	FirstKey string `bson:"first_key"`
}

type change struct {
	Number   int64  `bson:"_id"`
	ID       string `bson:"id"`
	Object   string `bson:"object"`
	ObjectID string `bson:"object_id"`
	Actor    string `bson:"actor"`
	Date     int64  `bson:"date"`
}

func newUnlogged(act repository.Act) *unlogged {
	return &unlogged{ID: uuid.NewString(), Actor: act.Actor, Date: millis(act.Date)}
}

func newRecord(k models.APIKey, change *unlogged) record {
	return record{ID: k.ID, Hash: binaryOf(k.Hash), Key: keyOf(k), Unlogged: change}
}

func keyOf(k models.APIKey) *key {
	return &key{
		Hint: k.Hint, Name: k.Name, UserID: k.UserID,
		CreationDate: millis(k.CreationDate), ExpirationDate: millis(k.ExpirationDate), RevocationDate: millis(k.RevocationDate),
		Version: k.Version,
	}
}

// model returns the key with its owner's name; the zero key if it is deleted.
func (r record) model(owner user) models.APIKey {
	if r.Key == nil {
		return models.APIKey{}
	}
	hash, _ := r.Hash.(bson.Binary)
	return models.APIKey{
		ID: r.ID, Hash: hash.Data, Hint: r.Key.Hint, Name: r.Key.Name, UserID: r.Key.UserID, Username: owner.Username,
		CreationDate: fromMillis(r.Key.CreationDate), ExpirationDate: fromMillis(r.Key.ExpirationDate),
		RevocationDate: fromMillis(r.Key.RevocationDate), Version: r.Key.Version,
	}
}

// row returns the record as a list shows it.
func (r record) row(owner user) repository.KeyUsage {
	return repository.KeyUsage{
		APIKey: r.model(owner), Email: owner.Email,
		Usage: models.Usage{KeyID: r.ID, TotalQueries: r.Usage.TotalQueries, LatestQueryDate: fromMillis(r.Usage.LatestQueryDate)},
	}
}

// isThere reports whether the record holds a key, and one that is visible: a
// first key is once its user is stored.
func (r record) isThere(owner user) bool {
	return r.Key != nil && (!r.awaitsUser() || owner.FirstKey == r.ID)
}

func (r record) awaitsUser() bool { return r.Unlogged != nil && r.Unlogged.UserEntry != "" }

func userOf(u models.User, firstKey string) user {
	return user{
		ID: u.ID, Username: u.Username, Email: u.Email, CanonicalUsername: u.CanonicalUsername, CanonicalEmail: u.CanonicalEmail,
		PasswordHash: u.PasswordHash, CreationDate: millis(u.CreationDate), FirstKey: firstKey,
	}
}

func (u user) model() models.User {
	return models.User{
		ID: u.ID, Username: u.Username, Email: u.Email, CanonicalUsername: u.CanonicalUsername, CanonicalEmail: u.CanonicalEmail,
		PasswordHash: u.PasswordHash, CreationDate: fromMillis(u.CreationDate),
	}
}

func (c change) model() models.Change {
	return models.Change{
		Number: c.Number, ID: c.ID, Object: models.Object(c.Object), ObjectID: c.ObjectID,
		Actor: c.Actor, Date: fromMillis(c.Date),
	}
}

func binaryOf(data []byte) bson.Binary { return bson.Binary{Data: data} }

// millis keeps 0 for the zero time alone, or a date could say that there is
// none: a revocation at the epoch would be no revocation.
func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return max(1, t.UnixMilli())
}

func fromMillis(n int64) time.Time {
	if n == 0 {
		return time.Time{}
	}
	return time.UnixMilli(n).UTC()
}

func byID(id any) bson.D { return field("_id", id) }

func field(name string, value any) bson.D { return bson.D{{Key: name, Value: value}} }

func exists(yes bool) bson.D { return field("$exists", yes) }
