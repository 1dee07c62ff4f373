package mongodb

import (
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/repository"
)

// keysMeeting says what a filter asks of the record itself.
func keysMeeting(f repository.KeyFilter) bson.A {
	conditions := bson.A{}
	for name, value := range map[string]string{
		"_id": f.KeyID, "key.name": f.Name, "key.user_id": f.UserID, "key.hint": f.Hint, "key.issued_by": f.IssuedBy,
	} {
		if value != "" {
			conditions = append(conditions, field(name, value))
		}
	}
	if f.NamePrefix != "" {
		conditions = append(conditions, beginsWith("key.name", f.NamePrefix)...)
	}
	for _, date := range []struct {
		name, operator string
		bound          time.Time
	}{
		{"key.creation_date", "$gte", f.CreatedSince}, {"key.creation_date", "$lt", f.CreatedBefore}, {"list.end", "$lt", f.ExpiresBefore},
		{"key.creation_date", "$lt", f.UnusedSince}, {"usage.latest_query_date", "$lt", f.UnusedSince},
	} {
		if !date.bound.IsZero() {
			conditions = append(conditions, field(date.name, field(date.operator, millis(date.bound))))
		}
	}
	anyOf := bson.A{}
	for _, status := range f.States() {
		anyOf = append(anyOf, withStatus(status, millis(f.Now)))
	}
	if len(anyOf) > 0 {
		conditions = append(conditions, field("$or", anyOf))
	}
	return conditions
}

// beginsWith is the range of the texts that begin with a prefix: from the prefix on, as
// texts are compared byte by byte.
func beginsWith(name, prefix string) bson.A {
	conditions := bson.A{field(name, field("$gte", prefix))}
	if next := repository.AfterPrefix(prefix); next != "" {
		conditions = append(conditions, field(name, field("$lt", next)))
	}
	return conditions
}

// withStatus says models.APIKey.Status in MongoDB's words.
func withStatus(status models.Status, now int64) bson.D {
	notRevoked := field("key.revocation_date", int64(0))
	enabled := and(notRevoked, hasDate("key.disabled_date", false))
	past := bson.D{{Key: "$gt", Value: int64(0)}, {Key: "$lte", Value: now}}
	expired := bson.A{field("key.expiration_date", past), field("key.access_until", past)}
	switch status {
	case models.StatusActive:
		return and(enabled, field("$nor", expired))
	case models.StatusExpired:
		return and(enabled, field("$or", expired))
	case models.StatusDisabled:
		return and(notRevoked, hasDate("key.disabled_date", true))
	case models.StatusRevoked:
		return field("$and", bson.A{field("key", exists(true)), field("key.revocation_date", field("$ne", int64(0)))})
	case models.StatusDeleted:
		return field("key", exists(false))
	default: // no key has it
		return nothing()
	}
}
