//go:build !ginauth_nomongodb

package drivers

import (
	"context"

	"github.com/ginauth/ginauth/repository"
	"github.com/ginauth/ginauth/repository/mongodb"
)

// OpenMongoDB is mongodb.Open.
func OpenMongoDB(ctx context.Context, uri string, options ...repository.Option) (repository.Repository, error) {
	return mongodb.Open(ctx, uri, options...)
}
