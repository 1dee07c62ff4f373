//go:build !ginauth_nopostgres

package drivers

import (
	"context"

	"github.com/ginauth/ginauth/repository"
	"github.com/ginauth/ginauth/repository/postgres"
)

// OpenPostgres is postgres.Open.
func OpenPostgres(ctx context.Context, uri string, options ...repository.Option) (repository.Repository, error) {
	return postgres.Open(ctx, uri, options...)
}
