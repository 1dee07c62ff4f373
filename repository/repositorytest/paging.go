package repositorytest

import (
	"cmp"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/repository"
)

func pagingTests() []test {
	return []test{
		{"lists are in order", listsInOrder},
		{"pages hold each row once", pagesHoldEachRowOnce},
		{"the last page has no next", lastPage},
		{"pages keep to the filter", pagesKeepFilter},
		{"rows inserted meanwhile neither repeat nor hide others", insertedMeanwhile},
		{"a foreign cursor is invalid", invalidCursors},
	}
}

// orders returns every order in which a list can be asked for.
func orders() []repository.Page {
	pages := []repository.Page{}
	for _, sort := range []repository.Sort{repository.SortLatestQuery, repository.SortTotalQueries, repository.SortID, repository.SortExpiration, repository.SortCreation} {
		pages = append(pages, repository.Page{Sort: sort}, repository.Page{Sort: sort, Ascending: true})
	}
	return pages
}

// readPages reads a list page by page and puts it together.
func readPages(s *suite, filter repository.KeyFilter, page repository.Page) []repository.KeyUsage {
	s.Helper()
	rows := []repository.KeyUsage{}
	eachPage(s, filter, page, func(read []repository.KeyUsage) { rows = append(rows, read...) })
	return rows
}

func eachPage(s *suite, filter repository.KeyFilter, page repository.Page, visit func([]repository.KeyUsage)) {
	s.Helper()
	for range 1000 { // a cursor that stands still must not hang the suite
		read, err := s.repo.ListKeys(s.Context(), filter, page)
		s.succeeds("ListKeys", err)
		if len(read.Rows) > page.Limit {
			s.Fatalf("%d rows come for a limit of %d", len(read.Rows), page.Limit)
		}
		visit(read.Rows)
		if page.Cursor = read.Next; page.Cursor == "" {
			return
		}
	}
	s.Fatalf("the list sorted by %s has no end", page.Sort)
}

// createTies stores keys that are equal in each sort value two or three at a
// time, so that the id has to decide; the ids tell byte order from a
// dictionary's. One key is deleted, and two were never used.
func createTies(s *suite) {
	s.Helper()
	ids := []string{"m-b", "m-B", "m-a", "m-A", "m-z", "m-_", "m-0", "m-é", "m-10"}
	usages := []models.Usage{}
	for i, id := range ids {
		key := keyWithID(id)
		key.ExpirationDate = []time.Time{{}, hour(12), hour(13)}[i%3]
		s.createKey(key)
		usages = append(usages, models.Usage{KeyID: id, TotalQueries: int64(i % 3), LatestQueryDate: hour(i % 4)})
	}
	s.addUsage(repository.Flush{Node: "ties", Number: 1, Usages: usages[:7]})
	s.deleteKey("m-a")
}

// inOrder sorts rows by what the contract says.
func inOrder(rows []repository.KeyUsage, page repository.Page) []repository.KeyUsage {
	return slices.SortedFunc(slices.Values(rows), func(a, b repository.KeyUsage) int {
		order := cmp.Compare(a.KeyID, b.KeyID)
		switch page.Sort {
		case repository.SortLatestQuery:
			order = cmp.Or(a.LatestQueryDate.Compare(b.LatestQueryDate), order)
		case repository.SortTotalQueries:
			order = cmp.Or(cmp.Compare(a.TotalQueries, b.TotalQueries), order)
		case repository.SortExpiration, repository.SortCreation:
			order = cmp.Or(cmp.Compare(a.SortValue(page.Sort), b.SortValue(page.Sort)), order)
		}
		if !page.Ascending {
			order = -order
		}
		return order
	})
}

func listsInOrder(s *suite) {
	createTies(s)
	for _, page := range orders() {
		page.Limit = repository.MaxLimit
		rows := readPages(s, repository.KeyFilter{}, page)
		same(s, "the number of rows", len(rows), 9)
		same(s, fmt.Sprintf("the list by %+v", page), rows, inOrder(rows, page))
	}
}

func pagesHoldEachRowOnce(s *suite) {
	createTies(s)
	for _, page := range orders() {
		want := inOrder(s.list(repository.KeyFilter{}), page)
		for _, limit := range []int{1, 2, 4, 8, 9} {
			page.Limit = limit
			same(s, fmt.Sprintf("the list by %+v", page), readPages(s, repository.KeyFilter{}, page), want)
		}
	}
}

// A reader that shows "next" must not lead to an empty page.
func lastPage(s *suite) {
	createTies(s)
	for _, page := range orders() {
		for _, limit := range []int{1, 3, 9, 10} {
			page.Limit = limit
			eachPage(s, repository.KeyFilter{}, page, func(rows []repository.KeyUsage) {
				if len(rows) == 0 {
					s.Errorf("a page of the list by %+v is empty", page)
				}
			})
		}
	}
}

func pagesKeepFilter(s *suite) {
	createTies(s)
	filter := repository.KeyFilter{Status: models.StatusActive, Now: hour(1)}
	for _, page := range orders() {
		page.Limit = 3
		same(s, fmt.Sprintf("the active keys by %+v", page), readPages(s, filter, page), inOrder(s.list(filter), page))
	}
}

// Between two pages a key is inserted at either end of the order of ids and
// one next to each row, with an empty usage: it sorts first, last and between.
func insertedMeanwhile(s *suite) {
	createTies(s)
	for i, page := range orders() {
		page.Limit = 2
		want := inOrder(s.list(repository.KeyFilter{}), page)
		round := 0
		read := []repository.KeyUsage{}
		eachPage(s, repository.KeyFilter{}, page, func(rows []repository.KeyUsage) {
			read = append(read, rows...)
			if round++; round > 5 {
				return
			}
			for _, near := range []string{"a", "m-a", "m-9", "z"} {
				s.createKey(keyWithID(fmt.Sprintf("%s-%d-%d", near, i, round)))
			}
		})
		visitsOnce(s, read, want)
	}
}

// visitsOnce reports rows that were there from the beginning and were not
// visited exactly once and in order, and any row that was visited twice.
func visitsOnce(s *suite, read, want []repository.KeyUsage) {
	s.Helper()
	visits := map[string]int{}
	for _, row := range read {
		visits[row.KeyID]++
		if visits[row.KeyID] > 1 {
			s.Errorf("the row of %s is repeated", row.KeyID)
		}
	}
	wanted := func(row repository.KeyUsage) bool {
		return slices.ContainsFunc(want, func(w repository.KeyUsage) bool { return w.KeyID == row.KeyID })
	}
	old := slices.DeleteFunc(read, func(row repository.KeyUsage) bool { return !wanted(row) })
	same(s, "the rows that were there before", old, want)
}

func invalidCursors(s *suite) {
	createTies(s)
	cursors := map[repository.Page]string{}
	for _, page := range orders() {
		page.Limit = 2
		read, err := s.repo.ListKeys(s.Context(), repository.KeyFilter{}, page)
		s.succeeds("ListKeys", err)
		cursors[page] = read.Next
	}
	for page := range cursors {
		for other, cursor := range cursors {
			if page != other {
				refusesCursor(s, page, cursor)
			}
		}
		for _, cursor := range garbage(cursors[page]) {
			refusesCursor(s, page, cursor)
		}
	}
}

func refusesCursor(s *suite, page repository.Page, cursor string) {
	s.Helper()
	page.Cursor = cursor
	_, err := s.repo.ListKeys(s.Context(), repository.KeyFilter{}, page)
	s.failsWith(repository.ErrInvalidCursor, fmt.Sprintf("ListKeys by %s from %.40q", page.Sort, cursor), err)
}

// garbage returns what a client may send in place of a cursor.
func garbage(cursor string) []string {
	encode := base64.RawURLEncoding.EncodeToString
	return []string{
		" ", "0", "garbage", "!", "null", "\x00", "' OR 1=1", cursor + "!", cursor[:len(cursor)/2],
		encode([]byte("null")), encode([]byte("{}")), encode([]byte("[]")), encode([]byte("\x00\xff")),
		encode([]byte(time.Time{}.String())), strings.Repeat("A", 1<<16),
	}
}
