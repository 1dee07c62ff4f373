package sqlite

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/ginauth/ginauth/models"
)

// Of a user who is deleted, and of the address that was theirs before, nothing
// is left in the file, though its pages are used again.
func TestDeletedUsersAreOverwritten(t *testing.T) {
	path := filepath.Join(t.TempDir(), "test.db")
	repo, err := Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	user := models.User{
		ID: newKey().ID, Username: "Erased-Name", CanonicalUsername: "erased-name", Email: "Former@erased.example",
		CanonicalEmail: "former@erased.example", PasswordHash: "erased-hash", TokenHash: []byte("erased-token"),
		TokenPurpose: "erased-purpose", CreationDate: act().Date, ChangeDate: act().Date, TokenExpirationDate: act().Date.Add(time.Hour),
	}
	key := newKey()
	key.UserID = user.ID
	steps := []func() error{
		func() error { return repo.CreateUser(t.Context(), act(), user, key) },
		func() error {
			user.Version, user.Email, user.CanonicalEmail = 1, "Later@erased.example", "later@erased.example"
			_, err := repo.UpdateUser(t.Context(), act(), user, false)
			return err
		},
		func() error { return repo.DeleteUser(t.Context(), act(), user.ID, false) },
		repo.Close,
	}
	for i, step := range steps {
		if err := step(); err != nil {
			t.Fatalf("step %d: %v", i, err)
		}
	}
	expectNowhere(t, path, "erased")
	expectKey(t, open(t, path), key)
}

// expectNowhere reports a text in the file, in whatever case.
func expectNowhere(t *testing.T, path, text string) {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if n := bytes.Count(bytes.ToLower(content), []byte(text)); n > 0 {
		t.Errorf("the file holds %q %d times", text, n)
	}
}
