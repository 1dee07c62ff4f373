package auto_test

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// A driver that a build tag leaves out is not linked, and the start says so.
func TestDriversThatAreLeftOut(t *testing.T) {
	t.Parallel()
	all := deps(t, "other")
	for mode, modules := range map[string]string{
		"sqlite":   "modernc.org/sqlite github.com/mattn/go-sqlite3",
		"postgres": "github.com/jackc/pgx",
		"mysql":    "github.com/go-sql-driver/mysql",
		"mongodb":  "go.mongodb.org/mongo-driver/v2/mongo", // gin links its bson
	} {
		linked := deps(t, "ginauth_no"+mode)
		for module := range strings.FieldsSeq(modules) {
			if strings.Contains(linked, module) {
				t.Errorf("%s is linked without %s", module, mode)
			}
		}
		if !slices.ContainsFunc(strings.Fields(modules), func(module string) bool { return strings.Contains(all, module) }) {
			t.Errorf("%s is not linked at all", mode)
		}
	}
	const tags = "ginauth_nosqlite,ginauth_nopostgres,ginauth_nomysql,ginauth_nomongodb"
	test := exec.CommandContext(t.Context(), "go", "test", "-tags", tags, "-run", "^TestOpenWithoutDrivers$", "-count", "1", "./internal/drivers")
	if text, err := test.CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, text)
	}
}

// deps lists the packages that auto links with a build tag.
func deps(t *testing.T, tag string) string {
	t.Helper()
	list := exec.CommandContext(t.Context(), "go", "list", "-deps", "-tags", tag, ".")
	text, err := list.Output()
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
