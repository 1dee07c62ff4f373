package repository

import (
	"context"
	"time"

	"github.com/ginauth/ginauth/models"
)

// Usage is the part of a Repository that counts what keys are used for.
type Usage interface {
	// AddUsage adds a flush to the totals, and its hours to the series of their
	// hour and of their day, however long ago they were. The latest query date
	// never goes back. It is idempotent: a flush whose number is not above the
	// node's latest adds nothing and returns nil. After an error parts of the flush
	// may have been added, and repeating it adds the rest. It neither reads nor
	// writes keys: the usage of an unknown or deleted key is kept under its id,
	// which is then taken. The latest number of each node is kept for good. The
	// flush's slices are the caller's again when it returns.
	AddUsage(ctx context.Context, flush Flush) error

	// UsageSeries returns how often keys were used in each hour or day, a page
	// at a time, ordered by date and then, as far as the series is broken down
	// by them, by key, user and route. Rows are never nil, and none is zero. An
	// error if the page's limit is out of bounds or its interval unknown;
	// ErrInvalidCursor if its cursor was not made by a call with the same
	// interval and breakdown. ErrTooBroad if a backend would have to read more than
	// RowBudget rows.
	UsageSeries(ctx context.Context, filter SeriesFilter, page SeriesPage) (Series, error)

	// RollUpUsage removes the hours of the days that had ended at the given time,
	// some of them in one call, and reports whether there may be more. The days
	// keep their sums, since AddUsage adds to both. So it can be repeated,
	// interrupted and called by many at once, and a later AddUsage to such a day
	// counts.
	RollUpUsage(ctx context.Context, before time.Time) (more bool, err error)

	// DeleteUsage removes the days that had ended at the given time together
	// with their hours, some of them in one call, and reports whether there may
	// be more. The totals of ListKeys stay.
	DeleteUsage(ctx context.Context, before time.Time) (more bool, err error)
}

// Flush is a batch of usage that one node adds. A node repeats a flush
// unchanged until it is acknowledged before it sends the next one, so that
// the backend has to remember only the latest number of each node.
type Flush struct {
	// Node names the run of one process and is never used by another.
	Node string
	// Number is 1 for a node's first flush and grows by one.
	Number int64
	// Usages has at most one element for each key.
	Usages []models.Usage
	// Hours has at most one element for each key, route and hour. Its counts are a
	// part of those of Usages, which may be more.
	Hours []models.HourUsage
}
