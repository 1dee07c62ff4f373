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
//     the entry is in the log; see pending.
//   - Each hour and each day of a key's use is a document that is added to by
//     itself, so nothing ever has to be moved from the one to the other.
//   - A user's first key is stored before the user, and is there for nobody
//     until the user is.
//   - The highest number that the change log has given is kept apart from the
//     log as well, so that none is given twice; see floor.
//   - Reads rely on a recent proof that the server is the primary; see primary.
//   - A user's document says what their keys are: revoked, disabled, without an
//     owner. It is carried over to the records of the keys, and a key that it
//     has not reached yet is brought up to it before anybody sees the key.
package mongodb

import (
	"context"
	"errors"
	"fmt"
	"math"
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

// Repository implements repository.Repository, one type for each part of the
// contract.
type Repository struct {
	*database
	keyStore
	keyLists
	userStore
	usageStore
	changeLog
}

// database is what all parts need: the collections, and who may write.
type database struct {
	client                                *mongo.Client
	primary                               *primary
	keys, users, changes, flushes, schema checked
	batches                               checked
	series                                map[repository.Interval]checked
	// warnings are about the settings that were found at the start.
	warnings []string
	// version is that of the server.
	version string
	// connections bounds the pool.
	connections int
	// borrowed says that the client is the application's, which Close leaves open.
	borrowed bool
	// serial puts the changes of this process one behind the other, so that they
	// meet those of other processes only. The holder of its one place may touch
	// mayHavePending, which says that a change may have been left pending.
	serial         chan struct{}
	mayHavePending bool
}

type (
	// owners reads keys together with their users, and propagates changes of users
	// to their keys.
	owners struct{ *database }
	// entries reads and appends to the change log.
	entries struct{ *database }
	// reconciler makes changes one behind the other, and finishes interrupted ones.
	reconciler struct {
		*database
		owners  owners
		entries entries
	}
	// migrator checks the schema and brings it up to date.
	migrator struct{ *database }

	keyStore   struct{ reconciler }
	keyLists   struct{ reconciler }
	userStore  struct{ reconciler }
	usageStore struct{ *database }
	changeLog  struct{ reconciler }
)

var (
	_ repository.Repository = (*Repository)(nil)
	_ repository.Advisor    = (*Repository)(nil)
	_ repository.Describer  = (*Repository)(nil)
	_ repository.Sized      = (*Repository)(nil)
)

// prefix begins the names of all collections.
const prefix = "ginauth_"

// Open connects to the server at uri, such as
// mongodb://user:password@host:27017/name, and makes the collections and
// indexes that it lacks; they are prefixed ginauth_. The database is called
// ginauth unless the URI names one. It fails within ten seconds if the server
// cannot be reached.
//
// Writes are acknowledged when a majority has them in its journal, and reads
// are of the primary and of what a majority has, so that no failover takes
// back what was acknowledged. A URI that asks for something else is refused,
// and so is a router of a sharded cluster. repository.MaxConnections is
// maxPoolSize, unless the URI has that. Errors hold no password.
//
// repository.Advisor tells which of the server's settings put something at risk.
func Open(ctx context.Context, uri string, opts ...repository.Option) (repository.Repository, error) {
	chosen, err := repository.NewOptions(opts...)
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
	r.warnings, r.connections = advise(options), poolSize(options.MaxPoolSize)
	if err := r.start(ctx, options.Direct != nil && *options.Direct); err != nil {
		return nil, fmt.Errorf("opening mongodb: %w", errors.Join(err, r.Close()))
	}
	return r, nil
}

// poolSize is how many connections the driver makes to a server at most: its
// default is 100, and 0 is no bound.
func poolSize(limit *uint64) int {
	switch {
	case limit == nil:
		return 100
	case *limit == 0:
		return math.MaxInt
	default:
		return int(min(*limit, math.MaxInt32))
	}
}

// Readers implements repository.Sized.
func (r *database) Readers() int { return r.connections }

func newRepository(client *mongo.Client, db *mongo.Database) *Repository {
	p := &primary{}
	named := func(name string) checked { return checked{db.Collection(prefix + name), p} }
	d := &database{
		client: client, primary: p, serial: make(chan struct{}, 1),
		keys: named("keys"), users: named("users"), changes: named("changes"), flushes: named("flushes"), schema: named("schema"),
		batches: named("batches"),
		series: map[repository.Interval]checked{
			repository.IntervalHour: named("usage_hours"), repository.IntervalDay: named("usage_days"),
		},
	}
	p.ask = d.askStandalone
	r := reconciler{d, owners{d}, entries{d}}
	return &Repository{d, keyStore{r}, keyLists{r}, userStore{r}, usageStore{d}, changeLog{r}}
}

// start makes the first contact, directly or not, checks the server and the
// schema, brings that up to date and finishes what a process that died may have
// left.
func (r *Repository) start(ctx context.Context, direct bool) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	ctx = withoutDeadline(ctx)
	if err := r.client.Ping(ctx, nil); err != nil {
		return wrap(ctx, "connecting", explainSelection(err))
	}
	server, err := r.hello(ctx)
	if err != nil {
		return wrap(ctx, "connecting", err)
	}
	if err := server.permits(direct); err != nil {
		return err
	}
	if server.SetName != "" {
		r.primary.ask = askSet(r.schema.Collection)
	}
	if err := r.primary.confirm(ctx, 0); err != nil {
		return wrap(ctx, "asking whether the server may write", err)
	}
	if err := (migrator{r.database}).migrate(ctx); err != nil {
		return wrap(ctx, "checking the schema", err)
	}
	if r.version, err = r.askVersion(ctx); err != nil {
		return wrap(ctx, "asking for the version", err)
	}
	r.warnings = append(r.warnings, r.askSettings(ctx).risks()...)
	return wrap(ctx, "finishing the change log", r.changeLog.flushAllPending(ctx))
}

// Close implements repository.Repository. It waits for calls under way, but
// not for long.
func (r *database) Close() error {
	r.primary.closed.Store(true)
	if r.borrowed {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
	defer cancel()
	if err := r.client.Disconnect(ctx); err != nil && !errors.Is(err, mongo.ErrClientDisconnected) {
		return fmt.Errorf("closing mongodb: %w", err)
	}
	return nil
}
