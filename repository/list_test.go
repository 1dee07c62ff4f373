package repository_test

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/repository"
)

func noon() time.Time { return time.Date(2026, time.July, 1, 12, 0, 0, 123_000_000, time.UTC) }

func sorts() []repository.Sort {
	return []repository.Sort{repository.SortLatestQuery, repository.SortTotalQueries, repository.SortID}
}

// pages returns an empty page in every order.
func pages() []repository.Page {
	pages := []repository.Page{}
	for _, sort := range sorts() {
		pages = append(pages, repository.Page{Limit: 10, Sort: sort}, repository.Page{Limit: 10, Sort: sort, Ascending: true})
	}
	return pages
}

func newRow(id string, total int64, latest time.Time) repository.KeyUsage {
	return repository.KeyUsage{Usage: models.Usage{KeyID: id, TotalQueries: total, LatestQueryDate: latest}}
}

// rows have the values at which an encoding may break.
func rows() []repository.KeyUsage {
	return []repository.KeyUsage{
		newRow("id", 0, time.Time{}), newRow("id", 1, noon()), newRow("id", 1<<63-1, noon().AddDate(7000, 0, 0)),
		newRow("id", 1<<53+1, noon()), newRow(`"<>&'\/{}`, 1, noon()), newRow("é😀\u2028\n", 1, noon()), newRow(strings.Repeat("x", 1024), 1, noon()),
	}
}

func valueFrom(row repository.KeyUsage, sort repository.Sort) int64 {
	switch {
	case sort == repository.SortTotalQueries:
		return row.TotalQueries
	case sort == repository.SortLatestQuery && !row.LatestQueryDate.IsZero():
		return row.LatestQueryDate.UnixMilli()
	}
	return 0
}

// The next page begins where a page ends.
func TestCursorRoundTrip(t *testing.T) {
	for _, page := range pages() {
		for _, row := range rows() {
			page.Cursor = page.NextCursor(row)
			got, err := page.Position()
			want := repository.Position{Sort: page.Sort, Ascending: page.Ascending, Value: valueFrom(row, page.Sort), KeyID: row.KeyID}
			if err != nil || got != want {
				t.Errorf("the position is %+v (%v), want %+v", got, err, want)
			}
		}
	}
}

// A cursor travels in the query of a URL, where it must need no escaping.
func TestCursorFitsURL(t *testing.T) {
	const unreserved = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	for _, page := range pages() {
		for _, row := range rows() {
			if cursor := page.NextCursor(row); cursor == "" || strings.Trim(cursor, unreserved) != "" {
				t.Errorf("a cursor is %q", cursor)
			}
		}
	}
}

func TestFirstPageHasZeroPosition(t *testing.T) {
	for _, page := range pages() {
		if position, err := page.Position(); err != nil || position != (repository.Position{}) {
			t.Errorf("the first page by %s is at %+v (%v)", page.Sort, position, err)
		}
	}
}

// A cursor of another sort or order would skip or repeat rows in silence.
func TestCursorOfAnotherOrder(t *testing.T) {
	for _, made := range pages() {
		for _, used := range pages() {
			same := made == used
			used.Cursor = made.NextCursor(rows()[1])
			_, err := used.Position()
			if errors.Is(err, repository.ErrInvalidCursor) == same || (err == nil) != same {
				t.Errorf("a cursor of %+v for %s, ascending %t, gives %v", made, used.Sort, used.Ascending, err)
			}
		}
	}
}

func TestInvalidCursors(t *testing.T) {
	encode := func(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }
	for _, cursor := range []string{
		" ", "!", "a", "ä", "\x00", "e30=", strings.Repeat("A", 10_000),
		encode("x"), encode("null"), encode("1"), encode(`"id"`), encode("[]"), encode("{}"),
		encode(`{"s":"id"}`), encode(`{"s":"id","k":""}`), encode(`{"s":"id","k":1}`), encode(`{"s":"id","v":"1","k":"x"}`),
		encode(`{"s":"id","v":1.5,"k":"x"}`), encode(`{"s":"id","v":1e300,"k":"x"}`), encode(`{"s":"id","k":"x"`),
		encode(`{"s":"id","k":"x"}{}`), encode(`{"s":"ID","k":"x"}`), encode(`{"k":"x"}`), encode(`{"s":"id","k":"x\u0000"}`),
	} {
		page := repository.Page{Limit: 10, Sort: repository.SortID, Cursor: cursor}
		if position, err := page.Position(); !errors.Is(err, repository.ErrInvalidCursor) || position != (repository.Position{}) {
			t.Errorf("the cursor %.40q is at %+v (%v)", cursor, position, err)
		}
	}
}

// Cursors come from clients. Reading one does not panic,
// fails with the one error for it, and otherwise gives a position that belongs
// to the page and from which the same cursor follows again.
func FuzzPosition(f *testing.F) {
	for i, page := range pages() {
		for _, row := range rows() {
			f.Add(page.NextCursor(row), i)
		}
	}
	f.Add("", 0)
	f.Add("bnVsbA", 3)
	f.Fuzz(func(t *testing.T, cursor string, order int) {
		page := pages()[uint(order)%uint(len(pages()))]
		page.Cursor = cursor
		position, err := page.Position()
		if err != nil || cursor == "" {
			expectNoPosition(t, cursor, position, err)
			return
		}
		if position.Sort != page.Sort || position.Ascending != page.Ascending || position.KeyID == "" {
			t.Fatalf("%q is read as %+v for %+v", cursor, position, page)
		}
		page.Cursor = page.NextCursor(newRow(position.KeyID, position.Value, time.UnixMilli(position.Value)))
		again, err := page.Position()
		if page.Sort != repository.SortTotalQueries { // the others keep no value of their own, or none that is zero
			position.Value = again.Value
		}
		if err != nil || again != position {
			t.Fatalf("%+v becomes %+v (%v)", position, again, err)
		}
	})
}

func expectNoPosition(t *testing.T, cursor string, position repository.Position, err error) {
	t.Helper()
	if position != (repository.Position{}) {
		t.Fatalf("%q gives %+v beside %v", cursor, position, err)
	}
	if cursor != "" && !errors.Is(err, repository.ErrInvalidCursor) {
		t.Fatalf("%q gives %v", cursor, err)
	}
	if cursor == "" && err != nil {
		t.Fatalf("the first page gives %v", err)
	}
}

// Of a deleted key the usage is left, and no key says whether it expired.
func TestStatusOfRows(t *testing.T) {
	key := models.APIKey{ID: "id", ExpirationDate: noon()}
	revoked := key
	revoked.RevocationDate = noon()
	for want, row := range map[models.Status]repository.KeyUsage{
		models.StatusDeleted: newRow("id", 1, noon()),
		models.StatusExpired: {APIKey: key, Usage: models.Usage{KeyID: "id"}},
		models.StatusRevoked: {APIKey: revoked, Usage: models.Usage{KeyID: "id"}},
	} {
		if got := row.Status(noon()); got != want {
			t.Errorf("the row is %s, want %s", got, want)
		}
	}
}

// Callers find the conflict through any number of wrappings, and its text
// names the field.
func TestConflictError(t *testing.T) {
	err := fmt.Errorf("creating a user: %w", &repository.ConflictError{Field: "email"})
	var conflict *repository.ConflictError
	if !errors.Is(err, repository.ErrConflict) || !errors.As(err, &conflict) || conflict.Field != "email" {
		t.Errorf("%v is no conflict about the email", err)
	}
	if errors.Is(err, repository.ErrNotFound) || !strings.Contains(err.Error(), "email") {
		t.Errorf("the conflict says %v", err)
	}
}

func TestNewCursor(t *testing.T) {
	change := models.Change{Number: 7, ID: "entry", Object: models.ObjectKey, ObjectID: "key"}
	if got, want := repository.NewCursor(change), (repository.Cursor{Number: 7, ID: "entry"}); got != want {
		t.Errorf("the cursor is %+v, want %+v", got, want)
	}
}
