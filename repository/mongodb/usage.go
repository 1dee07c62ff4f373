package mongodb

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"slices"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/repository"
)

const (
	// perStatement bounds a statement, which may have 16 MB: an id has up to
	// 1,024 bytes.
	perStatement = 10_000
	// flushMemory is how long the records remember the flushes of a node that
	// sends no more: the longest for which a node may repeat one.
	flushMemory = 7 * 24 * time.Hour
	// forgetAtOnce bounds how many nodes are forgotten in one go.
	forgetAtOnce = 20
)

// flushed is what is known about a node.
type flushed struct {
	Node string `bson:"_id"`
	// Number is that of the latest flush that was added as a whole.
	Number int64 `bson:"number"`
	// Date is when that was, by the server's clock.
	Date time.Time `bson:"date"`
}

// AddUsage implements repository.Repository. Each record remembers, by node,
// the number of the latest flush that reached it, and takes a flush only if
// its number is higher: check and addition are one atomic update. A flush that
// was cut off half-way is therefore completed by repeating it, and what the
// first attempt still does meanwhile does no harm.
func (r usageStore) AddUsage(ctx context.Context, flush repository.Flush) error {
	ctx = withoutDeadline(ctx)
	if err := ctx.Err(); err != nil {
		return wrap(ctx, "adding usage", err)
	}
	node := nodeName(flush.Node)
	var known flushed
	err := r.flushes.FindOne(ctx, byID(node)).Decode(&known)
	if err != nil && !errors.Is(err, mongo.ErrNoDocuments) {
		return wrap(ctx, "adding usage", err)
	}
	if known.Number >= flush.Number {
		return nil
	}
	return wrapWrite(ctx, "adding usage", r.addFlush(ctx, node, flush))
}

func (r usageStore) addFlush(ctx context.Context, node string, flush repository.Flush) error {
	if err := r.ensureRecords(ctx, flush.Usages); err != nil {
		return err
	}
	if err := r.addToTotals(ctx, node, flush.Number, byCount(flush.Usages)); err != nil {
		return err
	}
	for interval := range r.series {
		if err := r.addToSeries(ctx, interval, node, flush); err != nil {
			return err
		}
	}
	update := bson.D{{Key: "$max", Value: field("number", flush.Number)}, {Key: "$currentDate", Value: field("date", true)}}
	err := r.flushes.UpsertByID(ctx, node, update)
	if err != nil || flush.Number != 1 {
		return err
	}
	return r.forgetNodes(ctx, node)
}

// nodeName makes a field name of a node's, which may hold dots and dollars.
func nodeName(node string) string {
	sum := sha256.Sum256([]byte(node))
	return base64.RawURLEncoding.EncodeToString(sum[:12])
}

// ensureRecords makes the records that are missing and moves the latest dates.
// Doing so again changes nothing. The ids are in order, so that nodes meet in
// the same order everywhere. The updates are of the kind for many documents,
// since FerretDB holds a connection of its own for each one of the other kind.
func (r usageStore) ensureRecords(ctx context.Context, usages []models.Usage) error {
	sorted := slices.SortedFunc(slices.Values(usages), func(a, b models.Usage) int { return cmp.Compare(a.KeyID, b.KeyID) })
	for some := range slices.Chunk(sorted, perStatement) {
		updates := make([]mongo.WriteModel, len(some))
		for i, u := range some {
			updates[i] = mongo.NewUpdateManyModel().SetFilter(byID(u.KeyID)).SetUpsert(true).SetUpdate(bson.D{
				{Key: "$max", Value: field("usage.latest_query_date", millis(u.LatestQueryDate))},
				{Key: "$setOnInsert", Value: bson.D{{Key: "hash", Value: u.KeyID}, {Key: "usage.total_queries", Value: int64(0)}, {Key: "list", Value: deletedFromLists()}}},
			})
		}
		if err := r.upsertAll(ctx, updates); err != nil {
			return err
		}
	}
	return nil
}

// upsertAll begins again if another node has made a record at the same time.
func (r usageStore) upsertAll(ctx context.Context, updates []mongo.WriteModel) error {
	for attempt := 1; ; attempt++ {
		_, err := r.keys.BulkWrite(ctx, updates, options.BulkWrite().SetOrdered(false))
		if !mongo.IsDuplicateKeyError(err) || attempt == mostAttempts || pause(ctx, attempt) != nil {
			return err
		}
	}
}

// byCount returns the ids of the keys that were used equally often, in order.
func byCount(usages []models.Usage) map[int64][]string {
	groups := map[int64][]string{}
	for _, u := range usages {
		groups[u.TotalQueries] = append(groups[u.TotalQueries], u.KeyID)
	}
	for _, ids := range groups {
		slices.Sort(ids)
	}
	return groups
}

// addToTotals adds counts to the keys that the flush has not reached yet.
func (r usageStore) addToTotals(ctx context.Context, node string, number int64, counts map[int64][]string) error {
	return addCounts(ctx, r.keys, "usage.total_queries", node, number, counts)
}

// addCounts adds each count to the documents of its ids, but for those that
// remember the flush already.
func addCounts(ctx context.Context, collection checked, total, node string, number int64, counts map[int64][]string) error {
	remembered := "flushes." + node
	updates := []mongo.WriteModel{}
	for count, ids := range counts {
		for some := range slices.Chunk(ids, perStatement) {
			updates = append(updates, mongo.NewUpdateManyModel().SetFilter(bson.D{
				{Key: "_id", Value: among(some)},
				{Key: remembered, Value: field("$not", field("$gte", number))},
			}).SetUpdate(bson.D{
				{Key: "$inc", Value: field(total, count)},
				{Key: "$set", Value: field(remembered, number)},
			}))
		}
	}
	if len(updates) == 0 {
		return nil
	}
	_, err := collection.BulkWrite(ctx, updates, options.BulkWrite().SetOrdered(false))
	return err
}

// among is met by the ids, which are in order. The bounds ask for nothing more;
// they spare a server that reads the whole collection most comparisons.
func among(ids []string) bson.D {
	return bson.D{{Key: "$gte", Value: ids[0]}, {Key: "$lte", Value: ids[len(ids)-1]}, {Key: "$in", Value: ids}}
}

// forgetNodes removes what is remembered of nodes that have sent nothing for
// long. Each node does it once, with its first flush, so that the records grow
// with the nodes of one week and not with those of all times.
func (r usageStore) forgetNodes(ctx context.Context, node string) error {
	var own flushed
	if err := r.flushes.FindOne(ctx, byID(node)).Decode(&own); err != nil {
		return err
	}
	old := field("date", field("$lt", own.Date.Add(-flushMemory))) // the server's clock on both sides
	cursor, err := r.flushes.Find(ctx, old, options.Find().SetLimit(forgetAtOnce))
	if err != nil {
		return err
	}
	var silent []flushed
	if err := cursor.All(ctx, &silent); err != nil || len(silent) == 0 {
		return err
	}
	nodes, updates := []string{}, []mongo.WriteModel{}
	for _, s := range silent {
		remembered := "flushes." + s.Node
		nodes = append(nodes, s.Node)
		updates = append(updates, mongo.NewUpdateManyModel().
			SetFilter(field(remembered, field("$lte", s.Number))). // not what it has begun since
			SetUpdate(field("$unset", field(remembered, ""))))
	}
	if _, err := r.keys.BulkWrite(ctx, updates, options.BulkWrite().SetOrdered(false)); err != nil {
		return err
	}
	_, err = r.flushes.DeleteMany(ctx, append(old, bson.E{Key: "_id", Value: field("$in", nodes)}))
	return err
}

// withoutFlushes leaves out what only the server looks at.
func withoutFlushes() bson.D { return field("flushes", 0) }
