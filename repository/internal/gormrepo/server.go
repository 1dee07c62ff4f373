package gormrepo

import (
	"cmp"
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"gorm.io/gorm"

	"github.com/ginauth/ginauth/repository"
)

const (
	// startTimeout bounds the first contact with a server, and how long making
	// any later connection may take.
	startTimeout = 10 * time.Second
	// idleTimeout is below what proxies and servers close idle connections
	// after.
	idleTimeout = 2 * time.Minute
	// leastToListen is the smallest number of connections of which one may
	// listen for changes.
	leastToListen = 4
)

// Server is a database server that a driver package knows how to reach.
type Server struct {
	// Connector makes the connections of the pools. It is what says the
	// isolation and the access mode of each transaction that it begins, and
	// begins none on a server that may not write: ErrReadOnly.
	Connector driver.Connector
	// Dialector makes GORM's dialect over a pool.
	Dialector func(pool *sql.DB) gorm.Dialector
	// MaxConnections is how many connections there may be, that of a listener
	// included; 0 for repository.DefaultConnections.
	MaxConnections int
	// Backend has everything but the pools.
	Backend Backend
}

// ErrReadOnly says that the server is a replica or was told to take no writes.
var ErrReadOnly = errors.New("the server takes no writes, or the session is not as ginauth has set it")

// MayListen reports whether at most so many connections, 0 for the default, leave
// one to listen for changes.
func MayListen(maxConnections int) bool {
	return cmp.Or(maxConnections, repository.DefaultConnections) >= leastToListen
}

// OpenServer connects and calls New. It fails after ten seconds if the server
// cannot be reached, and at once if it takes no writes. Reading, writing
// and following the change log have a pool each, so that none can keep another
// from the server. Where the server grants fewer connections than that, reading
// and writing share one.
func OpenServer(ctx context.Context, server Server) (*Repository, error) {
	connections := cmp.Or(server.MaxConnections, repository.DefaultConnections)
	var backend Backend
	err := UntilGranted(ctx, server.Backend.IsRefusal, func() (err error) {
		backend, err = openPools(ctx, server, connections)
		connections = min(connections, repository.LeastConnections) // if it has to be tried again
		return err
	})
	if err != nil {
		return nil, err
	}
	return New(ctx, backend)
}

// UntilGranted runs open until the server refuses it no connection, a few
// seconds long: what a process had that has ended may not be free yet.
func UntilGranted(ctx context.Context, isRefusal func(err error) bool, open func() error) error {
	for attempt := 1; ; attempt++ {
		err := open()
		if err == nil || isRefusal == nil || !isRefusal(err) {
			return err
		}
		if attempt == mostAttempts || !pause(ctx, attempt, longestPause) {
			return fmt.Errorf("%w: ginauth needs at least %d connections: raise the limit of the server or of the account, "+
				"or lower GINAUTH_MAX_CONNECTIONS of the other processes", err, repository.LeastConnections)
		}
	}
}

func openPools(ctx context.Context, server Server, connections int) (Backend, error) {
	backend := server.Backend.withDefaults()
	backend.pools = &pools{}
	read, write := split(connections)
	var opened []*gorm.DB
	for _, pool := range []struct {
		db   **gorm.DB
		size int
	}{{&backend.Read, read}, {&backend.Write, write}, {&backend.Log, 1}} {
		if pool.size == 0 {
			*pool.db = backend.Read
			continue
		}
		db, err := openPool(ctx, server, backend, pool.size)
		if err != nil {
			return backend, errors.Join(err, closeAll(opened))
		}
		*pool.db, opened = db, append(opened, db)
	}
	return backend, nil
}

func closeAll(pools []*gorm.DB) (err error) {
	for _, pool := range pools {
		err = errors.Join(err, closePool(pool))
	}
	return err
}

func openPool(ctx context.Context, server Server, backend Backend, size int) (*gorm.DB, error) {
	pending := &atomic.Int64{}
	pool := sql.OpenDB(boundedConnector{server.Connector, backend.pools, pending, backend.IsRefusal})
	pool.SetMaxOpenConns(size)
	pool.SetMaxIdleConns(size)
	pool.SetConnMaxIdleTime(idleTimeout)
	backend.pools.add(pool, pending)
	if err := checkWritable(ctx, pool, "SELECT "+backend.MayWrite); err != nil {
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
	var mayWrite bool
	if err := pool.QueryRowContext(ctx, query).Scan(&mayWrite); err != nil {
		return fmt.Errorf("connecting: %w", err)
	}
	if !mayWrite {
		return ErrReadOnly
	}
	return nil
}
