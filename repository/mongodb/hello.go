package mongodb

import (
	"context"
	"errors"
	"time"
)

// hello is what a server says of itself.
type hello struct {
	LocalTime time.Time `bson:"localTime"`
	// SetName is empty for a standalone server.
	SetName string `bson:"setName"`
}

func (r *Repository) hello(ctx context.Context) (server hello, err error) {
	err = r.changes.Database().RunCommand(ctx, field("hello", 1)).Decode(&server)
	return server, err
}

// permits refuses a direct connection to a member of a replica set: the driver
// then reads from it even when it is not the primary any more, which may not
// know of a revocation.
func (h hello) permits(direct bool) error {
	if direct && h.SetName != "" {
		return errors.New("the URI asks for a direct connection to a member of a replica set, which ginauth cannot honour: " +
			"reads are of the primary; leave out directConnection and connect=direct")
	}
	return nil
}

// Clock implements repository.Repository.
func (r *Repository) Clock(ctx context.Context) (time.Time, error) {
	ctx = withoutDate(ctx)
	server, err := r.hello(ctx)
	return server.LocalTime.UTC(), wrap(ctx, "reading the clock", err)
}
