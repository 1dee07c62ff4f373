package mysql_test

import (
	"context"
	"testing"
	"time"

	"github.com/ginauth/ginauth/internal/testdatabase"
)

// A statement that has waited for a lock longer than it may has rolled back
// itself alone. The change is begun anew after a ROLLBACK, within the caller's
// time, and made once.
func TestLockWaitTimeout(t *testing.T) {
	t.Parallel()
	uri := testdatabase.New(t, "mysql")
	repo := openAt(t, uri.String())
	key := newKey()
	if err := repo.CreateKey(t.Context(), act(), key, 0); err != nil {
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
	if _, err := repo.RevokeKey(t.Context(), act(), key.ID); err != nil {
		t.Errorf("revoking a key whose row was locked for longer than a statement waits: %v", err)
	}
	latest, err := repo.LatestChange(t.Context())
	if err != nil || latest.Number != 2 {
		t.Errorf("the log ends at %+v (%v), want entry 2", latest, err)
	}
}
