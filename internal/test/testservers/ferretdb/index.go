package main

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"path/filepath"
)

// indexIDs gives each collection of a database an index that finds documents
// by their _id. FerretDB 1.24 looks them up with an expression that its own
// index of _id does not match, and so reads the whole collection each time. The
// index changes how long an answer takes, and nothing else.
func indexIDs(ctx context.Context, dir, database string) error {
	file := url.URL{Scheme: "file", Opaque: filepath.Join(dir, database+".sqlite"), RawQuery: "mode=rw&_pragma=busy_timeout(10000)"}
	db, err := sql.Open("sqlite", file.String()) // the driver that FerretDB brings
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	tables, err := collections(ctx, db)
	for _, table := range tables {
		statement := fmt.Sprintf("CREATE INDEX IF NOT EXISTS %q ON %q (_ferretdb_sjson->'$._id')", table+"_found_by_id", table)
		if _, err := db.ExecContext(ctx, statement); err != nil {
			return err
		}
	}
	return err
}

// collections returns the tables that hold documents.
func collections(ctx context.Context, db *sql.DB) ([]string, error) {
	rows, err := db.QueryContext(ctx, "SELECT name FROM sqlite_master WHERE type = 'table' AND sql LIKE '%_ferretdb_sjson%'")
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	tables := []string{}
	for rows.Next() {
		var table string
		if err := rows.Scan(&table); err != nil {
			return nil, err
		}
		tables = append(tables, table)
	}
	return tables, rows.Err()
}
