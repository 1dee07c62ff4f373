package mongodb

import (
	"cmp"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/repository"
)

// token is what a user's document holds of a token, under its hash.
type token struct {
	Purpose        string `bson:"purpose"`
	Email          string `bson:"email"`
	CanonicalEmail string `bson:"canonical_email"`
	CreationDate   int64  `bson:"creation_date"`
	ExpirationDate int64  `bson:"expiration_date"`
}

func tokenFrom(t models.Token) token {
	return token{t.Purpose, t.Email, t.CanonicalEmail, millis(t.CreationDate), millis(t.ExpirationDate)}
}

// tokenModels returns the tokens of the document, the oldest first.
func (u user) tokenModels() []models.Token {
	tokens := make([]models.Token, 0, len(u.Tokens))
	for name, t := range u.Tokens {
		hash, _ := hex.DecodeString(name)
		tokens = append(tokens, models.Token{
			Hash: hash, UserID: u.ID, Purpose: t.Purpose, Email: t.Email, CanonicalEmail: t.CanonicalEmail,
			CreationDate: fromMillis(t.CreationDate), ExpirationDate: fromMillis(t.ExpirationDate),
		})
	}
	slices.SortFunc(tokens, func(a, b models.Token) int {
		return cmp.Or(a.CreationDate.Compare(b.CreationDate), slices.Compare(a.Hash, b.Hash))
	})
	return tokens
}

// AddToken implements repository.Repository. It writes the user's document if
// the tokens in it are still those that were read.
func (r userStore) AddToken(ctx context.Context, t models.Token) error {
	ctx = withoutDeadline(ctx)
	for attempt := 1; ; attempt++ {
		var stored user
		if err := r.users.FindOne(ctx, and(byID(t.UserID), notDeleted())).Decode(&stored); err != nil {
			return wrap(ctx, "finding the token's user", err)
		}
		update, err := stored.addition(t)
		if err != nil || update == nil {
			return err
		}
		changed, err := r.writeUser(ctx, "adding a token", and(byID(t.UserID), notDeleted(), stored.sameTokens()), update)
		if err != nil || changed {
			return err
		}
		if err := pause(ctx, attempt); err != nil {
			return wrap(ctx, "adding a token", err)
		}
	}
}

// addition returns the update that adds a token and removes what has expired;
// nil if the token is there.
func (u user) addition(t models.Token) (bson.D, error) {
	name := hex.EncodeToString(t.Hash)
	if _, added := u.Tokens[name]; added {
		return nil, nil
	}
	expired := bson.D{}
	for other, held := range u.Tokens {
		if held.ExpirationDate <= millis(t.CreationDate) {
			expired = append(expired, tokenField(other, ""))
		}
	}
	if len(u.Tokens)-len(expired) >= repository.MaxTokens {
		return nil, fmt.Errorf("adding a token: %w", repository.ErrTooManyTokens)
	}
	update := and(field("$set", bson.D{tokenField(name, tokenFrom(t))}), tokensChanged())
	if len(expired) > 0 {
		update = append(update, bson.E{Key: "$unset", Value: expired})
	}
	return update, nil
}

func tokenField(name string, value any) bson.E { return bson.E{Key: "tokens." + name, Value: value} }

// tokensChanged marks an update that adds or removes tokens, and sameTokens is
// met by the document while no other such update was made.
func tokensChanged() bson.D { return field("$inc", field("token_version", int64(1))) }

func (u user) sameTokens() bson.D {
	return field("token_version", field("$not", field("$gt", u.TokenVersion)))
}

// TokensByUser implements repository.Repository.
func (r userStore) TokensByUser(ctx context.Context, userID string) ([]models.Token, error) {
	ctx = withoutDeadline(ctx)
	var found user
	err := r.users.FindOne(ctx, and(byID(userID), notDeleted()), options.FindOne().SetProjection(field("tokens", 1))).Decode(&found)
	if err != nil && !errors.Is(err, mongo.ErrNoDocuments) {
		return nil, wrap(ctx, "reading tokens", err)
	}
	return found.tokenModels(), nil
}

// DeleteToken implements repository.Repository.
func (r userStore) DeleteToken(ctx context.Context, userID string, hash []byte) error {
	ctx = withoutDeadline(ctx)
	name := hex.EncodeToString(hash)
	there := and(byID(userID), field("tokens."+name, exists(true)))
	_, err := r.writeUser(ctx, "removing a token", there, and(field("$unset", bson.D{tokenField(name, "")}), tokensChanged()))
	return err
}

// without returns the document without the token that an update uses up and
// those that it voids.
func (u user) without(update repository.UserUpdate, now time.Time) (user, error) {
	used := hex.EncodeToString(update.UseToken)
	if held, ok := u.Tokens[used]; update.UseToken != nil && (!ok || held.ExpirationDate <= millis(now)) {
		return user{}, fmt.Errorf("using a token: %w", repository.ErrTokenUsed)
	}
	kept := map[string]token{}
	for name, held := range u.Tokens {
		if name != used && !slices.Contains(update.VoidTokens, held.Purpose) {
			kept[name] = held
		}
	}
	u.Tokens = kept
	return u, nil
}

// RehashPassword implements repository.Repository.
func (r userStore) RehashPassword(ctx context.Context, userID, old, hash string) error {
	ctx = withoutDeadline(ctx)
	user := and(byID(userID), notDeleted())
	changed, err := r.writeUser(ctx, "rehashing a password", and(user, field("password_hash", old)), field("$set", field("password_hash", hash)))
	if err != nil || changed {
		return err
	}
	there, err := isThere(ctx, r.users, user)
	switch {
	case err != nil:
		return wrap(ctx, "finding a user", err)
	case !there:
		return wrap(ctx, "finding a user", mongo.ErrNoDocuments)
	default:
		return fmt.Errorf("rehashing a password: %w", repository.ErrOutdated)
	}
}

// NoteMailFailure implements repository.Repository.
func (r userStore) NoteMailFailure(ctx context.Context, userID string, date time.Time) error {
	ctx = withoutDeadline(ctx)
	other := and(byID(userID), notDeleted(), hasDate("mail_failure_date", date.IsZero()))
	_, err := r.writeUser(ctx, "noting whether mail is delivered", other, field("$set", field("mail_failure_date", millis(date))))
	return err
}

// writeUser makes an update of a user that is no change of them, if they meet
// the condition.
func (r userStore) writeUser(ctx context.Context, doing string, condition, update bson.D) (changed bool, err error) {
	if err := ctx.Err(); err != nil {
		return false, wrap(ctx, doing, err)
	}
	longer, cancel := outliving(ctx)
	defer cancel()
	result, err := r.users.UpdateOne(longer, condition, update)
	if err != nil {
		return false, wrapWrite(ctx, doing, err)
	}
	return result.MatchedCount > 0, nil
}
