package migrationtest

import (
	"database/sql"
	"fmt"
	"testing"
	"time"

	"github.com/ginauth/ginauth/repository"
)

// toSchema3 takes away what step 4 has added, and gives the user a token where
// schema 3 had it.
func toSchema3(expiration time.Time) []string {
	return []string{
		"DROP TABLE ginauth_tokens",
		"ALTER TABLE ginauth_users DROP COLUMN access_until", "ALTER TABLE ginauth_keys DROP COLUMN expiration_fixed",
		"DELETE FROM ginauth_migrations WHERE number > 3",
		fmt.Sprintf("UPDATE ginauth_users SET token_hash = '%s', token_purpose = 'reset', token_expiration_date = %d", hash, expiration.UnixMilli()),
	}
}

const hash = "0123456789abcdef0123456789abcdef"

// tokensMove checks that a token of schema 3 is one of today's, at the first
// start and after a migration that has died in the middle of the step.
func tokensMove(t *testing.T, db *sql.DB, open func() (repository.Repository, error)) (repo repository.Repository) {
	t.Helper()
	expiration := noon().Add(time.Hour)
	past := toSchema3(expiration)
	for _, statements := range [][]string{past, past[3:]} {
		for _, statement := range statements {
			_, err := db.ExecContext(t.Context(), statement)
			succeeds(t, err)
		}
		repo = opened(t, open)
		tokens, err := repo.TokensByUser(t.Context(), "user")
		succeeds(t, err)
		if len(tokens) != 1 {
			t.Fatalf("the tokens are %+v", tokens)
		}
		token := tokens[0]
		if string(token.Hash) != hash || token.Purpose != "reset" || token.Email != "Ana@example.org" || token.CanonicalEmail != "ana@example.org" ||
			!token.CreationDate.Equal(noon()) || !token.ExpirationDate.Equal(expiration) {
			t.Errorf("the token is %+v", token)
		}
		var left int
		succeeds(t, db.QueryRowContext(t.Context(), "SELECT COUNT(*) FROM ginauth_users WHERE token_purpose <> ''").Scan(&left))
		if left != 0 {
			t.Error("a process of the version before can use the token, too")
		}
		if len(statements) < len(past) {
			break
		}
		succeeds(t, repo.Close())
	}
	return repo
}
