package testdatabase

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"

	_ "github.com/go-sql-driver/mysql" // the drivers that database/sql is asked for
	_ "github.com/jackc/pgx/v5/stdlib"
)

// sqlServer makes schemas on PostgreSQL and databases on MySQL, which calls
// them schemas too.
type sqlServer struct {
	*sql.DB
	cascade string
	locate  func(name string) *url.URL
}

func connectPostgres(uri *url.URL) (server, error) {
	db, err := sql.Open("pgx", uri.String())
	return sqlServer{db, " CASCADE", func(name string) *url.URL {
		located := *uri
		query := uri.Query()
		query.Set("search_path", name)
		located.RawQuery = query.Encode()
		return &located
	}}, err
}

func connectMySQL(uri *url.URL) (server, error) {
	db, err := sql.Open("mysql", fmt.Sprintf("%s@tcp(%s)/?%s", uri.User, uri.Host, uri.RawQuery))
	return sqlServer{db, "", func(name string) *url.URL {
		located := *uri
		located.Path = "/" + name
		return &located
	}}, err
}

func (s sqlServer) create(ctx context.Context, name string) error {
	_, err := s.ExecContext(ctx, "CREATE SCHEMA "+name)
	return err
}

func (s sqlServer) drop(ctx context.Context, name string) error {
	_, err := s.ExecContext(ctx, "DROP SCHEMA "+name+s.cascade)
	return err
}

func (s sqlServer) names(ctx context.Context) (names []string, err error) {
	rows, err := s.QueryContext(ctx, "SELECT schema_name FROM information_schema.schemata")
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return nil, err
		}
		names = append(names, name)
	}
	return names, rows.Err()
}

func (s sqlServer) uri(name string) *url.URL { return s.locate(name) }

func (s sqlServer) close() { _ = s.Close() }
