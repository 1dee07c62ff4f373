package mongodb

import (
	"context"
	"net"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/event"
	"go.mongodb.org/mongo-driver/v2/mongo"

	"github.com/ginauth/ginauth/internal/test/faults"
	"github.com/ginauth/ginauth/internal/test/testdatabase"
	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/repository"
)

// refuses returns the error with which a database is not opened.
func refuses(t *testing.T, ctx context.Context, uri string) error {
	t.Helper()
	return faults.Opener(Open).Refuses(t, ctx, uri)
}

// Options that would let a failover take back a write are refused.
func TestContradictingOptions(t *testing.T) {
	for query, option := range map[string]string{
		"w=1":                              "w",
		"w=0":                              "w",
		"w=3":                              "w",
		"w=nearby":                         "w",
		"journal=false":                    "journal",
		"w=majority&journal=false":         "journal",
		"readConcernLevel=local":           "readConcernLevel",
		"readConcernLevel=available":       "readConcernLevel",
		"readPreference=secondary":         "readPreference",
		"readPreference=primaryPreferred":  "readPreference",
		"readPreference=nearest&w=1":       "w",
		"retryWrites=true&journal=false&j": "",
		"READPREFERENCE=secondary":         "readPreference",
		"readConcernLevel=linearizable":    "readConcernLevel",
		"readConcernLevel=snapshot":        "readConcernLevel",
		"w=majority&w=1":                   "w",
		"readPreference=nearest&readPreferenceTags=dc:ny": "readPreference",
		"readPreference=secondary&maxStalenessSeconds=90": "readPreference",
		"readPreference=primary&readPreferenceTags=dc:ny": "",
		"readPreference=primary&maxStalenessSeconds=90":   "",
		"readPreferenceTags=dc:ny":                        "",
		"maxStalenessSeconds=90":                          "",
		"retryWrites=false":                               "retryWrites",
		"retryReads=false":                                "retryReads",
		"loadBalanced=true":                               "loadBalanced",
		"timeoutMS=500":                                   "timeoutMS",
		"socketTimeoutMS=500":                             "socketTimeoutMS",
		"tsl=true":                                        "\"tsl\"",
	} {
		err := refuses(t, t.Context(), "mongodb://ana:hunter2@127.0.0.1:1/name?"+query)
		if !strings.Contains(err.Error(), "option "+option) && option != "" {
			t.Errorf("the error for %s does not name the option: %v", query, err)
		}
	}
}

// A member of a replica set that is connected to directly is read even when it
// is no longer the primary. (No replica set is at hand, so this is what a member
// would say.)
func TestDirectConnections(t *testing.T) {
	for _, test := range []struct {
		server hello
		direct bool
		ok     bool
	}{
		{hello{SetName: "rs0", IsWritablePrimary: true}, true, false}, {hello{SetName: "rs0", IsWritablePrimary: true}, false, true},
		{hello{IsWritablePrimary: true}, true, true}, {hello{IsWritablePrimary: true}, false, true},
		{hello{}, true, false}, {hello{SetName: "rs0"}, false, false},
		{hello{Message: "isdbgrid", IsWritablePrimary: true}, false, false},
	} {
		if err := test.server.permits(test.direct); (err == nil) != test.ok {
			t.Errorf("%+v, direct %v: %v", test.server, test.direct, err)
		}
	}
}

func TestAgreeingOptions(t *testing.T) {
	for _, query := range []string{
		"", "?w=majority", "?journal=true", "?readPreference=primary", "?readConcernLevel=majority",
		"?w=majority&journal=true&readPreference=primary&readConcernLevel=majority&retryWrites=true&appName=x&compressors=zlib&maxPoolSize=2&directConnection=false",
	} {
		if _, _, err := parse("mongodb://ana:hunter2@127.0.0.1:1/name" + query); err != nil {
			t.Errorf("%q is refused: %v", query, err)
		}
	}
}

func TestMalformedURIs(t *testing.T) {
	for _, uri := range []string{
		"", "name", "postgres://ana:hunter2@127.0.0.1/name", "http://ana:hunter2@127.0.0.1", "mongodb://",
		"mongodb:ana:hunter2@127.0.0.1", "mongodb://ana:hunter2@127.0.0.1:x/name", "mongodb://ana:hunter2@127.0.0.1:99999999/name",
		"mongodb://ana:hunter2@127.0.0.1/name?w", "mongodb://ana:hunter2@/name", "mongodb://ana:hunter2/@127.0.0.1/name",
		"mongodb://ana:hunter2%@127.0.0.1/name", "mongodb://ana:hunter2@127.0.0.1/na%me",
	} {
		err := refuses(t, t.Context(), uri)
		if !strings.Contains(err.Error(), "mongodb://user:password@host:27017/name") {
			t.Errorf("the error for %s does not say what one looks like: %v", uri, err)
		}
	}
}

func TestRefusedValuesAreNamed(t *testing.T) {
	for query, option := range map[string]string{
		"authMechanism=hunter2": "authMechanism",
		"tls=true&tlsCertificateKeyFile=/missing&tlsCertificateKeyFilePassword=hunter2": "tlsCertificateKeyFile",
	} {
		err := refuses(t, t.Context(), "mongodb://ana:hunter2@127.0.0.1/name?"+query)
		if !strings.Contains(err.Error(), "the option "+option+" ") {
			t.Errorf("the error for %s does not name the option: %v", query, err)
		}
	}
}

func TestDatabaseOfURI(t *testing.T) {
	for uri, want := range map[string]string{
		"mongodb://127.0.0.1":                           "ginauth",
		"mongodb://127.0.0.1/":                          "ginauth",
		"mongodb://127.0.0.1/?w=majority":               "ginauth",
		"mongodb://ana:x@a:1,b:2,c/keys?replicaSet=rs0": "keys",
		"mongodb://127.0.0.1/a%2Db":                     "a-b",
		"mongodb://%2Ftmp%2Fmongodb-27017.sock/keys":    "keys",
	} {
		if _, database, err := parse(uri); err != nil || database != want {
			t.Errorf("the database of %s is %q (%v), want %q", uri, database, err, want)
		}
	}
}

// A server that is not there, and one that takes the connection and is silent.
func TestUnreachableServer(t *testing.T) {
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	succeeds(t, err)
	defer func() { _ = silent.Close() }()
	gone, err := net.Listen("tcp", "127.0.0.1:0")
	succeeds(t, err)
	succeeds(t, gone.Close())
	for _, address := range []string{silent.Addr().String(), gone.Addr().String()} {
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		err := refuses(t, ctx, "mongodb://ana:hunter2@"+address+"/name")
		failsWith(t, context.DeadlineExceeded, err)
		cancel()
	}
}

func TestRefusedLogin(t *testing.T) {
	uri := testdatabase.New(t, "mongodb")
	uri.Path, uri.User = "/admin", url.UserPassword("nobody", "hunter2")
	t.Log(refuses(t, t.Context(), uri.String()))
}

// A newer version may keep things that this one would destroy.
func TestNewerSchema(t *testing.T) {
	uri := newDatabase(t)
	repo := openURI(t, uri)
	_, err := repo.schema.UpdateByID(t.Context(), "schema", field("$set", field("number", schemaNumber+1)))
	succeeds(t, err)
	if err := refuses(t, t.Context(), uri); !strings.Contains(err.Error(), "newer") {
		t.Errorf("the error is %v", err)
	}
}

// Every command that can say so asks for what survives a failover.
func TestConcernsOnTheWire(t *testing.T) {
	options, database, err := parse(newDatabase(t))
	succeeds(t, err)
	var mutex sync.Mutex
	wrong, seen := []string{}, map[string]bool{}
	options.SetMonitor(&event.CommandMonitor{Started: func(_ context.Context, e *event.CommandStartedEvent) {
		mutex.Lock()
		defer mutex.Unlock()
		seen[e.CommandName] = true
		if !asksForMajority(e) {
			wrong = append(wrong, e.CommandName)
		}
	}})
	client, err := mongo.Connect(options)
	succeeds(t, err)
	r := newRepository(client, client.Database(database))
	t.Cleanup(func() { _ = r.Close() })
	succeeds(t, r.start(t.Context(), false))
	exercise(t, r)
	mutex.Lock()
	defer mutex.Unlock()
	for _, command := range []string{"find", "aggregate", "insert", "update", "delete"} {
		if !seen[command] {
			t.Errorf("there was no %s", command)
		}
	}
	if len(wrong) > 0 {
		t.Errorf("these commands ask for less: %v", wrong)
	}
}

func asksForMajority(e *event.CommandStartedEvent) bool {
	switch e.CommandName {
	case "find", "aggregate":
		level, _ := e.Command.Lookup("readConcern", "level").StringValueOK()
		isEnough := level == "majority" || level == "linearizable"
		return isEnough && e.Command.Lookup("$readPreference", "mode").Type == 0
	case "insert", "update", "delete", "createIndexes":
		w, _ := e.Command.Lookup("writeConcern", "w").StringValueOK()
		j, _ := e.Command.Lookup("writeConcern", "j").BooleanOK()
		return w == "majority" && j
	case "ping", "hello", "buildInfo", "endSessions", "killCursors", "getMore", "listCollections", "listIndexes", "serverStatus", "replSetGetConfig", "getParameter":
		return true
	default:
		return false
	}
}

// exercise makes calls of every kind.
func exercise(t *testing.T, r *Repository) {
	t.Helper()
	ctx := t.Context()
	user, key := newUser("ana")
	succeeds(t, r.CreateUser(ctx, attribution(), user, key))
	twin, twins := newUser("ana")
	failsWith(t, repository.ErrConflict, r.CreateUser(ctx, attribution(), twin, twins))
	_, err := r.UserByUsername(ctx, "ana")
	succeeds(t, err)
	_, _, err = r.RenewKey(ctx, attribution(), key.ID, repository.Renewal{Expiration: noon()})
	succeeds(t, err)
	_, err = r.RevokeKey(ctx, attribution(), key.ID)
	succeeds(t, err)
	flush := newFlush("node", 1, key)
	flush.Hours = []models.HourUsage{{KeyID: key.ID, UserID: user.ID, Route: "/", Hour: noon(), TotalQueries: 1}}
	succeeds(t, r.AddUsage(ctx, flush))
	_, err = r.UsageSeries(ctx, repository.SeriesFilter{}, repository.SeriesPage{Interval: repository.IntervalHour, Limit: 1})
	succeeds(t, err)
	_, err = r.DeleteUsage(ctx, noon().AddDate(1, 0, 0))
	succeeds(t, err)
	_, err = r.Clock(ctx)
	succeeds(t, err)
	_ = listed(t, r, 10)
	_ = logged(t, r)
	_, err = r.LatestChange(ctx)
	succeeds(t, err)
	succeeds(t, r.DeleteKey(ctx, attribution(), key.ID))
}
