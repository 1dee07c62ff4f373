package mongodb

import (
	"slices"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/repository"
)

// A flush that was cut off half-way is completed by repeating it.
func TestHalfFlush(t *testing.T) {
	r := open(t)
	one, other := create(t, r), create(t, r)
	flush := newFlush("node", 1, one, other)
	succeeds(t, r.ensureRecords(t.Context(), flush.Usages))
	succeeds(t, r.addToTotals(t.Context(), nodeName("node"), 1, map[int64][]string{1: {one.ID}}))
	for range 2 {
		succeeds(t, r.AddUsage(t.Context(), flush))
		if got := totals(t, r); got[one.ID] != 1 || got[other.ID] != 1 {
			t.Errorf("the totals are %v", got)
		}
	}
}

// The same of a flush that reached the totals and one interval of a series.
func TestHalfSeries(t *testing.T) {
	r := open(t)
	key := create(t, r)
	flush := newFlush("node", 1, key)
	flush.Hours = []models.HourUsage{{KeyID: key.ID, Hour: noon(), TotalQueries: 1}, {KeyID: key.ID, Hour: noon().Add(time.Hour), TotalQueries: 2}}
	succeeds(t, r.ensureRecords(t.Context(), flush.Usages))
	succeeds(t, r.addToTotals(t.Context(), nodeName("node"), 1, byCount(flush.Usages)))
	succeeds(t, r.addToSeries(t.Context(), repository.IntervalDay, nodeName("node"), flush))
	half := flush
	half.Hours = flush.Hours[:1]
	succeeds(t, r.addToSeries(t.Context(), repository.IntervalHour, nodeName("node"), half))
	for range 2 {
		succeeds(t, r.AddUsage(t.Context(), flush))
		days, hours := points(t, r, repository.IntervalDay), points(t, r, repository.IntervalHour)
		if totals(t, r)[key.ID] != 1 || !slices.Equal(days, []int64{3}) || !slices.Equal(hours, []int64{1, 2}) {
			t.Errorf("the days have %v and the hours %v", days, hours)
		}
	}
}

// points returns the counts of a series in the order of time.
func points(t *testing.T, r *Repository, interval repository.Interval) []int64 {
	t.Helper()
	series, err := r.UsageSeries(t.Context(), repository.SeriesFilter{}, repository.SeriesPage{Interval: interval, Limit: 10})
	succeeds(t, err)
	counts := []int64{}
	for _, row := range series.Rows {
		counts = append(counts, row.TotalQueries)
	}
	return counts
}

// A statement of an earlier attempt that the server comes to only now adds
// nothing, even after the next flush.
func TestLateStatement(t *testing.T) {
	r := open(t)
	key := create(t, r)
	for number := range int64(3) {
		succeeds(t, r.AddUsage(t.Context(), newFlush("node", number+1, key)))
		for earlier := range number + 1 {
			succeeds(t, r.addToTotals(t.Context(), nodeName("node"), earlier+1, map[int64][]string{1: {key.ID}}))
		}
		if got := totals(t, r); got[key.ID] != number+1 {
			t.Errorf("the totals are %v", got)
		}
	}
}

// Nodes that are silent for long are forgotten, and what they counted is not.
func TestSilentNodesAreForgotten(t *testing.T) {
	r := open(t)
	key := create(t, r)
	for _, node := range []string{"silent", "half", "busy"} {
		succeeds(t, r.AddUsage(t.Context(), newFlush(node, 1, key)))
	}
	long := field("$set", field("date", time.Now().Add(-flushMemory-time.Hour)))
	for _, node := range []string{"silent", "half"} {
		_, err := r.flushes.UpdateByID(t.Context(), nodeName(node), long)
		succeeds(t, err)
	}
	succeeds(t, r.addToTotals(t.Context(), nodeName("half"), 2, map[int64][]string{1: {key.ID}})) // it has just begun again
	succeeds(t, r.AddUsage(t.Context(), newFlush("new", 1, key)))
	remembers(t, r, key.ID, map[string]bool{"silent": false, "half": true, "busy": true, "new": true})
	succeeds(t, r.AddUsage(t.Context(), newFlush("half", 2, key)))
	succeeds(t, r.AddUsage(t.Context(), newFlush("silent", 2, key)))
	if got := totals(t, r); got[key.ID] != 6 {
		t.Errorf("the totals are %v", got)
	}
}

func remembers(t *testing.T, r *Repository, id string, nodes map[string]bool) {
	t.Helper()
	var rec struct {
		Flushes map[string]int64 `bson:"flushes"`
	}
	succeeds(t, r.keys.FindOne(t.Context(), byID(id)).Decode(&rec))
	for node, want := range nodes {
		if _, got := rec.Flushes[nodeName(node)]; got != want {
			t.Errorf("whether the record remembers the node %s is %t", node, got)
		}
	}
	if n, err := r.flushes.CountDocuments(t.Context(), bson.D{}); err != nil || n != 2 {
		t.Errorf("%d nodes are known (%v), want 2", n, err)
	}
}
