package mongodb

import (
	"context"
	"fmt"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/repository"
)

// ListUsers implements repository.Repository. As ListKeys does, it asks for
// one row more than the page holds.
func (r userStore) ListUsers(ctx context.Context, filter repository.UserFilter, page repository.Page) (repository.UserPage, error) {
	ctx = withoutDeadline(ctx)
	if page.Sort != repository.SortID {
		return repository.UserPage{}, fmt.Errorf("users are not sorted by %q", page.Sort)
	}
	position, err := page.Position()
	if err != nil {
		return repository.UserPage{}, err
	}
	rows, err := r.usersAfter(ctx, filter, page, position)
	if err != nil {
		return repository.UserPage{}, wrap(ctx, "listing users", err)
	}
	if len(rows) <= page.Limit {
		return repository.UserPage{Rows: rows}, nil
	}
	rows = rows[:page.Limit]
	return repository.UserPage{Rows: rows, Next: page.NextUser(rows[page.Limit-1])}, nil
}

func (r userStore) usersAfter(ctx context.Context, filter repository.UserFilter, page repository.Page, position repository.Position) ([]models.User, error) {
	conditions := usersMeeting(filter)
	if position.KeyID != "" {
		conditions = and(conditions, beyond(page, position))
	}
	cursor, err := r.users.Find(ctx, conditions, options.Find().SetSort(order(page)).SetLimit(int64(page.Limit)+1))
	if err != nil {
		return nil, err
	}
	var found []user
	err = cursor.All(ctx, &found)
	rows := make([]models.User, len(found))
	for i, u := range found {
		rows[i] = u.model()
	}
	return rows, err
}

// usersMeeting says the filter in MongoDB's words.
func usersMeeting(filter repository.UserFilter) bson.D {
	conditions := notDeleted()
	if filter.ID != "" {
		conditions = and(conditions, field("$and", bson.A{byID(filter.ID)})) // beside a position, which asks for an id too
	}
	if filter.Username != "" {
		conditions = and(conditions, field("canonical_username", filter.Username))
	}
	if filter.Email != "" {
		conditions = and(conditions, field("canonical_email", filter.Email))
	}
	prefixes := bson.A{}
	if filter.UsernamePrefix != "" {
		prefixes = append(prefixes, beginsWith("canonical_username", filter.UsernamePrefix)...)
	}
	if filter.EmailPrefix != "" {
		prefixes = append(prefixes, beginsWith("canonical_email", filter.EmailPrefix)...)
	}
	if len(prefixes) > 0 {
		conditions = and(conditions, field("$nor", bson.A{field("$nor", bson.A{field("$and", prefixes)})})) // $and may be taken
	}
	if filter.Disabled != nil {
		conditions = and(conditions, hasDate("disabled_date", *filter.Disabled))
	}
	if filter.Confirmed != nil {
		conditions = and(conditions, hasDate("confirmation_date", *filter.Confirmed))
	}
	return conditions
}

// hasDate is met by documents that have a date, or that have none: it is 0 or,
// in documents of earlier schemas, not there.
func hasDate(name string, yes bool) bson.D {
	set := field("$gt", int64(0))
	if yes {
		return field(name, set)
	}
	return field(name, field("$not", set))
}
