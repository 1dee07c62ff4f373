//go:build !ginauth_nomysql

package drivers

import (
	"context"

	"github.com/ginauth/ginauth/repository"
	"github.com/ginauth/ginauth/repository/mysql"
)

// OpenMySQL is mysql.Open.
func OpenMySQL(ctx context.Context, uri string, options ...repository.Option) (repository.Repository, error) {
	return mysql.Open(ctx, uri, options...)
}
