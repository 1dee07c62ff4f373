package mongodb

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"maps"
	"math"
	"slices"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/repository"
)

// removedAtOnce bounds how many documents one statement removes.
const removedAtOnce = 1000

// point is how often a key was used on a route in one interval. As a key's
// record does, the document remembers the flushes that reached it; since that
// is but those of the nodes that ran in the interval, it need never forget.
type point struct {
	Date         int64  `bson:"date"`
	KeyID        string `bson:"key_id"`
	UserID       string `bson:"user_id"`
	Route        string `bson:"route"`
	TotalQueries int64  `bson:"-"`
}

// id is another for each interval, key and route. No string holds a zero byte.
func (p point) id() string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%d\x00%s\x00%s", p.Date, p.KeyID, p.Route))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// addToSeries adds the hours of a flush to their intervals.
func (r usageStore) addToSeries(ctx context.Context, interval repository.Interval, node string, flush repository.Flush) error {
	points := pointsFrom(interval, flush.Hours)
	ids := slices.Sorted(maps.Keys(points))
	for some := range slices.Chunk(ids, perStatement) {
		if err := ensurePoints(ctx, r.series[interval], points, some); err != nil {
			return err
		}
	}
	counts := map[int64][]string{}
	for _, id := range ids {
		counts[points[id].TotalQueries] = append(counts[points[id].TotalQueries], id)
	}
	return addCounts(ctx, r.series[interval], "total_queries", node, flush.Number, counts)
}

// pointsFrom sums hours up by their intervals.
func pointsFrom(interval repository.Interval, hours []models.HourUsage) map[string]point {
	points := map[string]point{}
	for _, h := range hours {
		p := point{Date: millis(interval.Begin(h.Hour)), KeyID: h.KeyID, UserID: h.UserID, Route: h.Route}
		id := p.id()
		p.TotalQueries = points[id].TotalQueries + h.TotalQueries
		points[id] = p
	}
	return points
}

// ensurePoints makes the documents that are missing. It begins again if another
// node has made one of them at the same time.
func ensurePoints(ctx context.Context, collection checked, points map[string]point, ids []string) error {
	for attempt := 1; ; attempt++ {
		missing, err := missingFrom(ctx, collection, ids)
		if err != nil || len(missing) == 0 {
			return err
		}
		documents := make([]any, len(missing))
		for i, id := range missing {
			documents[i] = newPoint(id, points[id])
		}
		_, err = collection.InsertMany(ctx, documents, options.InsertMany().SetOrdered(false))
		if !mongo.IsDuplicateKeyError(err) || attempt == mostAttempts || pause(ctx, attempt) != nil {
			return err
		}
	}
}

// missingFrom returns those of the ids that are not in the collection.
func missingFrom(ctx context.Context, collection checked, ids []string) ([]string, error) {
	there, err := idsFrom(ctx, collection, byID(among(ids)), options.Find())
	return slices.DeleteFunc(slices.Clone(ids), func(id string) bool {
		_, found := slices.BinarySearch(there, id)
		return found
	}), err
}

// idsFrom returns the ids of the documents that are found, in order.
func idsFrom(ctx context.Context, collection checked, filter bson.D, find *options.FindOptionsBuilder) ([]string, error) {
	cursor, err := collection.Find(ctx, filter, find.SetProjection(byID(1)))
	if err != nil {
		return nil, err
	}
	var found []struct {
		ID string `bson:"_id"`
	}
	err = cursor.All(ctx, &found)
	ids := make([]string, len(found))
	for i, f := range found {
		ids[i] = f.ID
	}
	slices.Sort(ids)
	return ids, err
}

// newPoint is a document with nothing counted yet.
func newPoint(id string, p point) bson.D {
	return bson.D{
		{Key: "_id", Value: id}, {Key: "date", Value: p.Date}, {Key: "key_id", Value: p.KeyID},
		{Key: "user_id", Value: p.UserID}, {Key: "route", Value: p.Route}, {Key: "total_queries", Value: int64(0)},
	}
}

// UsageSeries implements repository.Repository. It asks for one row more than
// the page holds, which tells whether there is a next.
func (r usageStore) UsageSeries(ctx context.Context, filter repository.SeriesFilter, page repository.SeriesPage) (repository.Series, error) {
	ctx = withoutDeadline(ctx)
	position, err := page.Position()
	if err != nil {
		return repository.Series{}, err
	}
	rows, err := r.seriesRows(ctx, filter, page, position)
	if err != nil {
		return repository.Series{}, wrap(ctx, "reading a usage series", err)
	}
	return page.Cut(rows), nil
}

func (r usageStore) seriesRows(ctx context.Context, filter repository.SeriesFilter, page repository.SeriesPage, position repository.SeriesPosition) ([]repository.SeriesRow, error) {
	conditions, err := r.inSeries(ctx, filter)
	if err != nil {
		return nil, err
	}
	dimensions := page.Dimensions(position)
	if position != (repository.SeriesPosition{}) {
		conditions = append(conditions, after(dimensions))
	}
	group, order := bson.D{}, bson.D{}
	for _, d := range dimensions {
		group = append(group, bson.E{Key: d.Name, Value: "$" + d.Name})
		order = append(order, bson.E{Key: "_id." + d.Name, Value: 1})
	}
	cursor, err := r.series[page.Interval].Aggregate(ctx, bson.A{
		field("$match", field("$and", conditions)),
		field("$group", bson.D{{Key: "_id", Value: group}, {Key: "total_queries", Value: field("$sum", "$total_queries")}}),
		field("$sort", order),
		field("$limit", int64(page.Limit+1)),
	}, options.Aggregate().SetAllowDiskUse(true))
	if err != nil {
		return nil, err
	}
	var sums []sum
	if err := cursor.All(ctx, &sums); err != nil {
		return nil, err
	}
	return r.named(ctx, sums)
}

// sum is a group of points.
type sum struct {
	Point        point `bson:"_id"`
	TotalQueries int64 `bson:"total_queries"`
}

// named makes rows of sums, with the names of their users.
func (r usageStore) named(ctx context.Context, sums []sum) ([]repository.SeriesRow, error) {
	ids := bson.A{}
	for _, s := range sums {
		if s.Point.UserID != "" {
			ids = append(ids, s.Point.UserID)
		}
	}
	users, err := r.usersByID(ctx, ids)
	rows := make([]repository.SeriesRow, len(sums))
	for i, s := range sums {
		rows[i] = repository.SeriesRow{
			Date: fromMillis(s.Point.Date), KeyID: s.Point.KeyID, UserID: s.Point.UserID,
			Username: users[s.Point.UserID].Username, Route: s.Point.Route, TotalQueries: s.TotalQueries,
		}
	}
	return rows, err
}

// after is met by what comes after the position.
func after(dimensions []repository.SeriesDimension) bson.D {
	alternatives, equal := bson.A{}, bson.D{}
	for _, d := range dimensions {
		later := append(slices.Clone(equal), bson.E{Key: d.Name, Value: field("$gt", d.Last)})
		alternatives = append(alternatives, later)
		equal = append(equal, bson.E{Key: d.Name, Value: d.Last})
	}
	return field("$or", alternatives)
}

// inSeries says the filter in MongoDB's words. A username and an address are
// looked up first, which finds one user or none.
func (r usageStore) inSeries(ctx context.Context, filter repository.SeriesFilter) (bson.A, error) {
	to := int64(math.MaxInt64)
	if !filter.To.IsZero() {
		to = millis(filter.To)
	}
	conditions := bson.A{field("date", bson.D{{Key: "$gte", Value: millis(filter.From)}, {Key: "$lt", Value: to}})}
	if filter.KeyID != "" {
		conditions = append(conditions, field("key_id", filter.KeyID))
	}
	if filter.UserID != "" {
		conditions = append(conditions, field("user_id", filter.UserID))
	}
	if filter.Route != "" {
		conditions = append(conditions, field("route", filter.Route))
	}
	if filter.Username == "" && filter.Email == "" {
		return conditions, nil
	}
	owned, err := r.ownedBy(ctx, "user_id", filter.Username, filter.Email)
	return append(conditions, owned), err
}

// RollUpUsage implements repository.Repository.
func (r usageStore) RollUpUsage(ctx context.Context, before time.Time) (more bool, err error) {
	return r.removePoints(withoutDeadline(ctx), "folding usage", repository.IntervalHour, before)
}

// DeleteUsage implements repository.Repository.
func (r usageStore) DeleteUsage(ctx context.Context, before time.Time) (more bool, err error) {
	more, err = r.removePoints(withoutDeadline(ctx), "deleting usage", repository.IntervalHour, before)
	if err != nil || more {
		return more, err
	}
	return r.removePoints(withoutDeadline(ctx), "deleting usage", repository.IntervalDay, before)
}

// removePoints removes some of the documents of days that had ended. Counts
// that are added to them at the same moment are as old, and go with them.
func (r usageStore) removePoints(ctx context.Context, doing string, interval repository.Interval, before time.Time) (more bool, err error) {
	old := field("date", field("$lt", millis(repository.IntervalDay.Begin(before))))
	ids, err := idsFrom(ctx, r.series[interval], old, options.Find().SetSort(field("date", 1)).SetLimit(removedAtOnce))
	if err != nil || len(ids) == 0 {
		return false, wrap(ctx, doing, err)
	}
	_, err = r.series[interval].DeleteMany(ctx, byID(among(ids)))
	return len(ids) == removedAtOnce, wrapWrite(ctx, doing, err)
}
