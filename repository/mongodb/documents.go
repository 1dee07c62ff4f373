package mongodb

import (
	"slices"
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
	Hash    any       `bson:"hash"`
	Key     *key      `bson:"key,omitempty"`
	Usage   usage     `bson:"usage"`
	List    placement `bson:"list"`
	Pending *pending  `bson:"pending,omitempty"`
}

// placement is what lists are sorted by beside the usage, also of a deleted key: its end,
// and its creation date. Propagating a change of a user's end of access moves the end.
type placement struct {
	End      int64 `bson:"end"`
	Creation int64 `bson:"creation"`
}

// deletedFromLists is where deleted keys stand in lists.
func deletedFromLists() placement { return placement{End: repository.NeverEnds} }

// listed is where the key stands in lists.
func (k *key) listed() placement {
	end := models.APIKey{ExpirationDate: fromMillis(k.ExpirationDate), AccessUntil: fromMillis(k.AccessUntil)}.End()
	if end.IsZero() {
		return placement{repository.NeverEnds, k.CreationDate}
	}
	return placement{millis(end), k.CreationDate}
}

type key struct {
	Hint           string `bson:"hint"`
	Name           string `bson:"name"`
	IssuedBy       string `bson:"issued_by"`
	UserID         string `bson:"user_id"`
	CreationDate   int64  `bson:"creation_date"`
	ExpirationDate int64  `bson:"expiration_date"`
	RevocationDate int64  `bson:"revocation_date"`
	Version        int64  `bson:"version"`
	// ExpirationFixed says that the owner cannot move ExpirationDate.
	ExpirationFixed bool `bson:"expiration_fixed"`
	// UserVersion is the owner's version that the key was issued to or has
	// followed up to. DisabledDate and AccessUntil are the owner's then, by which
	// lists filter. Keys of earlier schemas lack some of these.
	UserVersion  int64 `bson:"user_version"`
	DisabledDate int64 `bson:"disabled_date"`
	AccessUntil  int64 `bson:"access_until"`
}

type usage struct {
	TotalQueries    int64 `bson:"total_queries"`
	LatestQueryDate int64 `bson:"latest_query_date"`
}

// pending is the latest change of a record or a user while its entry is not
// yet in the change log. It is set by the very update that makes the change, and no other
// change is made before it is gone: whoever meets it brings the entry into the
// log first. So no change is lost, and those of one key or user are logged in order.
type pending struct {
	// ID is the id of the entry.
	ID    string `bson:"id"`
	Actor string `bson:"actor"`
	Date  int64  `bson:"date"`
	// UserEntry is set if the change is the creation of a user with this first
	// key: the id of the user's entry. The key is there for nobody, and there
	// is nothing to log, until the user is stored.
	UserEntry string `bson:"user_entry,omitempty"`
	// IfVersion is set while it is undecided whether a further key of a user
	// comes into force: it does if the user is there, and still of this version
	// unless it is 0. A reader of the key decides it, see decide.
	IfVersion *int64 `bson:"if_version,omitempty"`
	// MaxKeys is how many keys the user may have for an undecided key to come into
	// force, this one included; 0 for any number.
	MaxKeys int `bson:"max_keys,omitempty"`
	// Batch is set while a batch may be under way: the key is there for nobody until
	// the document of the batch names it.
	Batch string `bson:"batch,omitempty"`
	// BatchBegin is when the keys of the batch were made, by the clock of the process: Date
	// is of the caller, and may be any.
	BatchBegin int64 `bson:"batch_begin,omitempty"`
}

// batch is a batch that is in force, with its keys, or a fence.
type batch struct {
	ID     string   `bson:"_id"`
	KeyIDs []string `bson:"key_ids"`
	Date   int64    `bson:"date"`
	// Fence is set while the batch is not stored: keys of attempts at it were removed. An
	// attempt that began before has not seen this random value, and cannot store the batch.
	Fence string `bson:"fence,omitempty"`
}

func (b batch) isStored() bool { return b.ID != "" && b.Fence == "" }

type change struct {
	Number   int64  `bson:"_id"`
	ID       string `bson:"id"`
	Object   string `bson:"object"`
	ObjectID string `bson:"object_id"`
	Actor    string `bson:"actor"`
	Date     int64  `bson:"date"`
}

func newPending(by repository.Attribution) *pending {
	return &pending{ID: uuid.NewString(), Actor: by.Actor, Date: millis(by.At)}
}

func newRecord(k models.APIKey, change *pending) record {
	k.IssuedBy = change.Actor
	stored := newKeyFor(k)
	return record{ID: k.ID, Hash: toBinary(k.Hash), Key: stored, List: stored.listed(), Pending: change}
}

// newFirstKey returns the record of a key that comes with its user.
func newFirstKey(k models.APIKey, owner user, change *pending) record {
	rec := newRecord(k, change)
	rec.follow(owner)
	rec.Pending.UserEntry = uuid.NewString()
	return rec
}

// follow copies what the key has of its owner.
func (r *record) follow(owner user) {
	r.Key.UserVersion, r.Key.DisabledDate, r.Key.AccessUntil = owner.Version, owner.DisabledDate, owner.AccessUntil
	r.List = r.Key.listed()
}

func newKeyFor(k models.APIKey) *key {
	return &key{
		Hint: k.Hint, Name: k.Name, UserID: k.UserID, IssuedBy: k.IssuedBy,
		CreationDate: millis(k.CreationDate), ExpirationDate: millis(k.ExpirationDate), RevocationDate: millis(k.RevocationDate),
		ExpirationFixed: k.ExpirationFixed, Version: k.Version,
	}
}

// model returns the key with what it has of its owner; the zero key if it is
// deleted.
func (r record) model(owner user) models.APIKey {
	if r.Key == nil {
		return models.APIKey{}
	}
	hash, _ := r.Hash.(bson.Binary)
	return models.APIKey{
		ID: r.ID, Hash: hash.Data, Hint: r.Key.Hint, Name: r.Key.Name, UserID: r.Key.UserID, IssuedBy: r.Key.IssuedBy,
		Username: owner.Username, DisabledDate: fromMillis(owner.DisabledDate), AccessUntil: fromMillis(owner.AccessUntil), UserVersion: owner.Version,
		CreationDate: fromMillis(r.Key.CreationDate), ExpirationDate: fromMillis(r.Key.ExpirationDate),
		ExpirationFixed: r.Key.ExpirationFixed, RevocationDate: fromMillis(r.Key.RevocationDate), Version: r.Key.Version,
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

func (r record) awaitsUser() bool { return r.Pending != nil && r.Pending.UserEntry != "" }

func (r record) awaitsBatch() bool { return r.Pending != nil && r.Pending.Batch != "" }

func (r record) isUndecided() bool { return r.Pending != nil && r.Pending.IfVersion != nil }

func (c change) model() models.Change {
	return models.Change{
		Number: c.Number, ID: c.ID, Object: models.Object(c.Object), ObjectID: c.ObjectID,
		Actor: c.Actor, Date: fromMillis(c.Date),
	}
}

func toBinary(data []byte) bson.Binary { return bson.Binary{Data: data} }

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

// and joins parts of a document that have no field in common.
func and(parts ...bson.D) bson.D { return slices.Concat(parts...) }

func exists(yes bool) bson.D { return field("$exists", yes) }
