package mongodb

import (
	"context"
	"encoding/hex"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// formerTokens are the fields in which schema 3 held the one token of a user.
func formerTokens() bson.D {
	return bson.D{{Key: "token_hash", Value: ""}, {Key: "token_purpose", Value: ""}, {Key: "token_expiration_date", Value: ""}}
}

// moveTokens moves the tokens of schema 3 that may still be used to where they
// are now; the others go when their user is changed. Any number of processes
// may do so. The user's version grows, so that no process of the version before
// stores a user with the token whom it has read before.
func (r migrator) moveTokens(ctx context.Context) error {
	live := field("token_expiration_date", field("$gt", time.Now().UnixMilli()))
	projection := and(formerTokenNames(), bson.D{{Key: "email", Value: 1}, {Key: "canonical_email", Value: 1}})
	cursor, err := r.users.Find(ctx, live, options.Find().SetProjection(projection))
	if err != nil {
		return err
	}
	var holders []holder
	if err := cursor.All(ctx, &holders); err != nil {
		return err
	}
	for _, h := range holders {
		update := bson.D{
			{Key: "$set", Value: bson.D{tokenField(hex.EncodeToString(h.Hash), h.token())}},
			{Key: "$unset", Value: formerTokens()},
			{Key: "$inc", Value: bson.D{{Key: "token_version", Value: int64(1)}, {Key: "version", Value: int64(1)}}},
		}
		if _, err := r.users.UpdateOne(ctx, and(byID(h.ID), field("token_hash", toBinary(h.Hash))), update); err != nil {
			return err
		}
	}
	return nil
}

func formerTokenNames() bson.D {
	names := formerTokens()
	for i := range names {
		names[i].Value = 1
	}
	return names
}

// holder is what is read of a user of schema 3 who holds a token.
type holder struct {
	ID             string `bson:"_id"`
	Email          string `bson:"email"`
	CanonicalEmail string `bson:"canonical_email"`
	Hash           []byte `bson:"token_hash"`
	Purpose        string `bson:"token_purpose"`
	Expiration     int64  `bson:"token_expiration_date"`
}

// token returns the token. Its creation date follows from the times that tokens
// had until then: an hour for a new password, a day for a confirmation.
func (h holder) token() token {
	lifetime := 24 * time.Hour
	if h.Purpose == "reset" {
		lifetime = time.Hour
	}
	return token{h.Purpose, h.Email, h.CanonicalEmail, h.Expiration - lifetime.Milliseconds(), h.Expiration}
}
