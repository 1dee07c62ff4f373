package memory

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/repository"
)

// ListKeys implements repository.Keys.
func (s keyStore) ListKeys(ctx context.Context, filter repository.KeyFilter, page repository.Page) (list repository.KeyPage, err error) {
	position, err := page.Position()
	if err != nil {
		return repository.KeyPage{}, err
	}
	err = s.read(ctx, func() error {
		rows := []repository.KeyUsage{}
		for id, usage := range s.totals {
			if row := s.row(id, usage); s.matches(row, filter) {
				rows = append(rows, row)
			}
		}
		value := func(row repository.KeyUsage) place { return place{row.SortValue(page.Sort), row.KeyID} }
		list.Rows = window(rows, page, place{position.Value, position.KeyID}, value)
		return nil
	})
	if len(list.Rows) > page.Limit {
		list.Rows = list.Rows[:page.Limit]
		list.Next = page.NextCursor(list.Rows[page.Limit-1])
	}
	return list, err
}

// row returns a key, unless it was deleted, with its usage and its owner's address.
func (s keyStore) row(id string, usage models.Usage) repository.KeyUsage {
	row := repository.KeyUsage{Usage: usage}
	if key, ok := s.keys[id]; ok {
		row.APIKey, row.Email = s.withOwner(key), s.users[key.UserID].Email
	}
	return row
}

func (s keyStore) matches(row repository.KeyUsage, f repository.KeyFilter) bool {
	owner := s.users[row.UserID]
	f.Now = stored(f.Now)
	return f.Matches(row) && meets(f.Username, owner.CanonicalUsername) && meets(f.Email, owner.CanonicalEmail)
}

// CountKeys implements repository.Keys.
func (s keyStore) CountKeys(ctx context.Context, now time.Time) (counts map[models.Status]int64, err error) {
	err = s.read(ctx, func() error {
		counts = map[models.Status]int64{}
		for id, usage := range s.totals {
			counts[s.row(id, usage).Status(stored(now))]++
		}
		return nil
	})
	return counts, err
}

// MarkExpired implements repository.Keys. There is nothing to note.
func (s keyStore) MarkExpired(context.Context, time.Time) (more bool, err error) { return false, nil }

// meets reports whether a value is the one that is asked for, if one is.
func meets(asked, value string) bool { return asked == "" || asked == value }

// ListUsers implements repository.Users.
func (s userStore) ListUsers(ctx context.Context, filter repository.UserFilter, page repository.Page) (list repository.UserPage, err error) {
	position, err := page.Position()
	if err != nil {
		return repository.UserPage{}, err
	}
	if page.Sort != repository.SortID {
		return repository.UserPage{}, fmt.Errorf("users cannot be sorted by %q", page.Sort)
	}
	err = s.read(ctx, func() error {
		rows := []models.User{}
		for _, user := range s.users {
			if isListed(user, filter) {
				rows = append(rows, user)
			}
		}
		list.Rows = window(rows, page, place{0, position.KeyID}, func(user models.User) place { return place{0, user.ID} })
		return nil
	})
	if len(list.Rows) > page.Limit {
		list.Rows = list.Rows[:page.Limit]
		list.Next = page.NextUser(list.Rows[page.Limit-1])
	}
	return list, err
}

func isListed(user models.User, f repository.UserFilter) bool {
	return strings.HasPrefix(user.CanonicalUsername, f.UsernamePrefix) && strings.HasPrefix(user.CanonicalEmail, f.EmailPrefix) &&
		meets(f.ID, user.ID) && meets(f.Username, user.CanonicalUsername) && meets(f.Email, user.CanonicalEmail) &&
		(f.Disabled == nil || *f.Disabled == user.IsDisabled()) && (f.Confirmed == nil || *f.Confirmed == user.IsConfirmed())
}

// place is where a row stands in a list: its value in the list's sort, and its id.
type place struct {
	value int64
	id    string
}

func (p place) compare(other place) int {
	return cmp.Or(cmp.Compare(p.value, other.value), cmp.Compare(p.id, other.id))
}

// window returns the rows of a page that follow the place where the page before
// ended, in the page's order, and one more if there is one.
func window[T any](rows []T, page repository.Page, last place, of func(T) place) []T {
	order := func(a, b place) int {
		if page.Ascending {
			return a.compare(b)
		}
		return b.compare(a)
	}
	rows = slices.DeleteFunc(rows, func(row T) bool { return last.id != "" && order(of(row), last) <= 0 })
	slices.SortFunc(rows, func(a, b T) int { return order(of(a), of(b)) })
	return rows[:min(len(rows), page.Limit+1)]
}
