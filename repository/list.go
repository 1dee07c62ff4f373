package repository

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/ginauth/ginauth/models"
)

// MaxLimit is the largest page that ListKeys returns.
const MaxLimit = 1000

// Sort is what a list of usage is ordered by; keys that are equal in it are
// ordered by id, so that the order is total.
type Sort string

// The sorts of ListKeys. Ids sort by the time of issue.
const (
	SortLatestQuery  Sort = "latest_query_date"
	SortTotalQueries Sort = "total_queries"
	SortID           Sort = "id"
)

// KeyFilter narrows a list; a zero field asks nothing, and what is asked
// must hold together.
type KeyFilter struct {
	KeyID  string
	UserID string
	Name   string
	// Username and Email are compared in their canonical forms.
	Username string
	Email    string
	// Status is judged at Now.
	Status models.Status
	Now    time.Time
}

// Page is a window on a list.
type Page struct {
	// Sort is one of the sorts above; the order is descending (newest, most
	// used, latest issued first) unless Ascending is set.
	Sort      Sort
	Ascending bool
	// Cursor is empty for the first page, else the Next of the page before.
	// Rows inserted meanwhile neither repeat nor hide others; a row whose sort
	// value changes meanwhile may move across the cursor.
	Cursor string
	// Limit is between 1 and MaxLimit.
	Limit int
}

// KeyPage is one page of a list.
type KeyPage struct {
	Rows []KeyUsage
	// Next continues the list; it is empty at the end.
	Next string
}

// KeyUsage is a key with its usage and its owner's address. Of a deleted key
// only the usage is left, with its KeyID.
type KeyUsage struct {
	models.APIKey
	models.Usage
	Email string
}

// Status judges the key at the given time.
func (u KeyUsage) Status(now time.Time) models.Status {
	if u.ID == "" {
		return models.StatusDeleted
	}
	return u.APIKey.Status(now)
}

// UserFilter narrows a list of users; a zero field asks nothing, and what is
// asked must hold together.
type UserFilter struct {
	ID string
	// Username and Email are compared in their canonical forms.
	Username string
	Email    string
	// Disabled and Confirmed ask for users who are, or who are not.
	Disabled, Confirmed *bool
}

// UserPage is one page of a list of users.
type UserPage struct {
	Rows []models.User
	// Next continues the list; it is empty at the end.
	Next string
}

// SortValue is the row's value in the given sort, dates in milliseconds since
// 1970; 0 for SortID, which needs none beside the id.
func (u KeyUsage) SortValue(sort Sort) int64 {
	switch {
	case sort == SortTotalQueries:
		return u.TotalQueries
	case sort == SortID, u.LatestQueryDate.IsZero():
		return 0
	default:
		return u.LatestQueryDate.UnixMilli()
	}
}

// Position is where a list of usage was left: the last row's sort value and
// id. Backends turn it into an opaque cursor and back.
type Position struct {
	Sort      Sort   `json:"s"`
	Ascending bool   `json:"a,omitempty"`
	Value     int64  `json:"v"`
	KeyID     string `json:"k"`
}

// NextCursor returns the cursor that continues after the given last row.
func (p Page) NextCursor(last KeyUsage) string {
	position := Position{p.Sort, p.Ascending, last.SortValue(p.Sort), last.KeyID}
	text, _ := json.Marshal(position) // plain strings and numbers cannot fail
	return base64.RawURLEncoding.EncodeToString(text)
}

// NextUser returns the cursor that continues after the given last user.
func (p Page) NextUser(last models.User) string {
	return p.NextCursor(KeyUsage{Usage: models.Usage{KeyID: last.ID}})
}

// Position reads the page's cursor; the zero Position for the first page.
// ErrInvalidCursor if it is unreadable or belongs to another sort or order. A
// limit out of bounds is an error too.
func (p Page) Position() (Position, error) {
	if p.Limit < 1 || p.Limit > MaxLimit {
		return Position{}, fmt.Errorf("a page of %d rows is not between 1 and %d", p.Limit, MaxLimit)
	}
	if p.Cursor == "" {
		return Position{}, nil
	}
	text, err := base64.RawURLEncoding.DecodeString(p.Cursor)
	if err != nil {
		return Position{}, fmt.Errorf("%w: not base64url", ErrInvalidCursor)
	}
	var position Position
	if json.Unmarshal(text, &position) != nil || position.KeyID == "" || strings.Contains(position.KeyID, "\x00") {
		return Position{}, fmt.Errorf("%w: not a position", ErrInvalidCursor)
	}
	if position.Sort != p.Sort || position.Ascending != p.Ascending {
		return Position{}, fmt.Errorf("%w: of another sort or order", ErrInvalidCursor)
	}
	return position, nil
}
