//go:build ginauth_nopostgres

package drivers

import (
	"context"

	"github.com/ginauth/ginauth/repository"
)

// OpenPostgres fails: this program was built without postgres.
func OpenPostgres(context.Context, string, ...repository.Option) (repository.Repository, error) {
	return nil, leftOut("postgres")
}
