// Package testdatabase gives each test an empty database of its own on the
// test servers, and checks that none is left.
//
// The servers are those that GINAUTH_TEST_POSTGRES_URI, GINAUTH_TEST_MYSQL_URI
// and GINAUTH_TEST_MONGODB_URI name; their accounts must be allowed to make
// schemas or databases. internal/test/testservers/run starts some.
package testdatabase

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

// cleanUpTimeout bounds dropping a database and looking for those left.
const cleanUpTimeout = 30 * time.Second

// server makes and drops databases, or what serves as such.
type server interface {
	create(ctx context.Context, name string) error
	drop(ctx context.Context, name string) error
	names(ctx context.Context) ([]string, error)
	uri(name string) *url.URL
	close()
}

// New makes an empty database on the test server of a kind (postgres, mysql or
// mongodb), which is dropped when the test ends, and returns its URI.
//
// Where no server is named the test is skipped, or fails if
// GINAUTH_TEST_REQUIRE, a list with commas, has the kind: where servers are
// expected, none may be missing silently.
func New(t *testing.T, kind string) *url.URL {
	t.Helper()
	return NewAt(t, kind, serverURI(t, kind))
}

// NewAt is New on the server at uri.
func NewAt(t *testing.T, kind, uri string) *url.URL {
	t.Helper()
	located, drop, err := Create(t.Context(), kind, uri)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := drop(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	return located
}

// Create is NewAt for programs that are no tests: they call drop in the end.
func Create(ctx context.Context, kind, uri string) (located *url.URL, drop func(context.Context) error, err error) {
	s, err := connect(kind, uri)
	if err != nil {
		return nil, nil, err
	}
	name := fmt.Sprintf("%s%x", prefix(), rand.Uint64())
	if err := s.create(ctx, name); err != nil {
		s.close()
		return nil, nil, err
	}
	return s.uri(name), func(ctx context.Context) error {
		defer s.close()
		ctx, cancel := context.WithTimeout(ctx, cleanUpTimeout)
		defer cancel()
		return s.drop(ctx, name)
	}, nil
}

// Tests are a package's tests, of which no database of a kind may be left.
type Tests struct {
	*testing.M
	Kind string
}

// Run runs the tests and fails if they leave a database behind.
func (t Tests) Run() (code int) {
	code = t.M.Run()
	uri := os.Getenv(variable(t.Kind))
	if uri == "" {
		return code
	}
	if err := checkNothingIsLeft(t.Kind, uri); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return max(code, 1)
	}
	return code
}

func checkNothingIsLeft(kind, uri string) error {
	s, err := connect(kind, uri)
	if err != nil {
		return err
	}
	defer s.close()
	ctx, cancel := context.WithTimeout(context.Background(), cleanUpTimeout)
	defer cancel()
	names, err := s.names(ctx)
	if err != nil {
		return err
	}
	left := slices.DeleteFunc(names, func(name string) bool { return !strings.HasPrefix(name, prefix()) })
	if len(left) > 0 {
		return fmt.Errorf("the tests left %v", left)
	}
	return nil
}

// prefix begins the names of this process's databases, since others may test
// on the same server.
func prefix() string { return fmt.Sprintf("ginauth_test_%d_", os.Getpid()) }

func variable(kind string) string { return "GINAUTH_TEST_" + strings.ToUpper(kind) + "_URI" }

func serverURI(t *testing.T, kind string) string {
	t.Helper()
	uri := os.Getenv(variable(kind))
	if uri != "" {
		return uri
	}
	if slices.Contains(strings.Split(os.Getenv("GINAUTH_TEST_REQUIRE"), ","), kind) {
		t.Fatalf("%s is not set and GINAUTH_TEST_REQUIRE asks for it", variable(kind))
	}
	t.Skipf("%s is not set; make test-%s starts a server", variable(kind), kind)
	return ""
}

func connect(kind, text string) (server, error) {
	uri, err := url.Parse(text)
	if err != nil {
		return nil, fmt.Errorf("%s cannot be understood", variable(kind))
	}
	connectors := map[string]func(*url.URL) (server, error){
		"postgres": connectPostgres, "mysql": connectMySQL, "mongodb": connectMongoDB,
	}
	connector, ok := connectors[kind]
	if !ok {
		return nil, fmt.Errorf("%q is not postgres, mysql or mongodb", kind)
	}
	return connector(uri)
}
