package repository

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/ginauth/ginauth/models"
)

const (
	// MaxLimit is the largest page that ListKeys returns.
	MaxLimit = 1000
	// RowBudget is how many rows a list reads at most to fill a page, where no
	// index leads to them.
	RowBudget = 100_000
)

// Sort is what a list of usage is ordered by; keys that are equal in it are
// ordered by id, so that the order is total.
type Sort string

// The sorts of ListKeys. Ids sort by the time of issue. SortExpiration goes by
// models.APIKey.End; keys that never expire, and deleted ones, come after the
// others. SortCreation goes by the creation date, which deleted keys do not have.
const (
	SortLatestQuery  Sort = "latest_query_date"
	SortTotalQueries Sort = "total_queries"
	SortID           Sort = "id"
	SortCreation     Sort = "creation_date"
	SortExpiration   Sort = "expiration_date"
)

// NeverEnds is the sort value of a key that never expires.
const NeverEnds = 1 << 62

// KeyFilter narrows a list; a zero field asks nothing, and what is asked
// must hold together.
type KeyFilter struct {
	KeyID  string
	UserID string
	Name   string
	// NamePrefix is how the name begins, Hint what lists show of the key.
	NamePrefix, Hint string
	// IssuedBy is the actor who issued the key.
	IssuedBy string
	// Username and Email are compared in their canonical forms.
	Username string
	Email    string
	// Status and Statuses are judged at Now. A key has to be in one of these states.
	Status   models.Status
	Statuses []models.Status
	Now      time.Time
	// CreatedSince is the earliest creation date, CreatedBefore the first that is
	// too late.
	CreatedSince, CreatedBefore time.Time
	// ExpiresBefore asks for keys whose End is earlier. UnusedSince asks for keys
	// that were created before and not used from then on.
	ExpiresBefore, UnusedSince time.Time
}

// States returns the states that the filter asks for, each once; none for any.
func (f KeyFilter) States() []models.Status {
	states := slices.Clone(f.Statuses)
	if f.Status != "" {
		states = append(states, f.Status)
	}
	slices.Sort(states)
	return slices.Compact(states)
}

// Matches reports whether the row meets the filter, except for Username and Email,
// which are compared with values that the row does not have.
func (f KeyFilter) Matches(row KeyUsage) bool {
	return f.matchesText(row) && f.matchesDates(row)
}

func (f KeyFilter) matchesText(row KeyUsage) bool {
	states := f.States()
	return (f.KeyID == "" || f.KeyID == row.KeyID) && (f.UserID == "" || f.UserID == row.UserID) &&
		(f.Name == "" || f.Name == row.Name) && (f.Hint == "" || f.Hint == row.Hint) && (f.IssuedBy == "" || f.IssuedBy == row.IssuedBy) &&
		(f.NamePrefix == "" || row.ID != "" && strings.HasPrefix(row.Name, f.NamePrefix)) &&
		(len(states) == 0 || slices.Contains(states, row.Status(f.Now)))
}

func (f KeyFilter) matchesDates(row KeyUsage) bool {
	if row.ID == "" {
		return f.CreatedSince.IsZero() && f.CreatedBefore.IsZero() && f.ExpiresBefore.IsZero() && f.UnusedSince.IsZero()
	}
	end := row.End()
	return !row.CreationDate.Before(f.CreatedSince) && isBefore(row.CreationDate, f.CreatedBefore) &&
		(f.ExpiresBefore.IsZero() || !end.IsZero() && end.Before(f.ExpiresBefore)) &&
		isBefore(row.CreationDate, f.UnusedSince) && isBefore(row.LatestQueryDate, f.UnusedSince)
}

// isBefore reports whether a date is earlier than the bound, if there is one.
func isBefore(date, bound time.Time) bool { return bound.IsZero() || date.Before(bound) }

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
	// UsernamePrefix and EmailPrefix are how the canonical forms begin.
	UsernamePrefix, EmailPrefix string
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
// 1970; 0 for SortID, which needs none beside the id, and NeverEnds for a key that
// never expires.
func (u KeyUsage) SortValue(sort Sort) int64 {
	switch {
	case sort == SortTotalQueries:
		return u.TotalQueries
	case sort == SortExpiration && u.End().IsZero():
		return NeverEnds
	case sort == SortExpiration:
		return u.End().UnixMilli()
	case sort == SortCreation:
		return millis(u.CreationDate)
	case sort == SortID:
		return 0
	default:
		return millis(u.LatestQueryDate)
	}
}

// AfterPrefix is the first text after all texts that begin with the prefix, compared byte
// by byte; empty if there is none. It is UTF-8, as the prefix is.
func AfterPrefix(prefix string) string {
	for prefix != "" {
		last, size := utf8.DecodeLastRuneInString(prefix)
		prefix = prefix[:len(prefix)-size]
		switch {
		case last == 0xD7FF: // surrogates follow, which are no characters
			return prefix + "\uE000"
		case last < utf8.MaxRune:
			return prefix + string(last+1)
		}
	}
	return ""
}

func millis(date time.Time) int64 {
	if date.IsZero() {
		return 0
	}
	return date.UnixMilli()
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
