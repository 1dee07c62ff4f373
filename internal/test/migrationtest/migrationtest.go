// Package migrationtest checks that an SQL database of an older schema keeps
// all that it holds when a newer version opens it.
package migrationtest

import (
	"database/sql"
	"reflect"
	"testing"
	"time"

	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/repository"
)

// userColumns are what step 3 adds to users, in its order.
func userColumns() []string {
	return []string{
		"change_date", "disabled_date", "confirmation_date", "mail_failure_date", "token_hash", "token_purpose", "token_expiration_date", "version",
	}
}

// toSchema1 takes away what later steps have added.
func toSchema1() []string {
	return append(toMiddleOfStep3(0),
		"DROP TABLE ginauth_usage_hours", "DROP TABLE ginauth_usage_days",
		"DELETE FROM ginauth_migrations WHERE number > 1",
	)
}

// toMiddleOfStep3 leaves what step 3 has done when it dies after some columns,
// where the database commits before each change of the schema; after the last
// column the users are not filled in yet.
func toMiddleOfStep3(columns int) []string {
	statements := []string{"DELETE FROM ginauth_migrations WHERE number > 2"}
	for _, column := range userColumns()[columns:] {
		statements = append(statements, "ALTER TABLE ginauth_users DROP COLUMN "+column)
	}
	if columns == len(userColumns()) {
		statements = append(statements, "UPDATE ginauth_users SET change_date = 0, version = 0")
	}
	return statements
}

// pasts are the states from which a database is brought up to date.
func pasts() [][]string {
	states := [][]string{}
	for columns := range len(userColumns()) + 1 {
		states = append(states, toMiddleOfStep3(columns))
	}
	return append(states, toSchema1())
}

// content is what callers can see of a database.
type content struct {
	key   models.APIKey
	user  models.User
	rows  []repository.KeyUsage
	log   []models.Change
	hours []repository.SeriesRow
}

// FromSchema1 fills a database and has open, which opens the same database each
// time, migrate it from schema 1 and from the middle of a step; db leads there
// without ginauth.
func FromSchema1(t *testing.T, db *sql.DB, open func() (repository.Repository, error)) {
	t.Helper()
	repo := opened(t, open)
	fill(t, repo)
	before := read(t, repo)
	for _, past := range pasts() {
		succeeds(t, repo.Close())
		dropListIndexes(t, db)
		for _, statement := range past {
			_, err := db.ExecContext(t.Context(), statement)
			succeeds(t, err)
		}
		repo = opened(t, open)
		if after := read(t, repo); !reflect.DeepEqual(after, before) {
			t.Errorf("after %q the database holds\n%+v and held\n%+v", past, after, before)
		}
		hasNoNull(t, db)
	}
	goesOn(t, repo, before.rows[0].TotalQueries)
	succeeds(t, repo.Close())
	succeeds(t, listsMove(t, db, open).Close())
	repo = tokensMove(t, db, open)
	accountsWork(t, repo)
	succeeds(t, repo.Close())
}

// hasNoNull looks past the models, which read a NULL as a zero.
func hasNoNull(t *testing.T, db *sql.DB) {
	t.Helper()
	for _, column := range userColumns() {
		var nulls int
		succeeds(t, db.QueryRowContext(t.Context(), "SELECT COUNT(*) FROM ginauth_users WHERE "+column+" IS NULL").Scan(&nulls))
		if nulls != 0 {
			t.Errorf("%s is NULL in %d users", column, nulls)
		}
	}
}

// accountsWork changes and deletes the user who was there before the schema
// knew how.
func accountsWork(t *testing.T, repo repository.Repository) {
	t.Helper()
	by := repository.Attribution{Actor: "admin", At: noon()}
	user, err := repo.UserByID(t.Context(), "user")
	succeeds(t, err)
	user.AccessUntil, user.DisabledDate, user.MailFailureDate = noon(), noon(), time.Time{}
	changed, err := repo.UpdateUser(t.Context(), by, user, repository.UserUpdate{RevokeKeys: true})
	succeeds(t, err)
	user.Version++
	if !reflect.DeepEqual(changed, user) {
		t.Errorf("the user is %+v, want %+v", changed, user)
	}
	succeeds(t, repo.DeleteUser(t.Context(), by, "user", repository.DeleteUserOptions{}))
}

// goesOn counts once more, and repeats what was counted before.
func goesOn(t *testing.T, repo repository.Repository, total int64) {
	t.Helper()
	hours := []models.HourUsage{{KeyID: "key", UserID: "user", Route: "/a", Hour: noon(), TotalQueries: 2}}
	succeeds(t, repo.AddUsage(t.Context(), flush(1)))
	next := flush(2)
	next.Hours = hours
	succeeds(t, repo.AddUsage(t.Context(), next))
	after := read(t, repo)
	if got := after.rows[0].TotalQueries; got != total+2 {
		t.Errorf("the total is %d, want %d", got, total+2)
	}
	want := []repository.SeriesRow{{Date: noon(), KeyID: "key", UserID: "user", Username: "Ana", Route: "/a", TotalQueries: 2}}
	if !reflect.DeepEqual(after.hours, want) {
		t.Errorf("the hours are %+v", after.hours)
	}
}

func noon() time.Time { return time.Date(2026, time.July, 1, 12, 0, 0, 0, time.UTC) }

func flush(number int64) repository.Flush {
	return repository.Flush{Node: "node", Number: number, Usages: []models.Usage{{KeyID: "key", TotalQueries: 2, LatestQueryDate: noon()}}}
}

func fill(t *testing.T, repo repository.Repository) {
	t.Helper()
	by := repository.Attribution{Actor: "admin", At: noon()}
	user := models.User{
		ID: "user", Username: "Ana", CanonicalUsername: "ana", Email: "Ana@example.org", CanonicalEmail: "ana@example.org",
		PasswordHash: "hash", CreationDate: noon(), ChangeDate: noon(),
	}
	key := models.APIKey{ID: "key", Hash: []byte("hash"), Hint: "hint", Name: "name", UserID: "user", CreationDate: noon(), ExpirationDate: noon()}
	succeeds(t, repo.CreateUser(t.Context(), by, user, key))
	_, err := repo.RevokeKey(t.Context(), by, "key")
	succeeds(t, err)
	succeeds(t, repo.AddUsage(t.Context(), flush(1)))
}

func read(t *testing.T, repo repository.Repository) (c content) {
	t.Helper()
	ctx := t.Context()
	key, err := repo.KeyByHash(ctx, []byte("hash"))
	succeeds(t, err)
	c.user, err = repo.UserByUsername(ctx, "ana")
	succeeds(t, err)
	list, err := repo.ListKeys(ctx, repository.KeyFilter{}, repository.Page{Sort: repository.SortID, Limit: 10})
	succeeds(t, err)
	c.log, err = repo.Changes(ctx, repository.Cursor{}, 10)
	succeeds(t, err)
	series, err := repo.UsageSeries(ctx, repository.SeriesFilter{}, repository.SeriesPage{
		Interval: repository.IntervalHour, By: repository.Breakdown{Key: true, Route: true}, Limit: 10,
	})
	succeeds(t, err)
	c.key, c.rows, c.hours = key, list.Rows, series.Rows
	return c
}

func opened(t *testing.T, open func() (repository.Repository, error)) repository.Repository {
	t.Helper()
	repo, err := open()
	succeeds(t, err)
	return repo
}

func succeeds(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
