package gormrepo_test

import (
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"gorm.io/gorm/schema"

	"github.com/ginauth/ginauth/models"
)

// dump returns the schema as SQLite keeps it.
func (d database) dump() []string {
	d.Helper()
	return d.texts("SELECT type || ' ' || name || ' ' || COALESCE(sql, '') FROM sqlite_master ORDER BY 1")
}

// texts reads a column of text.
func (d database) texts(query string, args ...any) []string {
	d.Helper()
	rows, err := d.sql.QueryContext(d.Context(), query, args...)
	if err != nil {
		d.Fatal(err)
	}
	defer rows.Close()
	texts := []string{}
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			d.Fatal(err)
		}
		texts = append(texts, text)
	}
	if err := rows.Err(); err != nil {
		d.Fatal(err)
	}
	return texts
}

// Every start migrates, nearly always to where the schema is already.
func TestMigratingAgainChangesNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "test.db")
	d := database{t, open(t, path), openSQL(t, path)}
	key := d.createKey()
	before := d.dump()
	if len(before) == 0 {
		t.Fatal("there is no schema")
	}
	for range 3 {
		again := open(t, path)
		if _, err := again.KeyByHash(t.Context(), key.Hash); err != nil {
			t.Error(err)
		}
	}
	if after := d.dump(); !slices.Equal(after, before) {
		t.Errorf("the schema is\n%s, and was\n%s", strings.Join(after, "\n"), strings.Join(before, "\n"))
	}
	if n := d.count("SELECT COUNT(*) FROM ginauth_migrations"); n != 5 {
		t.Errorf("%d migrations are recorded, want 5", n)
	}
	if n := d.count("SELECT number FROM ginauth_change_counter"); n != 1 {
		t.Errorf("the counter of changes is at %d, want 1", n)
	}
}

// A migration that fails halfway leaves nothing, so that the next start can
// try again.
func TestFailedMigrationLeavesNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "test.db")
	d := database{t, nil, openSQL(t, path)}
	d.exec("CREATE TABLE ginauth_change_counter (theirs INTEGER)") // created last by ours
	before := d.dump()
	expectNoOpen(t, path)
	if after := d.dump(); !slices.Equal(after, before) {
		t.Errorf("the schema is\n%s, and was\n%s", strings.Join(after, "\n"), strings.Join(before, "\n"))
	}
	d.exec("DROP TABLE ginauth_change_counter")
	d.repo = open(t, path)
	d.createKey()
}

// The migrations work on copies of the models as they were, so nothing but
// this test sees that the models have moved away from the tables.
func TestModelsAndTablesAgree(t *testing.T) {
	d := newDatabase(t)
	fromElsewhere := []string{ // joined on reading
		"ginauth_keys.username", "ginauth_keys.disabled_date", "ginauth_keys.access_until", "ginauth_keys.user_version",
	}
	beside := map[string][]string{
		"ginauth_users": {"token_hash", "token_purpose", "token_expiration_date"}, // abandoned, see addTokens
		"ginauth_keys":  {"end_date", "status"},                                   // for the indexes of lists, see addLists
		"ginauth_usage": {"status"},
	}
	for _, model := range []any{models.User{}, models.APIKey{}, models.Usage{}, models.Change{}, models.Token{}} {
		parsed, err := schema.Parse(model, &sync.Map{}, schema.NamingStrategy{})
		if err != nil {
			t.Fatal(err)
		}
		fields := []string{}
		for _, column := range parsed.DBNames {
			if !slices.Contains(fromElsewhere, parsed.Table+"."+column) {
				fields = append(fields, column)
			}
		}
		columns := d.texts("SELECT name FROM pragma_table_info(?)", parsed.Table)
		fields = append(fields, beside[parsed.Table]...)
		slices.Sort(fields)
		slices.Sort(columns)
		if !slices.Equal(fields, columns) {
			t.Errorf("the model of %s has %q, the table %q", parsed.Table, fields, columns)
		}
	}
}

// Dates are integers: text or floating point would compare differently from
// one backend to the next, and a NULL would be neither before nor after.
func TestDatesAreIntegers(t *testing.T) {
	d := newDatabase(t)
	d.createKey()
	for _, column := range []string{"creation_date", "expiration_date", "revocation_date"} {
		if n := d.count("SELECT COUNT(*) FROM ginauth_keys WHERE typeof(" + column + ") = 'integer'"); n != 1 {
			t.Errorf("%s is no integer", column)
		}
	}
	if n := d.count("SELECT COUNT(*) FROM ginauth_keys WHERE user_id IS NULL AND typeof(hash) = 'blob'"); n != 1 {
		t.Error("a service key has no NULL for its user, or no blob for its hash")
	}
}
