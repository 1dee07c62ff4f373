package migrationtest

import (
	"database/sql"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/repository"
)

// Schema is a database of a test's own and how ginauth opens it.
type Schema struct {
	// Dialect is sqlite, postgres or mysql.
	Dialect string
	DB      *sql.DB
	Open    func() (repository.Repository, error)
}

// damage is what was done to a database, how it is undone, and what the refusal
// says.
type damage struct {
	name     string
	do, undo []string
	says     []string
}

// Damaged checks that a schema that is not as ginauth makes it stops the start,
// with a sentence that names what is wrong, or is repaired; and that each kind
// of change works once the start has succeeded.
func Damaged(t *testing.T, s Schema) {
	t.Run("somebody else's tables", func(t *testing.T) { foreignTables(t, s) })
	closes(t, s.opened(t))
	for _, d := range slices.Concat(s.missing(t), s.indexes(), s.obstacles()) {
		t.Run(d.name, func(t *testing.T) { s.expectRefusal(t, d) })
	}
	s.repairs(t)
	t.Run("values twice", func(t *testing.T) { valuesTwice(t, s) })
}

func (s Schema) opened(t *testing.T) repository.Repository { return opened(t, s.Open) }

func (s Schema) exec(t *testing.T, statements ...string) {
	t.Helper()
	for _, statement := range statements {
		if _, err := s.DB.ExecContext(t.Context(), statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
}

func closes(t *testing.T, repo repository.Repository) {
	t.Helper()
	if err := repo.Close(); err != nil {
		t.Error(err)
	}
}

func (s Schema) expectRefusal(t *testing.T, d damage) {
	t.Helper()
	s.exec(t, d.do...)
	defer s.exec(t, d.undo...)
	s.refuses(t, d.says...)
}

// refuses reports a start that succeeds, or fails with a sentence that does not
// say what is expected.
func (s Schema) refuses(t *testing.T, says ...string) {
	t.Helper()
	repo, err := s.Open()
	if err == nil {
		closes(t, repo)
		t.Error("the database is opened")
		return
	}
	for _, text := range says {
		if !strings.Contains(strings.ToLower(err.Error()), strings.ToLower(text)) {
			t.Errorf("the error does not say %q: %v", text, err)
		}
	}
}

// foreignTables has names of ginauth's and columns of somebody else's. Nothing
// is made beside them.
func foreignTables(t *testing.T, s Schema) {
	s.exec(t, "CREATE TABLE ginauth_users (theirs INTEGER)")
	s.refuses(t, "ginauth_users", "drop or rename")
	s.exec(t, "DROP TABLE ginauth_users")
	s.exec(t, "CREATE TABLE ginauth_migrations (theirs INTEGER)")
	s.refuses(t, "ginauth_migrations", `"number"`, "drop or rename")
	s.exec(t, "DROP TABLE ginauth_migrations")
}

// missing takes each table away, and each column on SQLite, where starts are
// quick; one of each table elsewhere.
func (s Schema) missing(t *testing.T) (all []damage) {
	t.Helper()
	tables := map[string]bool{}
	for _, row := range s.rows(t, s.columnsQuery()) {
		table, column := row[0], row[1]
		isNew := !tables[table]
		tables[table] = true
		if isNew || s.Dialect == "sqlite" {
			all = append(all, damage{
				table + " without " + column,
				[]string{"ALTER TABLE " + table + " RENAME COLUMN " + column + " TO theirs"},
				[]string{"ALTER TABLE " + table + " RENAME COLUMN theirs TO " + column},
				[]string{table, `"` + column + `"`, "complete backup"},
			})
		}
		if isNew && table != "ginauth_migrations" {
			all = append(all, damage{
				"without " + table,
				[]string{"ALTER TABLE " + table + " RENAME TO theirs"}, []string{"ALTER TABLE theirs RENAME TO " + table},
				[]string{`the table "` + table + `" is missing`, "complete backup"},
			})
		}
	}
	return all
}

func (s Schema) columnsQuery() string {
	switch s.Dialect {
	case "sqlite":
		return `SELECT m.name, x.name FROM sqlite_master AS m JOIN pragma_table_info(m.name) AS x WHERE m.type = 'table' AND m.name LIKE 'ginauth%'`
	case "postgres":
		return `SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = CURRENT_SCHEMA() AND table_name LIKE 'ginauth%'`
	default:
		return `SELECT TABLE_NAME, COLUMN_NAME FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME LIKE 'ginauth%'`
	}
}

func (s Schema) rows(t *testing.T, query string) (all [][2]string) {
	t.Helper()
	rows, err := s.DB.QueryContext(t.Context(), query)
	succeeds(t, err)
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var row [2]string
		succeeds(t, rows.Scan(&row[0], &row[1]))
		all = append(all, row)
	}
	succeeds(t, rows.Err())
	return all
}

// indexes takes unique indexes away, as a restore of the data alone does.
func (s Schema) indexes() (all []damage) {
	for table, columns := range map[string][]string{"ginauth_users": {"canonical_username", "canonical_email"}, "ginauth_keys": {"hash"}} {
		for _, column := range columns {
			index := "idx_" + table + "_" + column
			drop := "DROP INDEX " + index
			if s.Dialect == "mysql" {
				drop += " ON " + table
			}
			all = append(all, damage{
				"without " + index,
				[]string{drop}, []string{"CREATE UNIQUE INDEX " + index + " ON " + table + " (" + column + ")"},
				[]string{table, "unique index over " + column, "CREATE UNIQUE INDEX"},
			}, damage{
				index + " that is not unique",
				[]string{drop, "CREATE INDEX theirs ON " + table + " (" + column + ")"},
				[]string{strings.Replace(drop, index, "theirs", 1), "CREATE UNIQUE INDEX " + index + " ON " + table + " (" + column + ")"},
				[]string{table, "unique index over " + column},
			})
		}
	}
	for table, columns := range map[string]string{
		"ginauth_usage": "key_id", "ginauth_changes": "number", "ginauth_flushes": "node", "ginauth_usage_days": "date, key_id, route",
	} {
		// as a tool does that copies rows and no indexes
		all = append(all, damage{
			table + " without its primary key",
			[]string{"CREATE TABLE theirs AS SELECT * FROM " + table, "ALTER TABLE " + table + " RENAME TO ours", "ALTER TABLE theirs RENAME TO " + table},
			[]string{"DROP TABLE " + table, "ALTER TABLE ours RENAME TO " + table},
			[]string{table, "primary key over " + columns},
		})
	}
	return all
}

// obstacles are there in addition and would make changes fail.
func (s Schema) obstacles() []damage {
	drop := "DROP INDEX theirs"
	if s.Dialect == "mysql" {
		drop += " ON ginauth_keys"
	}
	all := []damage{
		{
			"a newer schema", []string{"INSERT INTO ginauth_migrations (number, date) VALUES (1000, 1)"},
			[]string{"DELETE FROM ginauth_migrations WHERE number = 1000"}, []string{"1000", "newer"},
		},
		{
			"a unique index that is not ginauth's", []string{"CREATE UNIQUE INDEX theirs ON ginauth_keys (version)"},
			[]string{drop}, []string{"ginauth_keys", "theirs", "drop it"},
		},
		{
			"a view", []string{"ALTER TABLE ginauth_usage RENAME TO theirs", "CREATE VIEW ginauth_usage AS SELECT * FROM theirs"},
			[]string{"DROP VIEW ginauth_usage", "ALTER TABLE theirs RENAME TO ginauth_usage"}, []string{"ginauth_usage", "view"},
		},
		{
			"a record that was lost, and a column of a newer schema",
			[]string{"CREATE TABLE theirs AS SELECT * FROM ginauth_migrations", "DELETE FROM ginauth_migrations", s.addColumn("ginauth_keys", "")},
			[]string{"INSERT INTO ginauth_migrations SELECT * FROM theirs", "DROP TABLE theirs", "ALTER TABLE ginauth_keys DROP COLUMN theirs"},
			[]string{"does not say which schema", "ginauth_keys.theirs", "newer"},
		},
	}
	return append(all, s.ownObstacles()...)
}

func (s Schema) addColumn(table, constraint string) string {
	return "ALTER TABLE " + table + " ADD COLUMN theirs INTEGER" + constraint
}

// ownObstacles are those that one database has.
func (s Schema) ownObstacles() []damage {
	switch s.Dialect {
	case "sqlite":
		return []damage{{
			"a trigger", []string{"CREATE TRIGGER theirs BEFORE INSERT ON ginauth_keys BEGIN SELECT RAISE(IGNORE); END"},
			[]string{"DROP TRIGGER theirs"}, []string{"ginauth_keys", `trigger "theirs"`, "drop it"},
		}}
	case "postgres":
		return []damage{
			s.notNull(),
			{
				"a table that a crash empties", []string{"ALTER TABLE ginauth_changes SET UNLOGGED"},
				[]string{"ALTER TABLE ginauth_changes SET LOGGED"}, []string{"ginauth_changes", "unlogged"},
			},
			{
				"a column of another type",
				[]string{"ALTER TABLE ginauth_changes ALTER COLUMN date TYPE integer USING 0"},
				[]string{"ALTER TABLE ginauth_changes ALTER COLUMN date TYPE bigint"}, []string{`"date"`, "integer in place of bigint"},
			},
			{
				"a column of another collation",
				[]string{`ALTER TABLE ginauth_users ALTER COLUMN email TYPE text COLLATE "default"`},
				[]string{`ALTER TABLE ginauth_users ALTER COLUMN email TYPE text COLLATE "C"`}, []string{`"email"`, "collate"},
			},
		}
	default:
		return []damage{
			s.notNull(),
			{
				"an engine without transactions", []string{"ALTER TABLE ginauth_flushes ENGINE = MyISAM"},
				[]string{"ALTER TABLE ginauth_flushes ENGINE = InnoDB"}, []string{"ginauth_flushes", "MyISAM", "InnoDB"},
			},
			{
				"a column that is too short", []string{"ALTER TABLE ginauth_changes MODIFY actor varbinary(16) NOT NULL"},
				[]string{"ALTER TABLE ginauth_changes MODIFY actor varbinary(128) NOT NULL"}, []string{`"actor"`, "varbinary(16)", "varbinary(128)"},
			},
		}
	}
}

func (s Schema) notNull() damage {
	return damage{
		"a column that must have a value", []string{s.addColumn("ginauth_keys", " NOT NULL"), s.dropDefault()},
		[]string{"ALTER TABLE ginauth_keys DROP COLUMN theirs"}, []string{"ginauth_keys", `"theirs"`, "must have a value"},
	}
}

func (s Schema) dropDefault() string {
	return "ALTER TABLE ginauth_keys ALTER COLUMN theirs DROP DEFAULT"
}

// valuesTwice is a copy of the data alone with a row in it twice, which no
// index can be made over any more.
func valuesTwice(t *testing.T, s Schema) {
	repo := s.opened(t)
	key := models.APIKey{ID: uuid.NewString(), Hash: []byte("twice"), CreationDate: noon()}
	succeeds(t, repo.CreateKey(t.Context(), repository.Attribution{Actor: "admin", At: noon()}, key, repository.CreateKeyOptions{}))
	closes(t, repo)
	s.exec(t, "CREATE TABLE theirs AS SELECT * FROM ginauth_keys", "DROP TABLE ginauth_keys", "ALTER TABLE theirs RENAME TO ginauth_keys",
		"INSERT INTO ginauth_keys SELECT * FROM ginauth_keys")
	s.refuses(t, "unique index over hash", "primary key over id", "rows that have the same value")
}
