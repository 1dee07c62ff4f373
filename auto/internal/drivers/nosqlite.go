//go:build ginauth_nosqlite

package drivers

import (
	"context"

	"github.com/ginauth/ginauth/repository"
)

// OpenSQLite fails: this program was built without sqlite.
func OpenSQLite(context.Context, string, ...repository.Option) (repository.Repository, error) {
	return nil, leftOut("sqlite")
}
