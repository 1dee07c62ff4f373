package mongodb

import (
	"errors"
	"fmt"
	"maps"
	"net"
	"net/url"
	"slices"
	"strings"

	"go.mongodb.org/mongo-driver/v2/mongo/options"
	"go.mongodb.org/mongo-driver/v2/mongo/readconcern"
	"go.mongodb.org/mongo-driver/v2/mongo/readpref"
	"go.mongodb.org/mongo-driver/v2/x/mongo/driver/connstring"
	"go.mongodb.org/mongo-driver/v2/x/mongo/driver/topology"

	"github.com/ginauth/ginauth/repository/internal/uris"
)

// defaultDatabase is used where the URI names none.
const defaultDatabase = "ginauth"

// majority is the name of the write and the read concern that survive a
// failover.
const majority = "majority"

// errURI leaves out what the driver says, which may quote the URI.
var errURI = errors.New("the URI cannot be understood; it should look like mongodb://user:password@host:27017/name, and signs in the password are percent-encoded (%23 for #)")

// parse reads the URI. Options that it leaves out are set as Open promises.
func parse(uri string) (*options.ClientOptions, string, error) {
	if scheme, rest, ok := strings.Cut(uri, "://"); ok {
		uri = strings.ToLower(scheme) + "://" + rest
	}
	opts := options.Client().SetServerSelectionTimeout(startTimeout).ApplyURI(uri)
	if err := opts.Validate(); err != nil {
		return nil, "", explain(uri, err)
	}
	if err := checkNames(uri); err != nil {
		return nil, "", err
	}
	if option, because := contradiction(opts); option != "" {
		return nil, "", fmt.Errorf("the URI sets the option %s, which ginauth cannot honour: %s; leave it out", option, because)
	}
	database, err := databaseFrom(uri)
	if err != nil {
		return nil, "", errURI
	}
	opts.SetWriteConcern(durableWrites())
	opts.SetReadConcern(readconcern.Majority())
	opts.SetReadPreference(readpref.Primary())
	opts.SetRetryWrites(true).SetRetryReads(true)
	return opts, database, nil
}

// explain leaves out all that the driver says but that DNS has no answer, which
// mongodb+srv asks for, and names the option whose value is not taken.
func explain(uri string, err error) error {
	var failure *net.DNSError
	if errors.As(err, &failure) {
		return uris.ExplainDNS(failure)
	}
	_, text, _ := strings.Cut(uri, "?")
	query, err := url.ParseQuery(text)
	if err != nil || strings.Contains(text, "@") { // a part of a password
		return errURI
	}
	bad := uris.FindBad(query, func(name, value string) bool {
		return options.Client().ApplyURI("mongodb://localhost/?"+url.Values{name: {value}}.Encode()).Validate() == nil
	})
	if bad == "" {
		return errURI
	}
	return fmt.Errorf("the URI sets the option %s to a value that it does not take, or to a file that cannot be read", bad)
}

// explainSelection says of a server that was not found whether its name has no address.
func explainSelection(err error) error {
	var selection topology.ServerSelectionError
	if !errors.As(err, &selection) {
		return err
	}
	for _, server := range selection.Desc.Servers {
		var failure *net.DNSError
		if errors.As(server.LastError, &failure) {
			return uris.ExplainDNS(failure)
		}
	}
	return err
}

// equivalents are options of other libraries and databases.
func equivalents() uris.Equivalents {
	const (
		tls  = "write tls=true or tls=false in its place"
		name = "the path names the database, as in mongodb://user:password@host:27017/name"
	)
	return uris.Equivalents{
		"sslmode": tls, "ssl_mode": tls, "usessl": tls, "requiressl": tls,
		"schema": name, "currentschema": name, "database": name, "dbname": name, "db": name,
		"user": "write user and password before the host", "password": "write user and password before the host",
		"usenewurlparser": "leave it out", "useunifiedtopology": "leave it out", "charset": "leave it out; text is always UTF-8",
	}
}

// contradiction returns the name of an option that asks for less, or for
// something else, than what Open promises, and why; "" if there is none.
func contradiction(opts *options.ClientOptions) (option, because string) {
	const concerns = "writes are journalled by a majority, and reads are of the primary and of a majority"
	write, read := opts.WriteConcern, opts.ReadConcern
	switch {
	case write != nil && write.W != nil && write.W != majority:
		return "w", concerns
	case write != nil && write.Journal != nil && !*write.Journal:
		return "journal", concerns
	case read != nil && read.Level != "" && read.Level != majority:
		return "readConcernLevel", concerns
	case opts.ReadPreference != nil && opts.ReadPreference.Mode() != readpref.PrimaryMode:
		return "readPreference", concerns
	case is(opts.RetryWrites, false):
		return "retryWrites", "without it the outcome of a write is unknown after each failover"
	case is(opts.RetryReads, false):
		return "retryReads", "without it requests fail at each failover"
	case is(opts.LoadBalanced, true):
		return "loadBalanced", "a load balancer may lead to servers whose answers differ in age"
	case opts.Timeout != nil:
		return "timeoutMS", "it would end what a change still has to do; each call has a deadline"
	}
	return "", ""
}

// checkNames refuses options that the driver does not know and would pass over,
// such as a mistyped tls, and one that it knows and does not honour.
func checkNames(uri string) error {
	parsed, err := connstring.Parse(uri)
	if err != nil {
		return errURI
	}
	if parsed.SocketTimeoutSet {
		return errors.New("the URI sets the option socketTimeoutMS, which has no effect: each call has a deadline; leave it out")
	}
	unknown := slices.Sorted(maps.Keys(parsed.UnknownOptions))
	if len(unknown) == 0 {
		return nil
	}
	if strings.Contains(uri[strings.Index(uri, "?"):], "@") { // the name may be part of a password
		return errURI
	}
	for _, name := range unknown {
		if err := equivalents().Refuse(name); err != nil {
			return err
		}
	}
	return fmt.Errorf("the URI sets the option %q, which is unknown: correct its name or leave it out", unknown[0])
}

// advise returns a sentence for each option that puts something at risk.
func advise(opts *options.ClientOptions) []string {
	if opts.TLSConfig != nil && opts.TLSConfig.InsecureSkipVerify {
		return []string{"the URI sets tlsInsecure: a host between ginauth and MongoDB can pose as the server; name its authority with tlsCAFile"}
	}
	return nil
}

// databaseFrom returns the name in the path. net/url would not do: a URI may
// list several hosts with ports.
func databaseFrom(uri string) (string, error) {
	_, rest, _ := strings.Cut(uri, "://")
	rest, _, _ = strings.Cut(rest, "?")
	_, name, _ := strings.Cut(rest, "/")
	if name == "" {
		return defaultDatabase, nil
	}
	return url.PathUnescape(name)
}
