package mongodb

import (
	"context"
	"errors"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/ginauth/ginauth/repository"
)

// ListKeys implements repository.Repository. It asks for one row more than
// the page holds, which tells whether there is a next.
func (r keyLists) ListKeys(ctx context.Context, filter repository.KeyFilter, page repository.Page) (repository.KeyPage, error) {
	ctx = withoutDeadline(ctx)
	position, err := page.Position()
	if err != nil {
		return repository.KeyPage{}, err
	}
	conditions, err := r.conditions(ctx, filter, page)
	if err != nil {
		return repository.KeyPage{}, wrap(ctx, "listing usage", err)
	}
	rows, err := r.rows(ctx, filter, conditions, page, position)
	if err != nil {
		return repository.KeyPage{}, wrap(ctx, "listing usage", err)
	}
	if len(rows) <= page.Limit {
		return repository.KeyPage{Rows: rows}, nil
	}
	rows = rows[:page.Limit]
	return repository.KeyPage{Rows: rows, Next: page.NextCursor(rows[page.Limit-1])}, nil
}

// rows returns one row more than the page holds, if there are so many. Records
// that are not there, or not any more as the filter wants them, are left out,
// and it reads on in their place.
func (r keyLists) rows(ctx context.Context, filter repository.KeyFilter, conditions bson.A, page repository.Page, position repository.Position) ([]repository.KeyUsage, error) {
	rows := []repository.KeyUsage{}
	for {
		want := page.Limit + 1 - len(rows)
		found, err := r.recordsAfter(ctx, conditions, page, position, want)
		if err != nil {
			return nil, err
		}
		current, err := r.rowsFrom(ctx, found)
		if err != nil {
			return nil, err
		}
		for _, row := range current {
			if stillMeets(row, filter) {
				rows = append(rows, row)
			}
		}
		if len(found) < want || len(rows) > page.Limit {
			return rows, nil
		}
		position = positionFrom(found[len(found)-1], page)
	}
}

// rowsFrom returns the rows of those records that are there, as their owners have
// them be.
func (r keyLists) rowsFrom(ctx context.Context, records []record) ([]repository.KeyUsage, error) {
	owners, err := r.readOwners(ctx, records)
	if err != nil {
		return nil, err
	}
	rows := []repository.KeyUsage{}
	for _, rec := range records {
		current, owner, err := r.upToDate(ctx, rec, rec.ownerAmong(owners))
		if errors.Is(err, mongo.ErrNoDocuments) {
			continue
		}
		if err != nil {
			return nil, err
		}
		current.Usage = rec.Usage // the row's place in the list
		rows = append(rows, current.row(owner))
	}
	return rows, nil
}

// upToDate reads a record again if its key lags behind its owner.
func (r keyLists) upToDate(ctx context.Context, rec record, owner user) (record, user, error) {
	if rec.Key == nil || rec.isThere(owner) && !rec.lagsBehind(owner) && !rec.isOrphan(owner) {
		return rec, owner, nil
	}
	return r.owners.findKey(ctx, byID(rec.ID))
}

// stillMeets reports whether a row, which was found by the filter, meets it
// with what its owner has changed meanwhile.
func stillMeets(row repository.KeyUsage, filter repository.KeyFilter) bool {
	owned := filter.Username != "" || filter.Email != ""
	filter.Now = fromMillis(millis(filter.Now))
	return filter.Matches(row) && (!owned || row.UserID != "")
}

func (r keyLists) recordsAfter(ctx context.Context, conditions bson.A, page repository.Page, position repository.Position, limit int) ([]record, error) {
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

// readOwners reads the users of the records' keys. It comes after the records, see
// findKey.
func (r keyLists) readOwners(ctx context.Context, records []record) (map[string]user, error) {
	ids := bson.A{}
	for _, rec := range records {
		if rec.Key != nil && rec.Key.UserID != "" {
			ids = append(ids, rec.Key.UserID)
		}
	}
	return r.usersByID(ctx, ids)
}

func (r *database) usersByID(ctx context.Context, ids bson.A) (map[string]user, error) {
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
func (r keyLists) conditions(ctx context.Context, filter repository.KeyFilter, page repository.Page) (bson.A, error) {
	if len(filter.States()) > 0 || !filter.ExpiresBefore.IsZero() || page.Sort == repository.SortExpiration {
		if err := r.flushAllPending(ctx); err != nil { // what keys follow their owners in has to be there
			return nil, err
		}
	}
	conditions := keysMeeting(filter)
	if filter.Username == "" && filter.Email == "" {
		return conditions, nil
	}
	owned, err := r.ownedBy(ctx, "key.user_id", filter.Username, filter.Email)
	return append(conditions, owned), err
}

// nothing is a condition that no record meets.
func nothing() bson.D { return byID(exists(false)) }

// ownedBy is met where the field names the user.
func (r *database) ownedBy(ctx context.Context, name, username, email string) (bson.D, error) {
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

// sortField is the field that a sort puts before the id, if any.
func sortField(sort repository.Sort) (name string, ok bool) {
	switch sort {
	case repository.SortLatestQuery:
		return "usage.latest_query_date", true
	case repository.SortTotalQueries:
		return "usage.total_queries", true
	case repository.SortExpiration:
		return "list.end", true
	case repository.SortCreation:
		return "list.creation", true
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

// positionFrom is where a list stands at a record, shown or not.
func positionFrom(rec record, page repository.Page) repository.Position {
	position := repository.Position{KeyID: rec.ID}
	switch page.Sort {
	case repository.SortLatestQuery:
		position.Value = rec.Usage.LatestQueryDate
	case repository.SortTotalQueries:
		position.Value = rec.Usage.TotalQueries
	case repository.SortExpiration:
		position.Value = rec.List.End
	case repository.SortCreation:
		position.Value = rec.List.Creation
	case repository.SortID: // the id alone
	}
	return position
}
