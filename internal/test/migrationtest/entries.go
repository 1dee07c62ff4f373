package migrationtest

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"github.com/ginauth/ginauth/models"
)

// InsertChanges writes entries into the change log of an SQL database past
// ginauth, so that a test has as many and as old ones as it wants.
func InsertChanges(ctx context.Context, db *sql.DB, entries []models.Change) error {
	rows := make([]string, len(entries))
	for i, e := range entries {
		rows[i] = fmt.Sprintf("(%d, '%s', '%s', '%s', '%s', %d)", e.Number, e.ID, e.Object, e.ObjectID, e.Actor, e.Date.UnixMilli())
	}
	_, err := db.ExecContext(ctx, "INSERT INTO ginauth_changes (number, id, object, object_id, actor, date) VALUES "+strings.Join(rows, ", "))
	if err != nil {
		return err
	}
	_, err = db.ExecContext(ctx, fmt.Sprintf("UPDATE ginauth_change_counter SET number = %d", entries[len(entries)-1].Number))
	return err
}
