// Package mongodb keeps keys in a MongoDB database, which any number of
// processes may share. A standalone server serves as well as a replica set:
// nothing here needs transactions, change streams or expiring documents.
//
// What MongoDB makes atomic is the change of one document, so everything that
// must happen as a whole is made to be one:
//
//   - A key and its usage are parts of one document, each written by its own
//     verbs alone. Deleting a key removes its part; the document with the
//     usage stays and keeps the id taken for ever.
//   - A change carries its entry of the change log in the document itself until
//     the entry is in the log; see unlogged.
//   - Each hour and each day of a key's use is a document that is added to by
//     itself, so nothing ever has to be moved from the one to the other.
//   - A user's first key is stored before the user, and is there for nobody
//     until the user is.
//   - A user's document says what their keys are: revoked, disabled, without an
//     owner. It is carried over to the records of the keys, and a key that it
//     has not reached yet is brought up to it before anybody sees the key.
package mongodb

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.mongodb.org/mongo-driver/v2/mongo"

	"github.com/ginauth/ginauth/repository"
)

const (
	// startTimeout bounds the first contact with a server.
	startTimeout = 10 * time.Second
	// closeTimeout bounds the wait for calls under way.
	closeTimeout = 5 * time.Second
)

// Repository implements repository.Repository.
type Repository struct {
	client                                *mongo.Client
	keys, users, changes, flushes, schema *mongo.Collection
	series                                map[repository.Interval]*mongo.Collection
	// line puts the changes of this process one behind the other, so that they
	// meet those of other processes only. Who holds its one place may touch
	// untidy, which says that a change may have been left unlogged.
	line   chan struct{}
	untidy bool
}

var _ repository.Repository = (*Repository)(nil)

// Open connects to the server at uri, such as
// mongodb://user:password@host:27017/name, and makes the collections and
// indexes that it lacks; they are prefixed ginauth_. The database is called
// ginauth unless the URI names one. It fails within ten seconds if the server
// cannot be reached.
//
// Writes are acknowledged when a majority has them in its journal, and reads
// are of the primary and of what a majority has, so that no failover takes
// back what was acknowledged. A URI that asks for something else is refused.
// repository.MaxConnections is maxPoolSize, unless the URI has that. Errors hold
// no password.
func Open(ctx context.Context, uri string, opts ...repository.Option) (repository.Repository, error) {
	chosen, err := repository.OptionsOf(opts...)
	if err != nil {
		return nil, fmt.Errorf("opening mongodb: %w", err)
	}
	options, database, err := parse(uri)
	if err != nil {
		return nil, fmt.Errorf("opening mongodb: %w", err)
	}
	if chosen.MaxConnections != 0 && options.MaxPoolSize == nil {
		options.SetMaxPoolSize(uint64(chosen.MaxConnections))
	}
	client, err := mongo.Connect(options)
	if err != nil {
		return nil, errors.New("opening mongodb: the options of the URI do not go together")
	}
	r := newRepository(client, client.Database(database))
	if err := r.start(ctx, options.Direct != nil && *options.Direct); err != nil {
		return nil, fmt.Errorf("opening mongodb: %w", errors.Join(err, r.Close()))
	}
	return r, nil
}

func newRepository(client *mongo.Client, db *mongo.Database) *Repository {
	return &Repository{
		client: client, line: make(chan struct{}, 1),
		keys: db.Collection("ginauth_keys"), users: db.Collection("ginauth_users"),
		changes: db.Collection("ginauth_changes"), flushes: db.Collection("ginauth_flushes"),
		schema: db.Collection("ginauth_schema"),
		series: map[repository.Interval]*mongo.Collection{
			repository.IntervalHour: db.Collection("ginauth_usage_hours"),
			repository.IntervalDay:  db.Collection("ginauth_usage_days"),
		},
	}
}

// start makes the first contact, directly or not, brings the schema up to date
// and finishes what a process that died may have left.
func (r *Repository) start(ctx context.Context, direct bool) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	ctx = withoutDate(ctx)
	if err := r.client.Ping(ctx, nil); err != nil {
		return wrap(ctx, "connecting", err)
	}
	server, err := r.hello(ctx)
	if err != nil {
		return wrap(ctx, "connecting", err)
	}
	if err := server.permits(direct); err != nil {
		return err
	}
	if err := r.migrate(ctx); err != nil {
		return wrap(ctx, "migrating the schema", err)
	}
	return wrap(ctx, "finishing the change log", r.settleAll(ctx))
}

// Close implements repository.Repository. It waits for calls under way, but
// not for long.
func (r *Repository) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
	defer cancel()
	if err := r.client.Disconnect(ctx); err != nil && !errors.Is(err, mongo.ErrClientDisconnected) {
		return fmt.Errorf("closing mongodb: %w", err)
	}
	return nil
}
