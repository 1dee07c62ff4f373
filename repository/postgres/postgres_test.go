package postgres_test

import (
	"database/sql"
	"fmt"
	"math/rand/v2"
	"net/url"
	"os"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib"

	"github.com/ginauth/ginauth/repository"
	"github.com/ginauth/ginauth/repository/postgres"
	"github.com/ginauth/ginauth/repository/repositorytest"
)

func TestConformance(t *testing.T) {
	base := os.Getenv("GINAUTH_TEST_POSTGRES_URI")
	admin, err := sql.Open("pgx", base)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = admin.Close() })
	repositorytest.Run(t, func(t *testing.T) repository.Repository {
		name := fmt.Sprintf("ginauth_test_%x", rand.Uint64())
		if _, err := admin.Exec("CREATE DATABASE " + name); err != nil {
			t.Fatal(err)
		}
		uri, _ := url.Parse(base)
		uri.Path = "/" + name
		repo, err := postgres.Open(t.Context(), uri.String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			_ = repo.Close()
			if _, err := admin.Exec("DROP DATABASE " + name + " WITH (FORCE)"); err != nil {
				t.Error(err)
			}
		})
		return repo
	})
}
