//go:build ginauth_nomysql

package drivers

import (
	"context"

	"github.com/ginauth/ginauth/repository"
)

// OpenMySQL fails: this program was built without mysql.
func OpenMySQL(context.Context, string, ...repository.Option) (repository.Repository, error) {
	return nil, leftOut("mysql")
}
