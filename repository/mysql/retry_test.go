package mysql_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/ginauth/ginauth/internal/test/testdatabase"
	"github.com/ginauth/ginauth/repository"
)

// A statement that has waited for a lock longer than it may has rolled back
// itself alone. The change is begun anew after a ROLLBACK, within the caller's
// time, and made once.
func TestLockWaitTimeout(t *testing.T) {
	t.Parallel()
	uri := testdatabase.New(t, "mysql")
	repo := openAt(t, uri.String())
	key := newKey()
	if err := repo.CreateKey(t.Context(), attribution(), key, repository.CreateKeyOptions{}); err != nil {
		t.Fatal(err)
	}
	holder, err := asAdmin(t, uri.String()).Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer holder.Close()
	for _, statement := range []string{"USE " + uri.Path[1:], "BEGIN", "UPDATE ginauth_keys SET name = name WHERE id = '" + key.ID + "'",
		"SELECT * FROM ginauth_keys FOR UPDATE"} {
		if _, err := holder.ExecContext(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	release := time.AfterFunc(12*time.Second, func() { _, _ = holder.ExecContext(context.WithoutCancel(t.Context()), "ROLLBACK") })
	defer release.Stop()
	if _, err := repo.RevokeKey(t.Context(), attribution(), key.ID); err != nil {
		t.Errorf("revoking a key whose row was locked for longer than a statement waits: %v", err)
	}
	latest, err := repo.LatestChange(t.Context())
	if err != nil || latest.Number != 2 {
		t.Errorf("the log ends at %+v (%v), want entry 2", latest, err)
	}
}

// A statement that fails because its transaction was rolled back, or because it
// has to be prepared anew, has the whole transaction repeated, and the change is
// made once.
func TestErrorsOfStatements(t *testing.T) {
	t.Parallel()
	for _, number := range []int{1213, 1020, 1412, 1615} {
		t.Run(fmt.Sprint(number), func(t *testing.T) {
			t.Parallel()
			schema := schemaAt(t, testdatabase.New(t, "mysql"))
			repo, err := schema.Open()
			if err != nil {
				t.Fatal(err)
			}
			defer repo.Close()
			for _, statement := range []string{ // what the table counts is not rolled back
				"CREATE TABLE attempts (number INT AUTO_INCREMENT PRIMARY KEY) ENGINE=MyISAM",
				fmt.Sprintf("CREATE TRIGGER theirs BEFORE INSERT ON ginauth_changes FOR EACH ROW BEGIN INSERT INTO attempts VALUES (NULL); "+
					"IF (SELECT COUNT(*) FROM attempts) < 4 THEN SIGNAL SQLSTATE 'HY000' SET MYSQL_ERRNO = %d; END IF; END", number),
			} {
				if _, err := schema.DB.ExecContext(t.Context(), statement); err != nil {
					t.Fatalf("%s: %v", statement, err)
				}
			}
			key := newKey()
			if err := repo.CreateKey(t.Context(), attribution(), key, repository.CreateKeyOptions{}); err != nil {
				t.Errorf("a change that is rolled back three times: %v", err)
			}
			changes, err := repo.Changes(t.Context(), repository.Cursor{}, 10)
			if err != nil || len(changes) != 1 {
				t.Errorf("the log has %d entries (%v), want one", len(changes), err)
			}
		})
	}
}
