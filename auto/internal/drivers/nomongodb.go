//go:build ginauth_nomongodb

package drivers

import (
	"context"

	"github.com/ginauth/ginauth/repository"
)

// OpenMongoDB fails: this program was built without mongodb.
func OpenMongoDB(context.Context, string, ...repository.Option) (repository.Repository, error) {
	return nil, leftOut("mongodb")
}
