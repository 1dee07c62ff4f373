package mongodb

import (
	"context"
	"errors"
	"time"

	"github.com/ginauth/ginauth/repository"
)

// hello is what a server says of itself.
type hello struct {
	LocalTime time.Time `bson:"localTime"`
	// SetName is empty for a standalone server.
	SetName string `bson:"setName"`
	// Message is "isdbgrid" for a router of a sharded cluster.
	Message           string `bson:"msg"`
	IsWritablePrimary bool   `bson:"isWritablePrimary"`
}

func (r *database) hello(ctx context.Context) (server hello, err error) {
	err = r.changes.Database().RunCommand(ctx, field("hello", 1)).Decode(&server)
	return server, err
}

// Describe implements repository.Describer.
func (r *database) Describe() repository.Description {
	return repository.Description{Database: "mongodb", Version: r.version, Schema: schemaNumber}
}

// askVersion asks for the version, which needs no role.
func (r *database) askVersion(ctx context.Context) (version string, err error) {
	var info struct {
		Version string `bson:"version"`
	}
	err = r.changes.Database().RunCommand(ctx, field("buildInfo", 1)).Decode(&info)
	return info.Version, err
}

// permits refuses servers whose answers may be out of date without a bound.
//
// A direct connection to a member of a replica set stays there when the member
// is no longer the primary. A router chooses among the members of a shard by
// itself, each router by what it knows.
func (h hello) permits(direct bool) error {
	switch {
	case h.Message == "isdbgrid":
		return errors.New("the server is a router (mongos) of a sharded cluster, which ginauth cannot honour: " +
			"what two routers answer may differ in age; name the members of a replica set")
	case direct && h.SetName != "":
		return errors.New("the URI asks for a direct connection to a member of a replica set, which ginauth cannot honour: " +
			"reads are of the primary; leave out directConnection and connect=direct")
	case !h.IsWritablePrimary:
		return errors.New("the server takes no writes: name the primary, or all members of the replica set")
	}
	return nil
}

// permitsStandalone refuses a server that was a standalone one at the start and
// is something else.
func (h hello) permitsStandalone() error {
	if h.SetName != "" {
		return errors.New("the server has become a member of a replica set: start ginauth again")
	}
	return h.permits(false)
}

// Clock implements repository.Repository.
func (r changeLog) Clock(ctx context.Context) (time.Time, error) {
	ctx = withoutDeadline(ctx)
	server, err := r.hello(ctx)
	return server.LocalTime.UTC(), wrap(ctx, "reading the clock", err)
}
