package gormrepo

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"time"

	"gorm.io/gorm"
)

const (
	// startTimeout bounds the first contact with a server, and how long making
	// any later connection may take.
	startTimeout = 10 * time.Second
	// serverConnections is the size of each of the two pools.
	serverConnections = 8
	// idleTimeout is below what proxies and servers close idle connections
	// after.
	idleTimeout = 2 * time.Minute
)

// Server is a database server that a driver package knows how to reach.
type Server struct {
	// Connector makes the connections of the pools.
	Connector driver.Connector
	// Dialector makes GORM's dialect over a pool.
	Dialector func(pool *sql.DB) gorm.Dialector
	// IsReadOnly is a query that returns whether the server takes no writes.
	IsReadOnly string
	// UniqueViolation and Migrate are those of Backend.
	UniqueViolation func(err error) (column string, ok bool)
	Migrate         func(db *gorm.DB, fn func(tx *gorm.DB) error) error
}

// ErrReadOnly says that the server is a replica or was told to take no writes.
var ErrReadOnly = errors.New("the server is read-only")

// OpenServer connects and calls New. It fails after ten seconds if the server
// cannot be reached, and at once if it takes no writes. Reading and writing
// have a pool each, so that neither can keep the other from the server.
func OpenServer(ctx context.Context, server Server) (*Repository, error) {
	read, err := openPool(ctx, server)
	if err != nil {
		return nil, err
	}
	write, err := openPool(ctx, server)
	if err != nil {
		return nil, errors.Join(err, closePool(read))
	}
	return New(ctx, Backend{read, write, server.UniqueViolation, server.Migrate})
}

func openPool(ctx context.Context, server Server) (*gorm.DB, error) {
	pool := sql.OpenDB(boundedConnector{server.Connector})
	pool.SetMaxOpenConns(serverConnections)
	pool.SetMaxIdleConns(serverConnections)
	pool.SetConnMaxIdleTime(idleTimeout)
	if err := checkWritable(ctx, pool, server.IsReadOnly); err != nil {
		return nil, errors.Join(err, pool.Close())
	}
	db, err := gorm.Open(server.Dialector(pool), Config())
	if err != nil {
		return nil, errors.Join(err, pool.Close())
	}
	return db, nil
}

func checkWritable(ctx context.Context, pool *sql.DB, query string) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	var readOnly bool
	if err := pool.QueryRowContext(ctx, query).Scan(&readOnly); err != nil {
		return fmt.Errorf("connecting: %w", err)
	}
	if readOnly {
		return ErrReadOnly
	}
	return nil
}

// boundedConnector gives up a connection that does not come about. Pools make
// some in no call's context; a server that accepts one and says nothing would
// occupy its place for ever.
type boundedConnector struct{ driver.Connector }

// Connect implements driver.Connector.
func (c boundedConnector) Connect(ctx context.Context) (driver.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	return c.Connector.Connect(ctx)
}
