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
	// serverConnections is the size of the pools for reading and for writing.
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
	// MayTurn says that a server may be made read-only under connections that
	// go on, so that it has to be asked again and again.
	MayTurn bool
	// Backend has everything but the pools.
	Backend Backend
}

// ErrReadOnly says that the server is a replica or was told to take no writes.
var ErrReadOnly = errors.New("the server is read-only")

// OpenServer connects and calls New. It fails after ten seconds if the server
// cannot be reached, and at once if it takes no writes. Reading, writing
// and following the change log have a pool each, so that none can keep another
// from the server.
func OpenServer(ctx context.Context, server Server) (*Repository, error) {
	backend := server.Backend
	var opened []*gorm.DB
	for _, pool := range []struct {
		db   **gorm.DB
		size int
	}{{&backend.Read, serverConnections}, {&backend.Write, serverConnections}, {&backend.Log, 1}} {
		db, err := openPool(ctx, server, pool.size)
		if err != nil {
			return nil, errors.Join(err, closeAll(opened))
		}
		*pool.db, opened = db, append(opened, db)
	}
	if server.MayTurn {
		backend.isReadOnly = server.IsReadOnly
	}
	return New(ctx, backend)
}

// requireWritable finds out whether the server of the change log has become a
// replica, which would bring revoked keys back. All connections are made anew
// then, those that read keys among them.
func (r *Repository) requireWritable(ctx context.Context) error {
	if r.backend.isReadOnly == "" {
		return nil
	}
	var readOnly bool
	if err := r.backend.Log.WithContext(ctx).Raw(r.backend.isReadOnly).Scan(&readOnly).Error; err != nil {
		return fmt.Errorf("asking whether the server is read-only: %w", err)
	}
	if !readOnly {
		return nil
	}
	for _, db := range []*gorm.DB{r.backend.Read, r.backend.Write, r.backend.Log} {
		if pool, err := db.DB(); err == nil {
			pool.SetMaxIdleConns(-1) // closes them
			pool.SetMaxIdleConns(serverConnections)
		}
	}
	return ErrReadOnly
}

func closeAll(pools []*gorm.DB) (err error) {
	for _, pool := range pools {
		err = errors.Join(err, closePool(pool))
	}
	return err
}

func openPool(ctx context.Context, server Server, size int) (*gorm.DB, error) {
	pool := sql.OpenDB(boundedConnector{server.Connector})
	pool.SetMaxOpenConns(size)
	pool.SetMaxIdleConns(size)
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
