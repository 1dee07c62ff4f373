package postgres

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"gorm.io/gorm"

	"github.com/ginauth/ginauth/repository"
	"github.com/ginauth/ginauth/repository/internal/gormrepo"
)

// Use opens the database of an application's own handle, as Open does. It makes
// connections of its own, configured as the handle's are (host, account, TLS,
// dialer), since it sets up their sessions; the handle stays the application's. The
// handle must be over the driver github.com/jackc/pgx/v5/stdlib, as GORM's are. A
// password that the handle exchanges for each connection is taken once.
func Use[H *sql.DB | *gorm.DB](ctx context.Context, handle H, options ...repository.Option) (repository.Repository, error) {
	pool, err := gormrepo.PoolFrom(handle)
	var config *pgx.ConnConfig
	if err == nil {
		config, err = configFrom(ctx, pool)
	}
	var repo repository.Repository
	if err == nil {
		repo, err = open(ctx, config, toMode(config), options)
	}
	if err != nil {
		return nil, fmt.Errorf("using a postgres database: %w", err)
	}
	return repo, nil
}

// configFrom returns how the connections of a pool are made.
func configFrom(ctx context.Context, pool *sql.DB) (config *pgx.ConnConfig, err error) {
	ctx, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	lent, err := pool.Conn(ctx)
	if err != nil {
		return nil, fmt.Errorf("connecting: %w", err)
	}
	defer lent.Close()
	err = lent.Raw(func(driverConn any) error {
		conn, ok := driverConn.(*stdlib.Conn)
		if !ok {
			return fmt.Errorf("the handle's connections are %T; open it with the driver github.com/jackc/pgx/v5/stdlib", driverConn)
		}
		config = conn.Conn().Config()
		return nil
	})
	if err != nil {
		return nil, err
	}
	config.ValidateConnect = requireWritable
	config.OnNotification, config.OnNotice = nil, nil // which are of the application's connection
	config.Tracer = nil                               // it would see the values of ginauth's statements: hashes, addresses
	return config, nil
}

// toMode is the way of asking that the application has chosen, as a URI names it.
func toMode(config *pgx.ConnConfig) string {
	if config.DefaultQueryExecMode == pgx.QueryExecModeCacheStatement { // the default
		return ""
	}
	return strings.ReplaceAll(config.DefaultQueryExecMode.String(), " ", "_")
}
