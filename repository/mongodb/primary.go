package mongodb

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
	"go.mongodb.org/mongo-driver/v2/mongo/readconcern"
)

// freshness is how old the confirmation may be that a read relies on. It is
// part of the second after which a change is in force everywhere.
const freshness = 500 * time.Millisecond

// primary knows when the server was last confirmed to be the one that may
// write. A primary that was cut off from the others does not know for seconds
// that there is a new one, and answers reads with what was true before.
//
// A read that begins after a confirmation has begun sees every change that was
// acknowledged before it: the driver never returns from a newer primary to an
// older one, and what a majority has does not become less.
type primary struct {
	// ask returns nil if the server was the one that may write at some moment
	// while it ran.
	ask  func(ctx context.Context) error
	last atomic.Pointer[time.Time]
	// closed says that the repository was closed, whose client may stay open.
	closed atomic.Bool
}

// confirm asks, unless an answer that began within maxAge is at hand. A maxAge
// of 0 always asks.
func (p *primary) confirm(ctx context.Context, maxAge time.Duration) error {
	if p.closed.Load() {
		return mongo.ErrClientDisconnected
	}
	began := time.Now()
	if last := p.last.Load(); last != nil && began.Sub(*last) < maxAge {
		return nil
	}
	if err := p.ask(ctx); err != nil {
		return err
	}
	p.last.Store(&began)
	return nil
}

// askSet returns a question to a replica set: a linearizable read, which its
// server answers only after a majority has taken a write from it.
func askSet(collection *mongo.Collection) func(context.Context) error {
	linearizable := collection.Clone(options.Collection().SetReadConcern(readconcern.Linearizable()))
	return func(ctx context.Context) error {
		err := linearizable.FindOne(ctx, byID(schemaID)).Err()
		if errors.Is(err, mongo.ErrNoDocuments) {
			return nil
		}
		return err
	}
}

// askStandalone asks a server that was no member of a replica set whether it
// has become one: then it may be none that may write, and is not asked so.
func (r *database) askStandalone(ctx context.Context) error {
	server, err := r.hello(ctx)
	if err != nil {
		return err
	}
	return server.permitsStandalone()
}
