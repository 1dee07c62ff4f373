package ginauth_test

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/ginauth/ginauth"
	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/repository"
)

// usage reads a whole answer of GET /usage.
func (a *app) usage(query string) []object {
	a.t.Helper()
	answer := a.get("/auth/usage" + query)
	if answer.Code != http.StatusOK {
		a.t.Fatalf("GET /auth/usage%s answers %d: %s", query, answer.Code, answer.Body)
	}
	rows := []object{}
	for _, row := range decode(a.t, answer.Body)["usage"].([]any) {
		rows = append(rows, object(row.(map[string]any)))
	}
	return rows
}

// counted is how many queries the series has in all.
func (a *app) counted(query string) (total int) {
	a.t.Helper()
	for _, row := range a.usage(query) {
		total += int(row["total_queries"].(float64))
	}
	return total
}

func TestUsageOfNothing(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	if body := a.get("/auth/usage").Body.String(); body != `{"usage":[],"next_cursor":""}` {
		t.Errorf("no usage is shown as %s", body)
	}
	expectProblem(t, a.do(request{path: "/auth/usage"}), http.StatusUnauthorized, "secret_missing", "")
}

// newUsedApp is an application whose keys, one of a user and one of a service,
// were used on two routes, today and yesterday, and on a path without route.
func newUsedApp(t *testing.T) (a *app, user, service string) {
	t.Helper()
	a = newApp(t)
	a.engine.GET("/users/:id", a.auth.Guard(), showKey)
	a.engine.NoRoute(a.auth.Guard(), func(c *gin.Context) { c.Status(http.StatusNotFound) })
	issued := a.issue(`{` + ada + `,"never_expires":true}`)
	key, id := a.issueKey()
	calls := []request{
		{path: "/users/1", header: header("api-key", key)}, {path: "/users/2?x=y", header: header("api-key", key)},
		{path: "/secure", header: header("api-key", issued.text("api_key"))}, {path: "/no/route", header: header("api-key", key)},
	}
	for _, call := range calls {
		a.do(call)
	}
	a.clock.advance(23*time.Hour + 30*time.Minute) // from 06:08 to 05:38
	a.do(calls[0])
	waitFor(t, "all queries", func() bool { return a.counted("") == 5 })
	return a, issued.text("id"), id
}

func TestUsageIsBrokenDown(t *testing.T) {
	t.Parallel()
	a, user, service := newUsedApp(t)
	for query, want := range map[string][]object{
		"": {
			{"date": "2030-05-06T00:00:00.000Z", "id": user, "username": "Ada", "total_queries": 1.0},
			{"date": "2030-05-06T00:00:00.000Z", "id": service, "total_queries": 3.0},
			{"date": "2030-05-07T00:00:00.000Z", "id": service, "total_queries": 1.0},
		},
		"?by=route": {
			{"date": "2030-05-06T00:00:00.000Z", "total_queries": 1.0},
			{"date": "2030-05-06T00:00:00.000Z", "route": "/secure", "total_queries": 1.0},
			{"date": "2030-05-06T00:00:00.000Z", "route": "/users/:id", "total_queries": 2.0},
			{"date": "2030-05-07T00:00:00.000Z", "route": "/users/:id", "total_queries": 1.0},
		},
		"?by=user&interval=hour": {
			{"date": "2030-05-06T06:00:00.000Z", "total_queries": 3.0},
			{"date": "2030-05-06T06:00:00.000Z", "username": "Ada", "total_queries": 1.0},
			{"date": "2030-05-07T05:00:00.000Z", "total_queries": 1.0},
		},
		"?by=key,route&route=/users/:id&interval=hour&to=2030-05-06": {
			{"date": "2030-05-06T06:00:00.000Z", "id": service, "route": "/users/:id", "total_queries": 2.0},
		},
		"?username=aDA&by=user,route&email=ada@example.com": {
			{"date": "2030-05-06T00:00:00.000Z", "username": "Ada", "route": "/secure", "total_queries": 1.0},
		},
	} {
		got := a.usage(query)
		for _, row := range got {
			if (row["username"] == "Ada") != (row["user_id"] != "") {
				t.Errorf("%s: the user's id is %v", query, row["user_id"])
			}
		}
		if !slices.EqualFunc(got, want, shows) {
			t.Errorf("%s is\n%v, want\n%v", query, got, want)
		}
	}
}

// shows compares rows; what want lacks must be empty.
func shows(got, want object) bool {
	for _, member := range []string{"date", "id", "username", "route"} {
		if got.text(member) != want.text(member) {
			return false
		}
	}
	return got["total_queries"] == want["total_queries"] && len(got) == 6
}

// A deleted key keeps its series, and its user.
func TestUsageOfADeletedKey(t *testing.T) {
	t.Parallel()
	a, user, _ := newUsedApp(t)
	a.call("/auth/delete", `{"id":"`+user+`"}`)
	if total := a.counted("?username=ada"); total != 1 {
		t.Errorf("%d queries are left", total)
	}
}

// A range shows each hour or day that it touches as a whole.
func TestUsageRanges(t *testing.T) {
	t.Parallel()
	a, _, _ := newUsedApp(t)
	for query, want := range map[string]int{
		"?from=2030-05-06":               5,
		"?from=2030-05-06&to=2030-05-06": 4,
		"?from=2030-05-07":               1,
		"?to=2030-05-06":                 4,
		"?to=2030-05-05":                 0,
		"?from=2030-05-06T23:59:59Z":     5,
		"?from=2030-05-06T23:59:59%2B05:45&to=2030-05-07T00:00:00%2B00:00":     4,
		"?from=2030-05-07T00:00:00Z&to=2030-05-07T00:00:00.001Z":               1,
		"?interval=hour&from=2030-05-06T06:59:59Z&to=2030-05-06T07:00:00.000Z": 4,
		"?interval=hour&from=2030-05-06T07:00:00Z&to=2030-05-07T05:00:00.000Z": 0,
		"?interval=hour&from=2030-05-07":                                       1,
		"?interval=hour&from=2030-04-07&to=2030-05-07":                         5,
		"?from=2029-04-03&to=2030-05-07":                                       5,
		"?from=1970-01-01&to=1970-01-02":                                       0,
		"?from=9999-12-31&to=9999-12-31":                                       0,
		"?interval=hour&from=2030-05-06T12:44:59%2B05:45":                      5,
		"?interval=hour&from=2030-05-06T12:45:00%2B05:45":                      1,
	} {
		if got := a.counted(query); got != want {
			t.Errorf("%s counts %d, want %d", query, got, want)
		}
	}
}

// A request in the first millisecond of an hour shows at once.
func TestUsageOfAnHourThatBegins(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	key, _ := a.issueKey()
	now := a.clock.Now()
	a.clock.advance(now.Truncate(time.Hour).Add(time.Hour).Sub(now))
	a.guarded(key)
	waitFor(t, "the query", func() bool { return a.total() == 1 })
	if got := a.counted("?interval=hour"); got != 1 {
		t.Errorf("%d queries are counted", got)
	}
}

func TestUsagePages(t *testing.T) {
	t.Parallel()
	a, _, _ := newUsedApp(t)
	var got []string
	for cursor := ""; ; {
		answer := decode(t, a.get("/auth/usage?by=route&interval=hour&limit=1"+cursor).Body)
		for _, row := range answer["usage"].([]any) {
			got = append(got, object(row.(map[string]any)).text("route"))
		}
		if answer.text("next_cursor") == "" {
			break
		}
		cursor = "&cursor=" + answer.text("next_cursor")
	}
	if want := []string{"", "/secure", "/users/:id", "/users/:id"}; !slices.Equal(got, want) {
		t.Errorf("the pages hold %q", got)
	}
}

func TestUsageRefuses(t *testing.T) {
	t.Parallel()
	a, _, _ := newUsedApp(t)
	cursor := decode(t, a.get("/auth/usage?limit=1").Body).text("next_cursor")
	for query, field := range map[string]string{
		"?limit=0":                           "limit",
		"?limit=1001":                        "limit",
		"?interval=week":                     "interval",
		"?by=":                               "by",
		"?by=key,":                           "by",
		"?by=name":                           "by",
		"?by=key&by=":                        "by",
		"?interval=day&interval=hour":        "interval",
		"?from=yesterday":                    "from",
		"?from=2030-05-06T7":                 "from",
		"?from=1969-12-31":                   "from",
		"?to=0001-01-01":                     "to",
		"?to=2030-02-30":                     "to",
		"?from=2030-05-08":                   "from",
		"?from=2030-05-07&to=2030-05-06":     "from",
		"?from=2029-04-02&to=2030-05-07":     "from",
		"?interval=hour&from=2030-04-06":     "from",
		"?username=a:b":                      "username",
		"?email=nobody":                      "email",
		"?status=active":                     "status",
		"?id=a&id=b":                         "id",
		"?id=%00":                            "id",
		"?route=%ff":                         "route",
		"?cursor=nonsense":                   "cursor",
		"?interval=hour&cursor=" + cursor:    "cursor",
		"?by=route&cursor=" + cursor:         "cursor",
		"?limit=0&interval=week&from=monday": "interval",
	} {
		t.Run(query, func(t *testing.T) {
			expectProblem(t, a.get("/auth/usage"+query), http.StatusUnprocessableEntity, "fields_invalid", field)
		})
	}
	expectProblem(t, a.get("/auth/usage?route=no%zz"), http.StatusUnprocessableEntity, "query_invalid", "")
	if code := a.get("/auth/usage?limit=1&cursor=" + cursor).Code; code != http.StatusOK {
		t.Errorf("a good cursor is answered %d", code)
	}
	a.repo.failWith(errors.New("down"))
	expectProblem(t, a.get("/auth/usage"), http.StatusServiceUnavailable, "store_unavailable", "")
	a.repo.failWith(nil)
}

// Usage that is old when an application starts is rolled up and deleted, by its clock,
// at the configured age.
func TestOldUsageIsFoldedAndDeleted(t *testing.T) {
	t.Parallel()
	const day, id = 24 * time.Hour, "01a208d6-7758-7b77-a989-f8d0bcbb8877"
	old := newApp(t)
	now := old.clock.Now().UTC().Truncate(time.Hour)
	flush := repository.Flush{Node: "node", Number: 1}
	for _, age := range []time.Duration{0, 9 * day, 11 * day, 19 * day, 21 * day} {
		flush.Hours = append(flush.Hours, models.HourUsage{KeyID: id, Hour: now.Add(-age), TotalQueries: 1})
	}
	if err := old.repo.AddUsage(t.Context(), flush); err != nil {
		t.Fatal(err)
	}
	if _, err := ginauth.New(old.repo, ginauth.Config{Secrets: []string{secret}, UsageRollUpAfter: 20 * day, UsageDeleteAfter: 10 * day}); err == nil {
		t.Fatal("days are deleted before their hours are folded")
	}
	young, err := ginauth.New(old.repo, ginauth.Config{ // by the database's clock, which is years behind
		Secrets: []string{secret}, Now: old.clock.Now, UsageRollUpAfter: 10 * day, UsageDeleteAfter: 20 * day,
	})
	if err != nil {
		t.Fatal(err)
	}
	defer young.Close()
	auth, err := ginauth.New(clockedRepository{old.repo, old.clock.Now}, ginauth.Config{
		Secrets: []string{secret}, Now: old.clock.Now, UsageRollUpAfter: 10 * day, UsageDeleteAfter: 20 * day,
	})
	if err != nil {
		t.Fatal(err)
	}
	defer auth.Close()
	waitFor(t, "the days to be deleted", func() bool { return old.counted("?id="+id) == 4 })
	if hours := old.counted("?id=" + id + "&interval=hour"); hours != 2 {
		t.Errorf("%d hours are left", hours)
	}
}

// clockedRepository is a repository with another clock.
type clockedRepository struct {
	repository.Repository
	now func() time.Time
}

func (r clockedRepository) Clock(context.Context) (time.Time, error) { return r.now(), nil }

// Without routes a key has one row for each day, whatever it is used on.
func TestUsageWithoutRoutes(t *testing.T) {
	t.Parallel()
	a := newApp(t, func(c *ginauth.Config) { c.OmitRoutes = true })
	a.engine.GET("/other", a.auth.Guard(), showKey)
	key, _ := a.issueKey()
	a.guarded(key)
	a.do(request{path: "/other", header: header("api-key", key)})
	a.waitForTotal(2)
	rows, _ := decode(t, a.get("/auth/usage?by=key,route").Body)["usage"].([]any)
	if len(rows) != 1 || object(rows[0].(map[string]any)).text("route") != "" {
		t.Errorf("the usage is %v", rows)
	}
}
