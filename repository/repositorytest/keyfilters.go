package repositorytest

import (
	"fmt"
	"slices"
	"time"

	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/repository"
)

func keyFilterTests() []test {
	return []test{
		{"each filter finds what the records say", filtersAgree},
		{"lists of several statuses are in order", severalStatuses},
		{"marking expired keys changes no list", markingExpired},
		{"keys follow the dates of their user", followsUser},
		{"a key names who has issued it", issuer},
		{"a prefix ends at its last byte", prefixes},
	}
}

// newFleet makes a database with keys in every state, of several users, names, dates and
// issuers.
func newFleet(s *suite) []models.User {
	s.Helper()
	users := []models.User{}
	for _, name := range []string{"ana", "anabel", "bob"} {
		user, _ := s.createUser(name)
		users = append(users, user)
	}
	for i := range 24 {
		key := newKey()
		if i%3 > 0 {
			key = newKeyFor(users[i%3])
		}
		key.Name = []string{"nightly", "night", "nighty-night", "", "n"}[i%5]
		key.Hint = fmt.Sprintf("ga_%d", i%7)
		key.CreationDate = hour(i % 4)
		key.ExpirationDate = []time.Time{{}, hour(6), hour(9), hour(12)}[i/2%4]
		by := repository.Attribution{Actor: []string{"admin", "application"}[i%2], At: hour(5)}
		s.succeeds("CreateKey", s.repo.CreateKey(s.Context(), by, key, repository.CreateKeyOptions{}))
		if i%4 != 0 {
			usage := models.Usage{KeyID: key.ID, TotalQueries: int64(i % 6), LatestQueryDate: hour(i % 8)}
			s.addUsage(repository.Flush{Node: "fleet", Number: int64(i), Usages: []models.Usage{usage}})
		}
		switch i % 11 {
		case 3:
			s.revokeKey(key.ID)
		case 7:
			s.deleteKey(key.ID)
		}
	}
	disabled := users[1]
	disabled.DisabledDate = hour(5)
	updateUser(s, disabled, false)
	return users
}

func newFilters(users []models.User) []repository.KeyFilter {
	filters := []repository.KeyFilter{
		{}, {UserID: users[2].ID}, {Username: "ana"}, {Email: "bob@example.org"}, {Username: "nobody"}, {UserID: users[0].ID, Username: "bob"},
		{Name: "night"}, {NamePrefix: "night"}, {NamePrefix: "x"}, {Hint: "ga_3"}, {IssuedBy: "application"}, {IssuedBy: "nobody"},
		{CreatedSince: hour(2)}, {CreatedBefore: hour(2)}, {CreatedSince: hour(1), CreatedBefore: hour(3)},
		{ExpiresBefore: hour(9)}, {ExpiresBefore: hour(9).Add(time.Millisecond)}, {UnusedSince: hour(3)}, {UnusedSince: hour(1)},
	}
	statuses := []models.Status{models.StatusActive, models.StatusExpired, models.StatusRevoked, models.StatusDisabled, models.StatusDeleted}
	single := len(filters)
	for i, status := range statuses {
		for _, filter := range filters[:single] {
			filter.Status = status
			filters = append(filters, filter)
		}
		filters = append(filters, repository.KeyFilter{Statuses: []models.Status{status, statuses[(i+1)%5]}})
	}
	for i := range single { // pairs
		filter := filters[i]
		filter.NamePrefix, filter.UnusedSince = "n", hour(4)
		filters = append(filters, filter)
	}
	return filters
}

// Every filter, sort and page finds what a look at each record does.
func filtersAgree(s *suite) {
	users := newFleet(s)
	all := s.list(repository.KeyFilter{})
	for _, filter := range newFilters(users) {
		for _, now := range []time.Time{hour(7), hour(10)} {
			filter.Now = now
			agrees(s, all, filter)
		}
	}
}

// agrees compares a list in every order with the rows that the filter matches.
func agrees(s *suite, all []repository.KeyUsage, filter repository.KeyFilter) {
	s.Helper()
	want := []repository.KeyUsage{}
	for _, row := range all {
		ofUser := (filter.Username == "" || row.Username == "Typed-"+filter.Username) && (filter.Email == "" || row.Email == "Typed-bob@Example.org")
		if ofUser && filter.Matches(row) {
			want = append(want, row)
		}
	}
	for _, page := range orders() {
		page.Limit = 5
		same(s, fmt.Sprintf("the list of %+v by %+v", filter, page), keyIDs(readPages(s, filter, page)), keyIDs(inOrder(want, page)))
	}
}

func keyIDs(rows []repository.KeyUsage) []string {
	ids := []string{}
	for _, row := range rows {
		ids = append(ids, row.KeyID)
	}
	return ids
}

func severalStatuses(s *suite) {
	newFleet(s)
	all := s.list(repository.KeyFilter{})
	filter := repository.KeyFilter{
		Status: models.StatusExpired, Now: hour(10),
		Statuses: []models.Status{models.StatusActive, models.StatusDeleted, models.StatusExpired},
	}
	agrees(s, all, filter)
	finds(s, repository.KeyFilter{Statuses: []models.Status{"Active"}}, nil)
}

// Lists and counts are the same before expired keys are marked, when some are, and
// afterwards, at times before and after.
func markingExpired(s *suite) {
	users := newFleet(s)
	all := s.list(repository.KeyFilter{})
	changes := len(s.changeLog())
	for range 2 {
		for more := true; more; {
			var err error
			more, err = s.repo.MarkExpired(s.Context(), hour(8))
			s.succeeds("MarkExpired", err)
		}
		for _, now := range []time.Time{hour(5), hour(7), hour(9), hour(13)} {
			want := map[models.Status]int64{}
			for _, row := range all {
				want[row.Status(now)]++
			}
			got, err := s.repo.CountKeys(s.Context(), now)
			s.succeeds("CountKeys", err)
			for status, n := range want {
				same(s, fmt.Sprintf("the number of %s keys", status), got[status], n)
			}
			for _, status := range []models.Status{models.StatusActive, models.StatusExpired} {
				agrees(s, all, repository.KeyFilter{Status: status, Now: now})
				agrees(s, all, repository.KeyFilter{Status: status, Now: now, UserID: users[0].ID})
			}
		}
	}
	same(s, "the number of changes", len(s.changeLog()), changes)
}

// A user's end of access, a disabling and its end move all keys of the user in lists.
func followsUser(s *suite) {
	user, key := s.createUser("ana")
	other := s.createKey(newKey())
	user.AccessUntil = hour(6)
	user = updateUser(s, user, false)
	page := repository.Page{Sort: repository.SortExpiration, Ascending: true, Limit: 10}
	same(s, "the order", keyIDs(readPages(s, repository.KeyFilter{}, page)), []string{key.ID, other.ID})
	finds(s, repository.KeyFilter{ExpiresBefore: hour(7)}, []string{key.ID})
	finds(s, repository.KeyFilter{Status: models.StatusExpired, Now: hour(6)}, []string{key.ID})
	user.DisabledDate = hour(3)
	user = updateUser(s, user, false)
	finds(s, repository.KeyFilter{Status: models.StatusDisabled, Now: hour(6)}, []string{key.ID})
	user.DisabledDate, user.AccessUntil = time.Time{}, time.Time{}
	user = updateUser(s, user, false)
	finds(s, repository.KeyFilter{Status: models.StatusActive, Now: hour(6)}, []string{key.ID, other.ID})
	user.AccessUntil = hour(6)
	updateUser(s, user, false)
	s.succeeds("DeleteUser", s.repo.DeleteUser(s.Context(), attribution(), user.ID, repository.DeleteUserOptions{DetachKeys: true}))
	finds(s, repository.KeyFilter{Status: models.StatusActive, Now: hour(7)}, []string{key.ID, other.ID})
	finds(s, repository.KeyFilter{ExpiresBefore: hour(7)}, nil)
}

func issuer(s *suite) {
	key := newKey()
	key.IssuedBy = "somebody else"
	s.succeeds("CreateKey", s.repo.CreateKey(s.Context(), repository.Attribution{Actor: "application:signup", At: hour(1)}, key, repository.CreateKeyOptions{}))
	same(s, "the issuer", s.stored(key).IssuedBy, "application:signup")
	finds(s, repository.KeyFilter{IssuedBy: "application:signup"}, []string{key.ID})
}

func prefixes(s *suite) {
	ids := map[string]string{}
	for _, name := range []string{"a", "ab", "a\u007f", "aÿ", "a\uD7FF", "a\uE000", "a\U0010FFFF", "b", "é", "ê", "%", "_", "A"} {
		key := newKey()
		key.Name = name
		ids[name] = s.createKey(key).ID
	}
	for prefix, want := range map[string][]string{
		"a": {"a", "ab", "a\u007f", "aÿ", "a\uD7FF", "a\uE000", "a\U0010FFFF"}, "a\u007f": {"a\u007f"}, "aÿ": {"aÿ"},
		"a\uD7FF": {"a\uD7FF"}, "a\U0010FFFF": {"a\U0010FFFF"}, "é": {"é"}, "%": {"%"}, "_": {"_"}, "A": {"A"}, "\U0010FFFF": {},
	} {
		found := []string{}
		for _, name := range want {
			found = append(found, ids[name])
		}
		slices.Sort(found)
		finds(s, repository.KeyFilter{NamePrefix: prefix}, found)
	}
}
