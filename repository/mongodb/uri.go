package mongodb

import (
	"errors"
	"fmt"
	"net/url"
	"strings"

	"go.mongodb.org/mongo-driver/v2/mongo/options"
	"go.mongodb.org/mongo-driver/v2/mongo/readconcern"
	"go.mongodb.org/mongo-driver/v2/mongo/readpref"
	"go.mongodb.org/mongo-driver/v2/mongo/writeconcern"
)

// defaultDatabase is used where the URI names none.
const defaultDatabase = "ginauth"

// majority is the name of the write and the read concern that survive a
// failover.
const majority = "majority"

// errURI leaves out what the driver says, which may quote the URI.
var errURI = errors.New("the URI cannot be understood; it should look like mongodb://user:password@host:27017/name")

// parse reads the URI. What it leaves open is set to what Open promises.
func parse(uri string) (*options.ClientOptions, string, error) {
	opts := options.Client().SetServerSelectionTimeout(startTimeout).ApplyURI(uri)
	if opts.Validate() != nil {
		return nil, "", errURI
	}
	if option := contradiction(opts); option != "" {
		return nil, "", fmt.Errorf("the URI sets the option %s, which ginauth cannot honour: "+
			"writes are journalled by a majority, and reads are of the primary and of a majority", option)
	}
	database, err := databaseOf(uri)
	if err != nil {
		return nil, "", errURI
	}
	journal := true
	opts.SetWriteConcern(&writeconcern.WriteConcern{W: majority, Journal: &journal})
	opts.SetReadConcern(readconcern.Majority())
	opts.SetReadPreference(readpref.Primary())
	return opts, database, nil
}

// contradiction returns the name of an option that asks for less, or for
// something else, than what Open promises; "" if there is none.
func contradiction(opts *options.ClientOptions) (option string) {
	write, read := opts.WriteConcern, opts.ReadConcern
	switch {
	case write != nil && write.W != nil && write.W != majority:
		return "w"
	case write != nil && write.Journal != nil && !*write.Journal:
		return "journal"
	case read != nil && read.Level != "" && read.Level != majority:
		return "readConcernLevel"
	case opts.ReadPreference != nil && opts.ReadPreference.Mode() != readpref.PrimaryMode:
		return "readPreference"
	}
	return ""
}

// databaseOf returns the name in the path. net/url would not do: a URI may
// list several hosts with ports.
func databaseOf(uri string) (string, error) {
	_, rest, _ := strings.Cut(uri, "://")
	rest, _, _ = strings.Cut(rest, "?")
	_, name, _ := strings.Cut(rest, "/")
	if name == "" {
		return defaultDatabase, nil
	}
	return url.PathUnescape(name)
}
