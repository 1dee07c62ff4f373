package mongodb

import (
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/repository"
)

// user is what is kept of a user. Each change is one update of the document,
// which is the one step that brings the change into force, for the user's keys
// too: what it says of them outweighs what their records say. An update names
// the fields that it sets, so that those of a newer version of ginauth stay.
type user struct {
	ID       string `bson:"_id"`
	Username string `bson:"username"`
	Email    string `bson:"email"`
	// CanonicalUsername and CanonicalEmail are strings. Of a deleted user they
	// are the id as binary data, which is no other user's: a unique index wants
	// a value in every document.
	CanonicalUsername any    `bson:"canonical_username"`
	CanonicalEmail    any    `bson:"canonical_email"`
	PasswordHash      string `bson:"password_hash"`
	CreationDate      int64  `bson:"creation_date"`
	ChangeDate        int64  `bson:"change_date"`
	DisabledDate      int64  `bson:"disabled_date"`
	ConfirmationDate  int64  `bson:"confirmation_date"`
	MailFailureDate   int64  `bson:"mail_failure_date"`
	AccessUntil       int64  `bson:"access_until"`
	Version           int64  `bson:"version"`
	// Tokens are the user's tokens by their hashes in hexadecimal digits, and
	// TokenVersion grows with each change of them. Neither is a change of the user.
	Tokens       map[string]token `bson:"tokens,omitempty"`
	TokenVersion int64            `bson:"token_version,omitempty"`
	// FirstKey is the id of the key that came with the user.
	FirstKey string `bson:"first_key"`
	// Revocation is the latest of all keys that the user had.
	Revocation revocation `bson:"revocation"`
	// Deleted says that the user is there for nobody. The document is, until
	// the user's keys have no owner any more and the deletion is logged.
	Deleted bool     `bson:"deleted,omitempty"`
	Pending *pending `bson:"pending,omitempty"`
}

// revocation revokes the keys that are of a lower version of their user than
// its own; the zero revocation revokes none.
type revocation struct {
	Version int64 `bson:"version"`
	Date    int64 `bson:"date"`
}

// userFrom makes a user's document, without what only documents have.
func userFrom(u models.User) user {
	return user{
		ID: u.ID, Username: u.Username, Email: u.Email, CanonicalUsername: u.CanonicalUsername, CanonicalEmail: u.CanonicalEmail,
		PasswordHash: u.PasswordHash, CreationDate: millis(u.CreationDate), ChangeDate: millis(u.ChangeDate),
		DisabledDate: millis(u.DisabledDate), ConfirmationDate: millis(u.ConfirmationDate), MailFailureDate: millis(u.MailFailureDate),
		AccessUntil: millis(u.AccessUntil), Version: u.Version,
	}
}

func (u user) model() models.User {
	canonicalUsername, _ := u.CanonicalUsername.(string)
	canonicalEmail, _ := u.CanonicalEmail.(string)
	return models.User{
		ID: u.ID, Username: u.Username, Email: u.Email, CanonicalUsername: canonicalUsername, CanonicalEmail: canonicalEmail,
		PasswordHash: u.PasswordHash, CreationDate: fromMillis(u.CreationDate), ChangeDate: fromMillis(u.ChangeDate),
		DisabledDate: fromMillis(u.DisabledDate), ConfirmationDate: fromMillis(u.ConfirmationDate), MailFailureDate: fromMillis(u.MailFailureDate),
		AccessUntil: fromMillis(u.AccessUntil), Version: u.Version,
	}
}

// UnmarshalBSON implements bson.Unmarshaler. Documents of earlier schemas lack
// a version: nothing has changed those users.
func (u *user) UnmarshalBSON(data []byte) error {
	type fields user
	if err := bson.Unmarshal(data, (*fields)(u)); err != nil {
		return err
	}
	if u.Version == 0 {
		u.Version, u.ChangeDate = 1, u.CreationDate
	}
	return nil
}

// changedTo returns the document of the next version.
func (u user) changedTo(m models.User, change *pending) user {
	next := userFrom(m)
	next.Username, next.CanonicalUsername, next.CreationDate = u.Username, u.CanonicalUsername, u.CreationDate
	next.Version, next.FirstKey, next.Revocation, next.Pending = u.Version+1, u.FirstKey, u.Revocation, change
	next.Tokens, next.TokenVersion, next.MailFailureDate = u.Tokens, u.TokenVersion, u.MailFailureDate
	if next.CanonicalEmail != u.CanonicalEmail {
		next.MailFailureDate = 0
	}
	return next
}

// update returns what makes the document of a user the next one: what a change
// can change, and what earlier schemas had is removed.
func (u user) update(next user) bson.D {
	set := bson.D{
		{Key: "email", Value: next.Email}, {Key: "canonical_email", Value: next.CanonicalEmail},
		{Key: "password_hash", Value: next.PasswordHash}, {Key: "change_date", Value: next.ChangeDate},
		{Key: "disabled_date", Value: next.DisabledDate}, {Key: "confirmation_date", Value: next.ConfirmationDate},
		{Key: "access_until", Value: next.AccessUntil}, {Key: "version", Value: next.Version},
		{Key: "revocation", Value: next.Revocation}, {Key: "pending", Value: next.Pending},
	}
	if next.CanonicalEmail != u.CanonicalEmail {
		set = append(set, bson.E{Key: "mail_failure_date", Value: int64(0)})
	}
	removed := formerTokens()
	for name := range u.Tokens {
		if _, kept := next.Tokens[name]; !kept {
			removed = append(removed, tokenField(name, ""))
		}
	}
	return and(field("$set", set), field("$unset", removed), tokensChanged())
}

// deleted returns the document of a user of whom nothing is left but what has
// to be done yet.
func (u user) deleted(change *pending) user {
	id := toBinary([]byte(u.ID))
	return user{
		ID: u.ID, CanonicalUsername: id, CanonicalEmail: id, Version: u.Version + 1,
		FirstKey: u.FirstKey, Deleted: true, Pending: change,
	}
}

// revokingKeys returns the document with all keys revoked that the user had
// until this version.
func (u user) revokingKeys(by repository.Attribution) user {
	u.Revocation = revocation{Version: u.Version, Date: millis(by.At)}
	return u
}

// admits reports whether a key may be issued that was asked for when the user
// had the given version; any, if that is 0.
func (u user) admits(version int64) bool {
	return u.ID != "" && !u.Deleted && (version == 0 || version == u.Version)
}

// entry is what a user's change appends to the log, without the number.
func (u user) entry() change {
	return change{ID: u.Pending.ID, Object: string(models.ObjectUser), ObjectID: u.ID, Actor: u.Pending.Actor, Date: u.Pending.Date}
}
