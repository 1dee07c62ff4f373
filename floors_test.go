package ginauth_test

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const modulePath = "github.com/ginauth/ginauth"

// Users pay for all that a package links in the end, so these are
// promises, not style. The linter's import fences say where an import may be
// written; this says what it may bring along.
func TestFloors(t *testing.T) {
	t.Parallel()
	sqlite := []string{"github.com/mattn/go-sqlite3", "modernc.org/"}
	servers := []string{"github.com/jackc/", "github.com/go-sql-driver/", "go.mongodb.org/mongo-driver/v2/mongo"}
	drivers := slices.Concat(sqlite, servers, []string{"gorm.io/"})
	swag := []string{"github.com/swaggo/"}
	apps := []string{modulePath + "/auto", modulePath + "/docs", modulePath + "/example"}
	smtp := []string{"github.com/wneessen/", modulePath + "/mail/smtp"}
	above := slices.Concat(apps, smtp)
	gin := []string{"github.com/gin-gonic/gin"}
	http := append([]string{"net/http"}, gin...) // statuses are for what is above internal/respond
	for _, floor := range []struct {
		name  string
		never []string
	}{
		{"", slices.Concat(drivers, swag, above, []string{modulePath + "/repository/"})},
		{"/models", slices.Concat(drivers, swag, above, http, []string{modulePath + "/security", modulePath + "/repository"})},
		{"/security", slices.Concat(drivers, swag, above, http, []string{modulePath + "/models", modulePath + "/repository"})},
		{"/repository", slices.Concat(drivers, swag, above, http, []string{modulePath + "/security", modulePath + "/repository/", modulePath + "/internal"})},
		{"/problem", slices.Concat(drivers, swag, above, http, []string{modulePath + "/models", modulePath + "/repository"})},
		{"/internal/store", slices.Concat(drivers, swag, above, http)},
		{"/internal/ids", slices.Concat(drivers, swag, above, http, []string{modulePath + "/models", modulePath + "/repository"})},
		{"/internal/fields", slices.Concat(drivers, swag, above, http, []string{modulePath + "/models", modulePath + "/repository"})},
		{"/internal/hashpool", slices.Concat(drivers, swag, above, http, []string{modulePath + "/models", modulePath + "/repository"})},
		{"/keys", slices.Concat(drivers, swag, above, http, []string{modulePath + "/users", modulePath + "/mail", modulePath + "/internal/api", modulePath + "/internal/guard"})},
		{"/users", slices.Concat(drivers, swag, above, http, []string{modulePath + "/internal/api", modulePath + "/internal/guard"})},
		{"/internal/credential", slices.Concat(drivers, swag, above, []string{modulePath + "/models", modulePath + "/repository", modulePath + "/keys"})},
		{"/internal/guard", slices.Concat(drivers, swag, above, []string{modulePath + "/keys", modulePath + "/users", modulePath + "/internal/api"})},
		{"/internal/api/admin", slices.Concat(drivers, swag, above, []string{modulePath + "/internal/api/account", modulePath + "/internal/guard"})},
		{"/internal/api/account", slices.Concat(drivers, swag, above, []string{modulePath + "/internal/api/admin"})},
		{"/internal/respond", slices.Concat(drivers, swag, above, []string{modulePath + "/repository"})},
		{"/internal/usage", slices.Concat(drivers, swag, above, http)},
		{"/internal/audit", slices.Concat(drivers, swag, above, http)},
		{"/internal/throttle", slices.Concat(drivers, swag, above, http)},
		{"/internal/bulkhead", slices.Concat(drivers, swag, above, http)},
		{"/internal/clientip", slices.Concat(drivers, swag, above, http)},
		{"/internal/outbox", slices.Concat(drivers, swag, above, http)},
		{"/mail", slices.Concat(drivers, swag, above, gin, []string{modulePath + "/internal"})},
		{"/mail/smtp", slices.Concat(drivers, swag, apps, gin, []string{modulePath + "/internal"})},
		{"/repository/internal/gormrepo", slices.Concat(swag, above, gin, sqlite, servers)},
		{"/repository/memory", slices.Concat(drivers, swag, above, http, []string{modulePath + "/security"})},
		{"/ginauthtest", slices.Concat(drivers, swag, above)},
		{"/repository/repositorytest", slices.Concat(drivers, swag, above, gin)},
		{"/repository/sqlite", slices.Concat(swag, above, gin, servers, []string{modulePath + "/security"})},
		{"/repository/postgres", slices.Concat(swag, above, gin, sqlite, servers[1:], []string{modulePath + "/security"})},
		{"/repository/mysql", slices.Concat(swag, above, gin, sqlite, servers[:1], []string{modulePath + "/security"})},
		{"/repository/mongodb", slices.Concat(swag, above, gin, sqlite, servers[:2], []string{"gorm.io/", modulePath + "/security"})},
		{"/docs", slices.Concat(drivers, smtp, []string{modulePath + "/auto"})},
		{"/auto", slices.Concat(swag, []string{modulePath + "/docs"})},
	} {
		t.Run("ginauth"+floor.name, func(t *testing.T) {
			for _, dependency := range dependencies(t, modulePath+floor.name) {
				if slices.ContainsFunc(floor.never, func(p string) bool { return lies(dependency, p) }) {
					t.Errorf("links %s", dependency)
				}
			}
		})
	}
}

// lies reports whether a package is the given one or below it; a slash at the
// end leaves the package itself out.
func lies(path, below string) bool {
	return path == below || strings.HasPrefix(path, strings.TrimSuffix(below, "/")+"/")
}

// dependencies lists all that a package links, itself left out.
func dependencies(t *testing.T, path string) []string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", path).Output()
	if err != nil {
		t.Fatalf("go list -deps %s: %v", path, err)
	}
	list := strings.Fields(string(out))
	if len(list) < 10 {
		t.Fatalf("go list -deps %s lists only %v", path, list)
	}
	return slices.DeleteFunc(list, func(p string) bool { return p == path })
}
