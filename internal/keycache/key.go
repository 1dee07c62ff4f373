package keycache

import (
	"time"

	"github.com/ginauth/ginauth/internal/usage"
	"github.com/ginauth/ginauth/models"
)

// Key is a key as it was read. It is shared by all requests and never changed,
// but for the counter of its requests. A million of them are in memory, so it is
// packed into 128 bytes, which are two cache lines: the dates as they are
// stored, all text in one string. The fields that a flush reads come first.
type Key struct {
	counter usage.Counter
	// fingerprint is the id's. Cut off, it is the place where changes of the key
	// are remembered; userPlace is that of its user's, the same for a key
	// without one.
	fingerprint uint32
	userPlace   place
	// lengths are those of the parts of text: id, hint, user's id and name; the
	// rest is the username.
	lengths  [4]uint16
	text     string
	cache    *Cache
	creation int64

	hash Hash
	// generation is the number that changes had when the key began to be read, at
	// that moment.
	generation uint64
	loadedAt   time.Duration
	// expiration and creation are in milliseconds since 1970, 0 for none. The
	// former is the earlier one of the key's date and its owner's end of access.
	expiration int64
	special    *special // nil for nearly all
}

// special is what few keys have: a revocation, an owner who was disabled or
// whose access ends, and a date that is fixed. Dates are in milliseconds since
// 1970, 0 for none.
type special struct {
	revocation, disabled int64
	// expiration is the key's own date.
	expiration, accessUntil int64
	fixed                   bool
}

func (c *Cache) newKey(stored models.APIKey, number uint64, elapsed time.Duration) *Key {
	key := &Key{
		hash: Hash(stored.Hash), generation: number, loadedAt: elapsed, cache: c,
		expiration: millis(stored.End()), special: newSpecial(stored), creation: millis(stored.CreationDate),
		text:    stored.ID + stored.Hint + stored.UserID + stored.Name + stored.Username,
		lengths: [4]uint16{uint16(len(stored.ID)), uint16(len(stored.Hint)), uint16(len(stored.UserID)), uint16(len(stored.Name))},
	}
	key.fingerprint = c.changes.fingerprint(stored.ID)
	key.userPlace = place(key.fingerprint)
	if stored.UserID != "" {
		key.userPlace = c.changes.toPlace(stored.UserID)
	}
	return key
}

// newSpecial returns nil for a key that has nothing special.
func newSpecial(stored models.APIKey) *special {
	s := special{
		revocation: millis(stored.RevocationDate), disabled: millis(stored.DisabledDate),
		accessUntil: millis(stored.AccessUntil), fixed: stored.ExpirationFixed,
	}
	if s == (special{}) {
		return nil
	}
	s.expiration = millis(stored.ExpirationDate)
	return &s
}

// refuses reports whether the key is refused though it has not expired.
func (s *special) refuses() bool { return s != nil && (s.revocation != 0 || s.disabled != 0) }

// ID returns the key's id.
func (k *Key) ID() string { return k.text[:k.lengths[0]] }

// IsFrom reports whether the key was read by the cache.
func (k *Key) IsFrom(cache *Cache) bool { return k.cache == cache }

// UserID returns the owner's id; "" for a service key.
func (k *Key) UserID() string {
	start := k.lengths[0] + k.lengths[1]
	return k.text[start : start+k.lengths[2]]
}

// Fingerprint is the same for the same ID, see usage.Key.
func (k *Key) Fingerprint() uint32 { return k.fingerprint }

// Counter counts the key's requests, see usage.Recorder.
func (k *Key) Counter() *usage.Counter { return &k.counter }

// Status judges the key at the given time. That of a key that is in force, as
// nearly all are that are asked about, takes no copy of it.
func (k *Key) Status(now time.Time) models.Status {
	if !k.special.refuses() && (k.expiration == 0 || now.UnixMilli() < k.expiration) {
		return models.StatusActive
	}
	return k.APIKey().Status(now)
}

// APIKey returns a copy of the key, without its hash and version.
func (k *Key) APIKey() models.APIKey {
	var parts [4]string
	rest := k.text
	for i, length := range k.lengths {
		parts[i], rest = rest[:length], rest[length:]
	}
	key := models.APIKey{
		ID: parts[0], Hint: parts[1], UserID: parts[2], Name: parts[3], Username: rest,
		CreationDate: fromMillis(k.creation), ExpirationDate: fromMillis(k.expiration),
	}
	if s := k.special; s != nil {
		key.RevocationDate, key.DisabledDate = fromMillis(s.revocation), fromMillis(s.disabled)
		key.ExpirationDate, key.AccessUntil, key.ExpirationFixed = fromMillis(s.expiration), fromMillis(s.accessUntil), s.fixed
	}
	return key
}

// millis keeps the zero time as 0.
func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

func fromMillis(n int64) time.Time {
	if n == 0 {
		return time.Time{}
	}
	return time.UnixMilli(n).UTC()
}
