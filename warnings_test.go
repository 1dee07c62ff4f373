package ginauth_test

import (
	"bytes"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ginauth/ginauth"
	"github.com/ginauth/ginauth/repository"
	"github.com/ginauth/ginauth/repository/sqlite"
)

// advised is a repository whose server puts something at risk.
type advised struct{ repository.Repository }

// Warnings implements repository.Advisor.
func (advised) Warnings() []string { return []string{"fsync is off", "the disk is slow"} }

// The operator reads at the start what the database's settings put at risk.
func TestWarningsOfTheRepositoryAreLogged(t *testing.T) {
	t.Parallel()
	repo, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "test.db"))
	if err != nil {
		t.Fatal(err)
	}
	log := &bytes.Buffer{}
	auth, err := ginauth.New(advised{repo}, ginauth.Config{Secrets: []string{secret}, Logger: slog.New(slog.NewTextHandler(log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	if err := auth.Close(); err != nil {
		t.Error(err)
	}
	for _, warning := range (advised{}).Warnings() {
		if strings.Count(log.String(), `level=WARN msg="`+warning+`"`) != 1 {
			t.Errorf("%q is not logged once: %s", warning, log)
		}
	}
}
