package repositorytest

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/repository"
)

func userPagingTests() []test {
	return []test{
		{"pages of users hold each once, in order", userPages},
		{"pages of users keep to the filter", userPagesKeepFilter},
		{"users inserted meanwhile neither repeat nor hide others", usersInsertedMeanwhile},
		{"users deleted meanwhile hide no others", usersDeletedMeanwhile},
		{"users are listed by id only, in pages within bounds", usersByID},
		{"a foreign cursor of users is invalid", invalidUserCursors},
	}
}

// createUserWithID stores a user whose name and address are the id's.
func createUserWithID(s *suite, id string) models.User {
	s.Helper()
	user := newUser("of " + id)
	user.ID = id
	s.succeeds("CreateUser", s.repo.CreateUser(s.Context(), attribution(), user, newKeyFor(user)))
	return user
}

// createCrowd stores users whose ids tell byte order from a dictionary's, and
// returns them in the order of a page.
func createCrowd(s *suite, prefix string) func(page repository.Page) []models.User {
	s.Helper()
	users := []models.User{}
	for _, id := range []string{"b", "B", "a", "A", "z", "_", "0", "é", "10"} {
		users = append(users, createUserWithID(s, prefix+"-"+id))
	}
	return func(page repository.Page) []models.User { return usersInOrder(users, page) }
}

func usersInOrder(users []models.User, page repository.Page) []models.User {
	return slices.SortedFunc(slices.Values(users), func(a, b models.User) int {
		if page.Ascending {
			return cmp.Compare(a.ID, b.ID)
		}
		return cmp.Compare(b.ID, a.ID)
	})
}

func userOrders() []repository.Page {
	return []repository.Page{{Sort: repository.SortID}, {Sort: repository.SortID, Ascending: true}}
}

// readUserPages reads a list page by page and puts it together; between two pages
// it calls meanwhile.
func readUserPages(s *suite, filter repository.UserFilter, page repository.Page, meanwhile func(round int)) []models.User {
	s.Helper()
	users := []models.User{}
	for round := range 1000 { // a cursor that stands still must not hang the suite
		read, err := s.repo.ListUsers(s.Context(), filter, page)
		s.succeeds("ListUsers", err)
		if len(read.Rows) > page.Limit || len(read.Rows) == 0 {
			s.Fatalf("%d users come for a limit of %d", len(read.Rows), page.Limit)
		}
		users = append(users, read.Rows...)
		if page.Cursor = read.Next; page.Cursor == "" {
			return users
		}
		meanwhile(round)
	}
	s.Fatal("the list of users has no end")
	return nil
}

func nothing(int) {}

func userPages(s *suite) {
	want := createCrowd(s, "m")
	for _, page := range userOrders() {
		for _, limit := range []int{1, 2, 4, 8, 9, 10, repository.MaxLimit} {
			page.Limit = limit
			same(s, fmt.Sprintf("the users by %+v", page), readUserPages(s, repository.UserFilter{}, page, nothing), want(page))
		}
	}
}

func userPagesKeepFilter(s *suite) {
	createCrowd(s, "m")
	disabled := []models.User{}
	for _, id := range []string{"m-_", "m-A", "m-é", "m-0", "m-b"} {
		user := storedUser(s, id)
		user.DisabledDate = hour(1)
		disabled = append(disabled, updateUser(s, user, false))
	}
	yes := true
	for _, page := range userOrders() {
		page.Limit = 2
		same(s, "the disabled users", readUserPages(s, repository.UserFilter{Disabled: &yes}, page, nothing), usersInOrder(disabled, page))
	}
}

// Between two pages users are inserted at either end of the list and next to
// those that are there.
func usersInsertedMeanwhile(s *suite) {
	createCrowd(s, "m")
	for i, page := range userOrders() {
		page.Limit = 2
		want := usersInOrder(listUsers(s, repository.UserFilter{}), page)
		read := readUserPages(s, repository.UserFilter{}, page, func(round int) {
			if round > 4 {
				return
			}
			for _, near := range []string{"a", "m-a", "m-9", "z"} {
				createUserWithID(s, fmt.Sprintf("%s-%d-%d", near, i, round))
			}
		})
		same(s, "the users, each once and in order", read, usersInOrder(read, page))
		same(s, "the number of users without repetition", len(slices.CompactFunc(slices.Clone(read), sameID)), len(read))
		old := slices.DeleteFunc(read, func(user models.User) bool {
			return !slices.ContainsFunc(want, func(w models.User) bool { return sameID(w, user) })
		})
		same(s, "the users who were there before", old, want)
	}
}

func sameID(a, b models.User) bool { return a.ID == b.ID }

// The user at whom a page ended may be gone when the next is asked for.
func usersDeletedMeanwhile(s *suite) {
	for i, page := range userOrders() {
		want := createCrowd(s, fmt.Sprint("m-", i))(page)
		page.Limit = 2
		read := readUserPages(s, repository.UserFilter{}, page, func(round int) { deleteUser(s, want[2*round+1].ID, false) })
		same(s, "the users", read, want)
		for _, user := range listUsers(s, repository.UserFilter{}) {
			deleteUser(s, user.ID, false)
		}
	}
}

func usersByID(s *suite) {
	s.createUser("ana")
	for name, page := range map[string]repository.Page{
		"no sort":          {Limit: 1},
		"another sort":     {Sort: repository.SortTotalQueries, Limit: 1},
		"one more sort":    {Sort: repository.SortLatestQuery, Limit: 1},
		"an unknown sort":  {Sort: "username", Limit: 1},
		"no limit":         {Sort: repository.SortID},
		"a negative limit": {Sort: repository.SortID, Limit: -1},
		"too high a limit": {Sort: repository.SortID, Limit: repository.MaxLimit + 1},
	} {
		_, err := s.repo.ListUsers(s.Context(), repository.UserFilter{}, page)
		if err == nil {
			s.Errorf("a list with %s is no error", name)
		}
		isNoSentinel(s, "ListUsers with "+name, err)
	}
}

func invalidUserCursors(s *suite) {
	createCrowd(s, "m")
	for _, page := range userOrders() {
		page.Limit = 2
		read, err := s.repo.ListUsers(s.Context(), repository.UserFilter{}, page)
		s.succeeds("ListUsers", err)
		other := page
		other.Ascending = !page.Ascending
		refusesUserCursor(s, other, read.Next)
		for _, cursor := range garbage(read.Next) {
			refusesUserCursor(s, page, cursor)
		}
		refusesUserCursor(s, page, cursorOfKeys(s, page.Ascending))
	}
}

// cursorOfKeys continues a list of keys that is sorted by their use.
func cursorOfKeys(s *suite, ascending bool) string {
	s.Helper()
	page := repository.Page{Sort: repository.SortTotalQueries, Ascending: ascending, Limit: 2}
	read, err := s.repo.ListKeys(s.Context(), repository.KeyFilter{}, page)
	s.succeeds("ListKeys", err)
	return read.Next
}

func refusesUserCursor(s *suite, page repository.Page, cursor string) {
	s.Helper()
	page.Cursor = cursor
	_, err := s.repo.ListUsers(s.Context(), repository.UserFilter{}, page)
	s.failsWith(repository.ErrInvalidCursor, fmt.Sprintf("ListUsers from %.40q", cursor), err)
}
