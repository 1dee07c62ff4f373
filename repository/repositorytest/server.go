package repositorytest

import (
	"os"
	"slices"
	"strings"
	"testing"
)

// ServerURI returns where the test server of a database (postgres, mysql or
// mongodb) is: what GINAUTH_TEST_POSTGRES_URI and its like say. Without it the
// test is skipped, or fails if GINAUTH_TEST_REQUIRE, a list with commas, names
// the database: where servers are expected, none may be missing silently.
//
// The user of that URI must be allowed to make databases and schemas.
func ServerURI(t *testing.T, database string) string {
	t.Helper()
	variable := "GINAUTH_TEST_" + strings.ToUpper(database) + "_URI"
	uri := os.Getenv(variable)
	if uri != "" {
		return uri
	}
	if slices.Contains(strings.Split(os.Getenv("GINAUTH_TEST_REQUIRE"), ","), database) {
		t.Fatalf("%s is not set and GINAUTH_TEST_REQUIRE asks for it", variable)
	}
	t.Skipf("%s is not set; make test-%s starts a server", variable, database)
	return ""
}
