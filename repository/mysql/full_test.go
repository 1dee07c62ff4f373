package mysql_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/ginauth/ginauth/internal/test/testdatabase"
	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/repository"
)

// A server without room is no lost connection: nothing was changed, and what is
// repeated works when there is room.
func TestFullDisk(t *testing.T) {
	schema := schemaAt(t, testdatabase.New(t, "mysql"))
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
	id, noon := uuid.New(), time.Date(2026, time.July, 1, 12, 0, 0, 0, time.UTC)
	key := models.APIKey{ID: id.String(), Hash: append(id[:], id[:]...), CreationDate: noon}
	create := func() error {
		return repo.CreateKey(t.Context(), repository.Attribution{Actor: "admin", At: noon}, key, repository.CreateKeyOptions{})
	}
	for _, number := range []int{1021, 1041, 1114} {
		run(fmt.Sprintf("CREATE TRIGGER theirs BEFORE INSERT ON ginauth_changes FOR EACH ROW SIGNAL SQLSTATE 'HY000' SET MYSQL_ERRNO = %d", number))
		if err := create(); err == nil || errors.Is(err, repository.ErrOutcomeUnknown) {
			t.Errorf("a change returns %v", err)
		}
		run("DROP TRIGGER theirs")
	}
	if err := create(); err != nil {
		t.Errorf("a change fails when there is room: %v", err)
	}
}
