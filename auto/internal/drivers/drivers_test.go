//go:build ginauth_nosqlite && ginauth_nopostgres && ginauth_nomysql && ginauth_nomongodb

package drivers_test

import (
	"context"
	"strings"
	"testing"

	"github.com/ginauth/ginauth/auto/internal/drivers"
	"github.com/ginauth/ginauth/repository"
)

func TestOpenWithoutDrivers(t *testing.T) {
	for mode, open := range map[string]func(context.Context, string, ...repository.Option) (repository.Repository, error){
		"sqlite": drivers.OpenSQLite, "postgres": drivers.OpenPostgres, "mysql": drivers.OpenMySQL, "mongodb": drivers.OpenMongoDB,
	} {
		if repo, err := open(t.Context(), "x"); err == nil || repo != nil || !strings.Contains(err.Error(), "ginauth_no"+mode) {
			t.Errorf("%s is opened, or the error does not name the tag: %v", mode, err)
		}
	}
}
