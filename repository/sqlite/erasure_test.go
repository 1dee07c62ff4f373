package sqlite

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/repository"
)

// Of a user who is deleted, and of the address that was theirs before, nothing
// is left in the file and its write-ahead log, at once.
func TestDeletedUsersAreOverwritten(t *testing.T) {
	path := filepath.Join(t.TempDir(), "test.db")
	repo, err := Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	user := models.User{
		ID: newKey().ID, Username: "Erased-Name", CanonicalUsername: "erased-name", Email: "Former@erased.example",
		CanonicalEmail: "former@erased.example", PasswordHash: "erased-hash", CreationDate: attribution().At, ChangeDate: attribution().At,
	}
	token := models.Token{
		Hash: []byte("erased-token"), UserID: user.ID, Purpose: "erased-purpose", Email: "Former@erased.example",
		CanonicalEmail: "former@erased.example", CreationDate: attribution().At, ExpirationDate: attribution().At.Add(time.Hour),
	}
	key := newKey()
	key.UserID = user.ID
	steps := []func() error{
		func() error { return repo.CreateUser(t.Context(), attribution(), user, key) },
		func() error {
			if err := repo.AddToken(t.Context(), token); err != nil {
				return err
			}
			update := repository.UserUpdate{UseToken: token.Hash}
			user.Version, user.Email, user.CanonicalEmail = 1, "Later@erased.example", "later@erased.example"
			_, err := repo.UpdateUser(t.Context(), attribution(), user, update)
			expectNowhere(t, path, "former")
			return err
		},
		func() error {
			return repo.DeleteUser(t.Context(), attribution(), user.ID, repository.DeleteUserOptions{})
		},
	}
	for i, step := range steps {
		if err := step(); err != nil {
			t.Fatalf("step %d: %v", i, err)
		}
	}
	expectNowhere(t, path, "erased")
	expectKey(t, repo, key)
	if err := repo.Close(); err != nil {
		t.Error(err)
	}
}

// expectNowhere reports a text in the file or its log, in whatever case. Reading
// a file drops the locks that this process has on it (see ensureFile), which no
// other process minds here.
func expectNowhere(t *testing.T, path, text string) {
	t.Helper()
	for _, file := range []string{path, path + "-wal"} {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if n := bytes.Count(bytes.ToLower(content), []byte(text)); n > 0 {
			t.Errorf("%s holds %q %d times", filepath.Base(file), text, n)
		}
	}
}
