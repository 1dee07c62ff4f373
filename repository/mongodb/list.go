package mongodb

import (
	"context"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/repository"
)

// ListUsage implements repository.Repository. It asks for one row more than
// the page holds, which tells whether there is a next.
func (r *Repository) ListUsage(ctx context.Context, filter repository.UsageFilter, page repository.Page) (repository.UsagePage, error) {
	ctx = withoutDate(ctx)
	position, err := page.Position()
	if err != nil {
		return repository.UsagePage{}, err
	}
	conditions, err := r.conditions(ctx, filter)
	if err != nil {
		return repository.UsagePage{}, wrap(ctx, "listing usage", err)
	}
	rows, err := r.rows(ctx, conditions, page, position)
	if err != nil {
		return repository.UsagePage{}, wrap(ctx, "listing usage", err)
	}
	if len(rows) <= page.Limit {
		return repository.UsagePage{Rows: rows}, nil
	}
	rows = rows[:page.Limit]
	return repository.UsagePage{Rows: rows, Next: page.NextCursor(rows[page.Limit-1])}, nil
}

// rows returns one row more than the page holds, if there are so many. Records
// that are not there yet, since their user is missing, are left out, and it
// reads on in their place.
func (r *Repository) rows(ctx context.Context, conditions bson.A, page repository.Page, position repository.Position) ([]repository.KeyUsage, error) {
	rows := []repository.KeyUsage{}
	for {
		want := page.Limit + 1 - len(rows)
		found, err := r.recordsAfter(ctx, conditions, page, position, want)
		if err != nil {
			return nil, err
		}
		owners, err := r.owners(ctx, found)
		if err != nil {
			return nil, err
		}
		for _, rec := range found {
			owner := rec.ownerAmong(owners)
			position = positionOf(rec, page)
			if rec.Key == nil || rec.isThere(owner) {
				rows = append(rows, rec.row(owner))
			}
		}
		if len(found) < want || len(rows) > page.Limit {
			return rows, nil
		}
	}
}

func (r *Repository) recordsAfter(ctx context.Context, conditions bson.A, page repository.Page, position repository.Position, limit int) ([]record, error) {
	filter := bson.D{}
	if position.KeyID != "" {
		conditions = append(conditions[:len(conditions):len(conditions)], beyond(page, position))
	}
	if len(conditions) > 0 {
		filter = field("$and", conditions)
	}
	cursor, err := r.keys.Find(ctx, filter, options.Find().SetSort(order(page)).SetLimit(int64(limit)).SetProjection(withoutFlushes()))
	if err != nil {
		return nil, err
	}
	var found []record
	err = cursor.All(ctx, &found)
	return found, err
}

// owners reads the users of the records' keys. It comes after the records, see
// findKey.
func (r *Repository) owners(ctx context.Context, records []record) (map[string]user, error) {
	ids := bson.A{}
	for _, rec := range records {
		if rec.Key != nil && rec.Key.UserID != "" {
			ids = append(ids, rec.Key.UserID)
		}
	}
	return r.usersByID(ctx, ids)
}

func (r *Repository) usersByID(ctx context.Context, ids bson.A) (map[string]user, error) {
	users := map[string]user{}
	if len(ids) == 0 {
		return users, nil
	}
	cursor, err := r.users.Find(ctx, byID(field("$in", ids)))
	if err != nil {
		return nil, err
	}
	var found []user
	err = cursor.All(ctx, &found)
	for _, u := range found {
		users[u.ID] = u
	}
	return users, err
}

func (r record) ownerAmong(users map[string]user) user {
	if r.Key == nil {
		return user{}
	}
	return users[r.Key.UserID]
}

// conditions says the filter in MongoDB's words. A username and an address
// are looked up first, which finds one user or none.
func (r *Repository) conditions(ctx context.Context, filter repository.UsageFilter) (bson.A, error) {
	conditions := bson.A{}
	if filter.KeyID != "" {
		conditions = append(conditions, byID(filter.KeyID))
	}
	if filter.Name != "" {
		conditions = append(conditions, field("key.name", filter.Name))
	}
	if filter.Status != "" {
		conditions = append(conditions, withStatus(filter.Status, millis(filter.Now)))
	}
	if filter.Username == "" && filter.Email == "" {
		return conditions, nil
	}
	owned, err := r.ownedBy(ctx, "key.user_id", filter.Username, filter.Email)
	return append(conditions, owned), err
}

// nothing is a condition that no record meets.
func nothing() bson.D { return byID(exists(false)) }

// ownedBy is met where the field names the user.
func (r *Repository) ownedBy(ctx context.Context, name, username, email string) (bson.D, error) {
	filter := bson.D{}
	if username != "" {
		filter = append(filter, bson.E{Key: "canonical_username", Value: username})
	}
	if email != "" {
		filter = append(filter, bson.E{Key: "canonical_email", Value: email})
	}
	cursor, err := r.users.Find(ctx, filter, options.Find().SetLimit(1))
	if err != nil {
		return nil, err
	}
	var found []user
	if err := cursor.All(ctx, &found); err != nil || len(found) == 0 {
		return nothing(), err
	}
	return field(name, found[0].ID), nil
}

// withStatus says models.APIKey.Status in MongoDB's words.
func withStatus(status models.Status, now int64) bson.D {
	expiration, revocation := "key.expiration_date", "key.revocation_date"
	switch status {
	case models.StatusActive:
		return bson.D{{Key: revocation, Value: int64(0)}, {Key: "$or", Value: bson.A{
			field(expiration, int64(0)), field(expiration, field("$gt", now)),
		}}}
	case models.StatusExpired:
		return bson.D{{Key: revocation, Value: int64(0)}, {Key: expiration, Value: bson.D{
			{Key: "$ne", Value: int64(0)}, {Key: "$lte", Value: now},
		}}}
	case models.StatusRevoked:
		return field("$and", bson.A{field("key", exists(true)), field(revocation, field("$ne", int64(0)))})
	case models.StatusDeleted:
		return field("key", exists(false))
	default: // no key has it
		return nothing()
	}
}

// sortField is the field that a sort puts before the id, if any.
func sortField(sort repository.Sort) (name string, ok bool) {
	switch sort {
	case repository.SortLatestQuery:
		return "usage.latest_query_date", true
	case repository.SortTotalQueries:
		return "usage.total_queries", true
	default:
		return "", false
	}
}

func order(page repository.Page) bson.D {
	direction := -1
	if page.Ascending {
		direction = 1
	}
	if name, ok := sortField(page.Sort); ok {
		return bson.D{{Key: name, Value: direction}, {Key: "_id", Value: direction}}
	}
	return byID(direction)
}

// beyond leaves out what comes before the position.
func beyond(page repository.Page, position repository.Position) bson.D {
	operator := "$lt"
	if page.Ascending {
		operator = "$gt"
	}
	later := byID(field(operator, position.KeyID))
	name, ok := sortField(page.Sort)
	if !ok {
		return later
	}
	return field("$or", bson.A{
		field(name, field(operator, position.Value)),
		append(field(name, position.Value), later...),
	})
}

// positionOf is where a list stands at a record, shown or not.
func positionOf(rec record, page repository.Page) repository.Position {
	position := repository.Position{KeyID: rec.ID}
	switch page.Sort {
	case repository.SortLatestQuery:
		position.Value = rec.Usage.LatestQueryDate
	case repository.SortTotalQueries:
		position.Value = rec.Usage.TotalQueries
	case repository.SortID: // the id alone
	}
	return position
}
