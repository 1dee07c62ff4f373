package gormrepo

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"sync"
	"sync/atomic"
	"time"
)

// regrowAfter is how long after a refusal the pools may be as large as at
// first again.
const regrowAfter = time.Minute

// pools are the connection pools of a database. The last one is the change
// log's, which keeps its connection.
type pools struct {
	mu      sync.Mutex
	members []*member
	refused time.Time
}

// member is a pool and the size that it has unless the server refuses it.
type member struct {
	*sql.DB
	size int
	// pending is how many connections are being made.
	pending *atomic.Int64
}

// split says how many of the connections read and write. One follows the change
// log, and one is left to who listens for changes. With fewer than four nobody
// listens, and one pool reads and writes.
func split(connections int) (read, write int) {
	if connections < leastToListen {
		return connections - 1, 0
	}
	rest := connections - 2
	return (rest + 1) / 2, rest / 2
}

// add takes a pool over, unless it is there already.
func (p *pools) add(pool *sql.DB, pending *atomic.Int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, m := range p.members {
		if m.DB == pool {
			return
		}
	}
	p.members = append(p.members, &member{pool, pool.Stats().MaxOpenConnections, pending})
}

// reconnect closes the connections that are idle, so that what comes next is
// asked on new ones.
func (p *pools) reconnect() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, m := range p.members {
		m.SetMaxIdleConns(-1) // closes them
		if p.refused.IsZero() {
			m.SetMaxIdleConns(m.size)
		}
	}
	if !p.refused.IsZero() {
		p.fit()
	}
}

// shrink makes do with the connections that the server has granted, so that
// requests wait for one of them in place of asking for more.
func (p *pools) shrink() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.refused = time.Now()
	p.fit()
}

// fit shares what is granted out among the pools that read and write. Where
// there is less than one for each, none is kept for longer than it is used.
func (p *pools) fit() {
	granted := 0
	for _, m := range p.members {
		granted += m.Stats().OpenConnections - int(m.pending.Load())
	}
	others := max(0, len(p.members)-1)
	for i, m := range p.members[:others] {
		share := min(m.size, max(1, (granted-1+others-1-i)/others))
		m.SetMaxOpenConns(share)
		if granted < len(p.members) {
			share = -1
		}
		m.SetMaxIdleConns(share)
	}
}

// grow lifts what shrink has done, a while after the last refusal.
func (p *pools) grow() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.refused.IsZero() || time.Since(p.refused) < regrowAfter {
		return
	}
	p.refused = time.Time{}
	for _, m := range p.members {
		m.SetMaxOpenConns(m.size)
		m.SetMaxIdleConns(m.size)
	}
}

// boundedConnector makes a pool's connections. It gives up one that does not
// come about: pools make some in no call's context, and a server that accepts
// one and says nothing would occupy its place for ever.
type boundedConnector struct {
	driver.Connector
	pools     *pools
	pending   *atomic.Int64
	isRefusal func(err error) bool
}

// Connect implements driver.Connector.
func (c boundedConnector) Connect(ctx context.Context) (driver.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	c.pending.Add(1)
	defer c.pending.Add(-1)
	conn, err := c.Connector.Connect(ctx)
	if err != nil && c.isRefusal(err) {
		c.pools.shrink()
	}
	return conn, err
}
