package repository

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// Interval is what a series has one row for.
type Interval string

// The intervals of UsageSeries; both are those of UTC. Hours are there until
// RollUpUsage removes them, days until DeleteUsage does.
const (
	IntervalHour Interval = "hour"
	IntervalDay  Interval = "day"
)

// Begin returns when the interval began that the time lies in.
func (i Interval) Begin(t time.Time) time.Time {
	if i == IntervalHour {
		return t.UTC().Truncate(time.Hour)
	}
	return t.UTC().Truncate(24 * time.Hour)
}

// SeriesFilter narrows a series; a zero field asks nothing, and what is asked
// must hold together.
type SeriesFilter struct {
	KeyID  string
	UserID string
	// Username and Email are compared in their canonical forms.
	Username string
	Email    string
	Route    string
	// From is the earliest beginning of an interval that is shown, and To the
	// first that is not.
	From, To time.Time
}

// Breakdown says what a series has rows of its own for in each interval. The other
// dimensions are summed up and empty in the rows. A key has one owner:
// broken down by key, the rows name the user too.
type Breakdown struct {
	Key   bool `json:"k,omitempty"`
	User  bool `json:"u,omitempty"`
	Route bool `json:"r,omitempty"`
}

// SeriesPage is a window on a series.
type SeriesPage struct {
	Interval Interval
	By       Breakdown
	// Cursor is empty for the first page, else the Next of the page before.
	// Rows added meanwhile neither repeat nor hide others.
	Cursor string
	// Limit is between 1 and MaxLimit.
	Limit int
}

// Series is one page of a series.
type Series struct {
	Rows []SeriesRow
	// Next continues the series; it is empty at the end.
	Next string
}

// SeriesRow is one interval of a series.
type SeriesRow struct {
	// Date is when the interval began.
	Date time.Time
	// KeyID, UserID and Username, and Route are empty unless the series is
	// broken down by them.
	KeyID, UserID, Username, Route string
	TotalQueries                   int64
}

// SeriesPosition is where a series was left: the last row's place in the order,
// its date in milliseconds since 1970.
type SeriesPosition struct {
	Interval Interval  `json:"i"`
	By       Breakdown `json:"b"`
	Date     int64     `json:"d"`
	KeyID    string    `json:"k,omitempty"`
	UserID   string    `json:"u,omitempty"`
	Route    string    `json:"r,omitempty"`
}

// SeriesDimension is a field that the rows of a series are grouped and ordered
// by, and its value in the row where the page before ended.
type SeriesDimension struct {
	// Name is date, key_id, user_id or route.
	Name string
	Last any
}

// Dimensions returns what the rows of a page that follows a position are
// grouped by, in the order of the rows.
func (p SeriesPage) Dimensions(position SeriesPosition) []SeriesDimension {
	dimensions := []SeriesDimension{{"date", position.Date}}
	if p.By.Key {
		dimensions = append(dimensions, SeriesDimension{"key_id", position.KeyID})
	}
	if p.By.Key || p.By.User {
		dimensions = append(dimensions, SeriesDimension{"user_id", position.UserID})
	}
	if p.By.Route {
		dimensions = append(dimensions, SeriesDimension{"route", position.Route})
	}
	return dimensions
}

// isPlace reports whether a row may be there. No string has a NUL in it, which
// some databases cannot even compare with.
func (p SeriesPosition) isPlace() bool {
	return p.Date > 0 && !strings.Contains(p.KeyID+p.UserID+p.Route, "\x00")
}

// Cut makes a page of rows that were read, one more than the page holds if
// there are so many.
func (p SeriesPage) Cut(rows []SeriesRow) Series {
	if len(rows) <= p.Limit {
		return Series{Rows: rows}
	}
	rows = rows[:p.Limit]
	last := rows[p.Limit-1]
	position := SeriesPosition{p.Interval, p.By, max(1, last.Date.UnixMilli()), last.KeyID, last.UserID, last.Route}
	text, _ := json.Marshal(position) // plain strings and numbers cannot fail
	return Series{Rows: rows, Next: base64.RawURLEncoding.EncodeToString(text)}
}

// Position reads the page's cursor; the zero SeriesPosition for the first page.
// ErrInvalidCursor if it is unreadable or belongs to another interval or
// breakdown. An unknown interval and a limit out of bounds are errors too.
func (p SeriesPage) Position() (SeriesPosition, error) {
	if p.Limit < 1 || p.Limit > MaxLimit {
		return SeriesPosition{}, fmt.Errorf("a page of %d rows is not between 1 and %d", p.Limit, MaxLimit)
	}
	if p.Interval != IntervalHour && p.Interval != IntervalDay {
		return SeriesPosition{}, fmt.Errorf("%q is not an interval", p.Interval)
	}
	if p.Cursor == "" {
		return SeriesPosition{}, nil
	}
	var position SeriesPosition
	text, err := base64.RawURLEncoding.DecodeString(p.Cursor)
	if err != nil {
		return SeriesPosition{}, fmt.Errorf("%w: not base64url", ErrInvalidCursor)
	}
	if json.Unmarshal(text, &position) != nil || !position.isPlace() {
		return SeriesPosition{}, fmt.Errorf("%w: not a position", ErrInvalidCursor)
	}
	if position.Interval != p.Interval || position.By != p.By {
		return SeriesPosition{}, fmt.Errorf("%w: of another interval or breakdown", ErrInvalidCursor)
	}
	return position, nil
}
