package gormrepo

import (
	"database/sql"
	"slices"
	"sync"
	"time"
)

// regrowAfter is how long after a refusal the pools may be as large as at
// first again.
const regrowAfter = time.Minute

// pools are the connection pools of a server. The last one is the change log's.
type pools struct {
	mu      sync.Mutex
	pools   []*sql.DB
	sizes   []int
	refused time.Time
}

// split says how many connections there are for reading, for writing, and for
// the change log, of so many altogether. One is left to who listens for changes,
// unless there are fewer than four; one pool reads and writes then.
func split(connections int) (read, write, log int) {
	if connections < leastToListen {
		return connections - 1, 0, 1
	}
	rest := connections - 2
	return (rest + 1) / 2, rest / 2, 1
}

// add takes a pool over, unless it is there already.
func (p *pools) add(pool *sql.DB) {
	if !slices.Contains(p.pools, pool) {
		p.pools, p.sizes = append(p.pools, pool), append(p.sizes, pool.Stats().MaxOpenConnections)
	}
}

// reconnect closes the connections that are idle, so that what comes next is
// asked on new ones.
func (p *pools) reconnect() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i, pool := range p.pools {
		pool.SetMaxIdleConns(-1) // closes them
		pool.SetMaxIdleConns(p.sizes[i])
	}
}

// shrink makes do with the connections that the server has granted, so that
// requests wait for one of them in place of asking for more. Where there are
// fewer than pools, idle ones are closed, to be made by who needs them.
func (p *pools) shrink() {
	p.mu.Lock()
	defer p.mu.Unlock()
	granted := 0
	for _, pool := range p.pools {
		granted += pool.Stats().OpenConnections
	}
	p.refused = time.Now()
	log := len(p.pools) - 1
	for i, pool := range p.pools[:log] {
		share := max(1, (granted-1+log-1-i)/log)
		pool.SetMaxOpenConns(min(p.sizes[i], share))
		if granted < len(p.pools) {
			pool.SetMaxIdleConns(-1)
		}
		pool.SetMaxIdleConns(min(p.sizes[i], share))
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
	for i, pool := range p.pools {
		pool.SetMaxOpenConns(p.sizes[i])
		pool.SetMaxIdleConns(p.sizes[i])
	}
}
