package postgres_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/ginauth/ginauth/internal/test/testdatabase"
	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/repository"
)

// A disk that is full is no lost connection, whether the server says so at a
// statement or at COMMIT: nothing was changed, and what is repeated works when
// there is room.
func TestFullDisk(t *testing.T) {
	schema := schemaAt(t, testdatabase.New(t, "postgres"))
	repo, err := schema.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer repo.Close()
	run := func(statement string) {
		t.Helper()
		if _, err := schema.DB.ExecContext(t.Context(), statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
	run(`CREATE FUNCTION theirs() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
		RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = 'disk_full'; END $$`)
	id, noon := uuid.New(), time.Date(2026, time.July, 1, 12, 0, 0, 0, time.UTC)
	key := models.APIKey{ID: id.String(), Hash: append(id[:], id[:]...), CreationDate: noon}
	flush := repository.Flush{Node: "node", Number: 1, Usages: []models.Usage{{KeyID: "other", TotalQueries: 1, LatestQueryDate: noon}}}
	calls := map[string]func() error{
		"a change": func() error {
			return repo.CreateKey(t.Context(), repository.Attribution{Actor: "admin", At: noon}, key, repository.CreateKeyOptions{})
		},
		"a flush": func() error { return repo.AddUsage(t.Context(), flush) },
	}
	for _, when := range []string{"", "DEFERRABLE INITIALLY DEFERRED"} {
		for _, table := range []string{"ginauth_changes", "ginauth_flushes"} {
			run("CREATE CONSTRAINT TRIGGER theirs AFTER INSERT ON " + table + " " + when + " FOR EACH ROW EXECUTE FUNCTION theirs()")
		}
		for name, call := range calls {
			if err := call(); err == nil || errors.Is(err, repository.ErrOutcomeUnknown) {
				t.Errorf("%s on a full disk %s returns %v", name, when, err)
			}
		}
		run("DROP TRIGGER theirs ON ginauth_changes")
		run("DROP TRIGGER theirs ON ginauth_flushes")
	}
	for name, call := range calls {
		if err := call(); err != nil {
			t.Errorf("%s fails when there is room: %v", name, err)
		}
	}
}
