package ginauth_test

import (
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"
)

func TestLogsOfNothing(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	if body := a.get("/auth/logs").Body.String(); body != `{"logs":[],"next_cursor":""}` {
		t.Errorf("no keys are shown as %s", body)
	}
}

// The keys of three users in each state, told apart by each filter.
func TestLogsFilters(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	active := a.issue(`{` + ada + `,"never_expires":true}`)
	expired := a.issue(`{"name":"short","expiration_date":"2030-05-06T07:00:00Z"}`)
	_, revoked := a.issueKey()
	_, deleted := a.issueKey()
	a.call("/auth/revoke", `{"id":"`+revoked+`"}`)
	a.call("/auth/delete", `{"id":"`+deleted+`"}`)
	a.clock.advance(time.Hour)
	for query, want := range map[string][]string{
		"?status=active":                    {active.text("id")},
		"?status=expired":                   {expired.text("id")},
		"?status=revoked":                   {revoked},
		"?status=deleted":                   {deleted},
		"?id=" + revoked:                    {revoked},
		"?name=short":                       {expired.text("id")},
		"?username=aDA":                     {active.text("id")},
		"?email=ada@example.com":            {active.text("id")},
		"?name=short&status=active":         {},
		"?name=sho%25":                      {},
		"?sort=id&order=asc&status=revoked": {revoked},
		"?sort=id&order=asc":                {active.text("id"), expired.text("id"), revoked, deleted},
		"?sort=id&order=desc":               {deleted, revoked, expired.text("id"), active.text("id")},
	} {
		if got := ids(a.rows("/auth/logs" + query)); !slices.Equal(got, want) {
			t.Errorf("%s lists %v, want %v", query, got, want)
		}
	}
}

func ids(rows []object) []string {
	list := make([]string, len(rows))
	for i, row := range rows {
		list[i] = row.text("id")
	}
	return list
}

func TestLogsShowTheNewestUseFirst(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	first, firstID := a.issueKey()
	second, secondID := a.issueKey()
	_, unused := a.issueKey()
	a.guarded(second)
	a.guarded(second)
	a.clock.advance(time.Second)
	a.guarded(first)
	waitFor(t, "all three queries", func() bool { return a.total() == 3 })
	if got := ids(a.rows("/auth/logs")); !slices.Equal(got, []string{firstID, secondID, unused}) {
		t.Errorf("the order is %v", got)
	}
	if got := ids(a.rows("/auth/logs?sort=total_queries")); !slices.Equal(got, []string{secondID, firstID, unused}) {
		t.Errorf("by total the order is %v", got)
	}
}

func TestLogsPages(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	var want []string
	for range 7 {
		_, id := a.issueKey()
		want = append(want, id)
	}
	var got []string
	for cursor := ""; ; {
		answer := decode(t, a.get("/auth/logs?sort=id&order=asc&limit=3"+cursor).Body)
		for _, row := range answer["logs"].([]any) {
			got = append(got, object(row.(map[string]any)).text("id"))
		}
		if answer.text("next_cursor") == "" {
			break
		}
		cursor = "&cursor=" + answer.text("next_cursor")
	}
	if !slices.Equal(got, want) {
		t.Errorf("the pages hold %v, want %v", got, want)
	}
}

func TestLogsRefuses(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	for range 2 {
		a.issueKey()
	}
	cursor := decode(t, a.get("/auth/logs?limit=1").Body).text("next_cursor")
	for query, field := range map[string]string{
		"?limit=0":                        "limit",
		"?limit=1001":                     "limit",
		"?limit=many":                     "limit",
		"?limit=":                         "limit",
		"?status=asleep":                  "status",
		"?sort=hash":                      "sort",
		"?order=up":                       "order",
		"?username=a:b":                   "username",
		"?email=nobody":                   "email",
		"?is_active=true":                 "is_active",
		"?id=a&id=b":                      "id",
		"?cursor=nonsense":                "cursor",
		"?cursor=e30":                     "cursor",
		"?sort=id&cursor=" + cursor:       "cursor",
		"?order=asc&cursor=" + cursor:     "cursor",
		"?limit=0&status=asleep&cursor=x": "limit",
	} {
		t.Run(query, func(t *testing.T) {
			expectProblem(t, a.get("/auth/logs"+query), http.StatusUnprocessableEntity, "fields_invalid", field)
		})
	}
	for _, query := range []string{"?username=no%zz", "?status=revoked;"} {
		expectProblem(t, a.get("/auth/logs"+query), http.StatusUnprocessableEntity, "query_invalid", "")
	}
	if code := a.get(fmt.Sprintf("/auth/logs?limit=1&cursor=%s", cursor)).Code; code != http.StatusOK {
		t.Errorf("a good cursor is answered %d", code)
	}
}
