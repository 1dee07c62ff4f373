package gormrepo

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"gorm.io/gorm"
)

// catalog is what the database has under ginauth's names.
type catalog struct {
	tables  map[string]bool
	faults  []string // of tables that cannot be relied on whatever their columns
	columns map[string]map[string]foundColumn
	uniques map[string][]uniqueIndex
}

type foundColumn struct {
	Table, Name, Type    string
	Nullable, HasDefault bool
}

// catalogQueries ask one kind of database. Tables have a name and a fault, which
// is empty or a clause about the table; unique indexes are those that hold for
// each row as a whole, at once and byte by byte.
type catalogQueries struct{ tables, columns, uniques string }

func queriesFor(dialect string) (catalogQueries, error) {
	known := map[string]catalogQueries{"sqlite": sqliteCatalog(), "postgres": postgresCatalog(), "mysql": mysqlCatalog()}
	queries, ok := known[dialect]
	if !ok {
		return queries, fmt.Errorf("the schema of %q cannot be read", dialect)
	}
	return queries, nil
}

func readCatalog(tx *gorm.DB) (catalog, error) {
	found := catalog{map[string]bool{}, nil, map[string]map[string]foundColumn{}, map[string][]uniqueIndex{}}
	queries, err := queriesFor(tx.Name())
	if err != nil {
		return found, err
	}
	if err := found.readTables(tx, queries.tables); err != nil {
		return found, fmt.Errorf("reading which tables there are: %w", err)
	}
	if err := found.readColumns(tx, queries.columns); err != nil {
		return found, fmt.Errorf("reading which columns there are: %w", err)
	}
	if err := found.readUniques(tx, queries.uniques); err != nil {
		return found, fmt.Errorf("reading which indexes there are: %w", err)
	}
	return found, nil
}

func (c *catalog) readTables(tx *gorm.DB, query string) error {
	var rows []struct{ Name, Fault string }
	if err := tx.Raw(query).Scan(&rows).Error; err != nil {
		return err
	}
	for _, row := range rows {
		c.tables[row.Name] = true
		if row.Fault != "" {
			c.faults = append(c.faults, fmt.Sprintf("%q %s", row.Name, row.Fault))
		}
	}
	return nil
}

func (c *catalog) readColumns(tx *gorm.DB, query string) error {
	var rows []foundColumn
	if err := tx.Raw(query).Scan(&rows).Error; err != nil {
		return err
	}
	for _, row := range rows {
		if c.columns[row.Table] == nil {
			c.columns[row.Table] = map[string]foundColumn{}
		}
		c.columns[row.Table][row.Name] = row
	}
	return nil
}

func (c *catalog) readUniques(tx *gorm.DB, query string) error {
	var rows []struct{ Table, Name, ColumnList string }
	if err := tx.Raw(query).Scan(&rows).Error; err != nil {
		return err
	}
	for _, row := range rows {
		columns := strings.Split(row.ColumnList, ",")
		slices.Sort(columns)
		c.uniques[row.Table] = append(c.uniques[row.Table], uniqueIndex{row.Name, columns})
	}
	return nil
}

// sqliteCatalog compares names without case, as SQLite does. A trigger on a
// table could change or hide what ginauth writes.
func sqliteCatalog() catalogQueries {
	const ours = "t.schema = 'main' AND substr(lower(t.name), 1, 8) = 'ginauth_'"
	return catalogQueries{
		tables: `SELECT lower(t.name) AS name, CASE t.type WHEN 'table' THEN '' ELSE 'is a ' || t.type || ', and has to be a table; rename or drop it' END AS fault
			FROM pragma_table_list AS t WHERE ` + ours + `
			UNION ALL SELECT lower(m.tbl_name), 'has the trigger "' || m.name || '", which ginauth did not make; drop it'
			FROM sqlite_master AS m WHERE m.type = 'trigger' AND substr(lower(m.tbl_name), 1, 8) = 'ginauth_'`,
		columns: `SELECT lower(t.name) AS "table", lower(x.name) AS name, lower(x.type) AS type,
				x."notnull" = 0 AND x.pk = 0 AS nullable, x.dflt_value IS NOT NULL OR x.hidden <> 0 AS has_default
			FROM pragma_table_list AS t JOIN pragma_table_xinfo(t.name) AS x WHERE ` + ours,
		uniques: `SELECT lower(t.name) AS "table", i.name AS name, group_concat(lower(x.name)) AS column_list
			FROM pragma_table_list AS t JOIN pragma_index_list(t.name) AS i JOIN pragma_index_xinfo(i.name) AS x
			WHERE ` + ours + ` AND i."unique" = 1 AND i.partial = 0 AND x.key = 1
			GROUP BY t.name, i.name HAVING min(x.coll = 'BINARY') = 1 AND count(x.name) = count(*)
			UNION ALL SELECT lower(t.name), '', max(lower(x.name))
			FROM pragma_table_list AS t JOIN pragma_table_xinfo(t.name) AS x WHERE ` + ours + ` AND x.pk > 0
			GROUP BY t.name HAVING count(*) = 1 AND max(lower(x.type)) = 'integer'`,
	}
}

// postgresCatalog looks at the tables that the search path leads to, as every
// statement does.
func postgresCatalog() catalogQueries {
	const ours = "substr(c.relname, 1, 8) = 'ginauth_' AND pg_table_is_visible(c.oid)"
	return catalogQueries{
		tables: `SELECT c.relname AS name, CASE
				WHEN c.relkind NOT IN ('r', 'p') THEN 'is a view or something else, and has to be a table; rename or drop it'
				WHEN c.relpersistence = 'u' THEN 'is unlogged, so that a crash of the server empties it; ALTER TABLE ' || c.relname || ' SET LOGGED'
				WHEN c.relpersistence = 't' THEN 'is temporary; drop it'
				WHEN row_security_active(c.oid) THEN 'has row-level security, which may hide rows from this account; disable it, or let the account bypass it'
				ELSE '' END AS fault
			FROM pg_class AS c WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND ` + ours,
		columns: `SELECT c.relname AS "table", a.attname AS name,
				format_type(a.atttypid, a.atttypmod) || CASE WHEN l.collname IN ('C', 'POSIX') THEN ' collate "c"' ELSE '' END AS type,
				NOT a.attnotnull AS nullable, a.atthasdef OR a.attidentity <> '' AS has_default
			FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
			LEFT JOIN pg_collation AS l ON l.oid = a.attcollation WHERE c.relkind IN ('r', 'p') AND ` + ours,
		uniques: `SELECT c.relname AS "table", i.relname AS name, string_agg(a.attname, ',') AS column_list
			FROM pg_class AS c JOIN pg_index AS x ON x.indrelid = c.oid JOIN pg_class AS i ON i.oid = x.indexrelid
			JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum = ANY (x.indkey)
			WHERE x.indisunique AND x.indisvalid AND x.indisready AND x.indimmediate AND x.indpred IS NULL AND x.indexprs IS NULL AND ` + ours + `
			GROUP BY c.relname, i.relname`,
	}
}

// mysqlCatalog asks for engines too: without transactions a change could be made
// and its entry in the change log lost.
func mysqlCatalog() catalogQueries {
	const ours = "t.TABLE_SCHEMA = DATABASE() AND LEFT(t.TABLE_NAME, 8) = 'ginauth_'"
	return catalogQueries{
		tables: `SELECT t.TABLE_NAME AS name, CASE
				WHEN t.TABLE_TYPE NOT IN ('BASE TABLE', 'SYSTEM VERSIONED') THEN 'is a view or something else, and has to be a table; rename or drop it'
				WHEN COALESCE(e.TRANSACTIONS, '') <> 'YES' THEN CONCAT('has the engine ', COALESCE(t.ENGINE, 'NULL'),
					', which has no transactions; ALTER TABLE ', t.TABLE_NAME, ' ENGINE = InnoDB')
				ELSE '' END AS fault
			FROM information_schema.TABLES AS t LEFT JOIN information_schema.ENGINES AS e ON e.ENGINE = t.ENGINE WHERE ` + ours,
		columns: "SELECT t.TABLE_NAME AS `table`, t.COLUMN_NAME AS name," + `
				LOWER(CONCAT(t.DATA_TYPE, COALESCE(CONCAT('(', t.CHARACTER_OCTET_LENGTH, ')'), ''))) AS type,
				t.IS_NULLABLE = 'YES' AS nullable, t.COLUMN_DEFAULT IS NOT NULL OR t.EXTRA <> '' AS has_default
			FROM information_schema.COLUMNS AS t WHERE ` + ours,
		uniques: "SELECT t.TABLE_NAME AS `table`, t.INDEX_NAME AS name," + ` GROUP_CONCAT(t.COLUMN_NAME) AS column_list
			FROM information_schema.STATISTICS AS t WHERE t.NON_UNIQUE = 0 AND ` + ours + `
			GROUP BY t.TABLE_NAME, t.INDEX_NAME HAVING COUNT(t.SUB_PART) = 0`,
	}
}

// compatible reports whether a column of one type takes what one of the other
// is planned for.
func compatible(dialect, planned, found string) bool {
	switch dialect {
	case "sqlite":
		return affinity(planned) == affinity(found)
	case "mysql":
		plannedType, plannedSize := typeAndSize(strings.Replace(planned, "boolean", "tinyint", 1))
		foundType, foundSize := typeAndSize(found)
		return plannedType == foundType && foundSize >= plannedSize
	default:
		return planned == found
	}
}

// affinity is how SQLite stores what is written into a column
// (https://sqlite.org/datatype3.html#determination_of_column_affinity).
func affinity(declared string) string {
	for _, rule := range [][2]string{
		{"int", "integer"}, {"char", "text"}, {"clob", "text"}, {"text", "text"}, {"blob", "blob"},
		{"real", "real"}, {"floa", "real"}, {"double", "real"},
	} {
		if strings.Contains(declared, rule[0]) {
			return rule[1]
		}
	}
	if declared == "" {
		return "blob"
	}
	return "numeric"
}

// typeAndSize splits varbinary(64); a size that is not that of bytes is none.
func typeAndSize(text string) (name string, size int) {
	name, rest, _ := strings.Cut(text, "(")
	if !strings.Contains(name, "binary") {
		return strings.TrimSpace(name), 0
	}
	size, _ = strconv.Atoi(strings.TrimSuffix(rest, ")"))
	return name, size
}
