//go:build !ginauth_nosqlite

package drivers

import (
	"context"

	"github.com/ginauth/ginauth/repository"
	"github.com/ginauth/ginauth/repository/sqlite"
)

// OpenSQLite is sqlite.Open.
func OpenSQLite(ctx context.Context, path string, options ...repository.Option) (repository.Repository, error) {
	return sqlite.Open(ctx, path, options...)
}
